"""Contents in pieces: nothing is lost at an edge, nothing is found twice, lines are right."""

import pytest

from policies.secret_scan import texts
from policies.secret_scan.found import digest_of
from policies.secret_scan.scan import scan
from policies.secret_scan.texts import OVERLAP, PIECE, Content, pieces_of
from tests.policies.secret_scan.repositories import secret

KINDS = {"a GitHub token", "secretlint github/GITHUB_TOKEN"}


def test_an_empty_content_is_one_piece() -> None:
    [piece] = pieces_of(Content("empty", b""))
    assert (piece.text, piece.first_line, piece.kept) == ("", 1, 0)


@pytest.mark.parametrize("size", [PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE - OVERLAP + 1])
def test_what_pieces_keep_is_the_whole_text_once(size: int) -> None:
    text = "".join(chr(97 + number % 26) for number in range(size))
    pieces = list(pieces_of(Content("text", text.encode())))
    assert "".join(piece.text[: piece.kept] for piece in pieces) == text
    assert all(len(piece.text) <= PIECE for piece in pieces)


def test_a_secret_at_an_edge_is_found_once_by_each_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    piece, overlap = 4096, 512
    monkeypatch.setattr(texts, "PIECE", piece)
    monkeypatch.setattr(texts, "OVERLAP", overlap)
    lines = {}
    contents = []
    for before in (
        *range(piece - overlap - 50, piece - overlap + 2),
        *range(piece - 50, piece + 2),
    ):
        for filler in (" ", "\n", "ü", "\U0001f511"):
            name = f"{before} {filler!r}"
            lines[name] = before + 2 if filler == "\n" else 2
            text = f"{filler * before}\n{secret()}\n{filler * piece}"
            contents.append(Content(name, text.encode()))
    found = scan(contents).found
    told = [(item.source, item.line, item.kind, item.digest) for item in found]
    digest = digest_of(secret())
    assert told == sorted((n, line, kind, digest) for n, line in lines.items() for kind in KINDS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_text_is_read_however_it_is_encoded(encoding: str) -> None:
    text = f"Schlüssel\n{secret()}\n"
    found = scan([Content("text", text.encode(encoding))]).found
    assert {(item.kind, item.line) for item in found} == {(kind, 2) for kind in KINDS}


def test_a_line_that_goes_on_for_ever_ends_soon() -> None:
    """Of minified code and maps: expressions must not start anew at each letter of it."""
    line = "eyJ" + "x" * PIECE + "://" + "a:" * 1000 + secret() + "A3T" * 1000 + "SK"
    found = scan([Content("text", line.encode())]).found
    assert {item.kind for item in found} <= KINDS
