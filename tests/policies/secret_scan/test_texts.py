"""Contents in pieces: nothing is lost at an edge, nothing is found twice, lines are right."""

import pytest

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


@pytest.mark.parametrize(
    "before",
    [PIECE - OVERLAP - 40, PIECE - OVERLAP - 1, PIECE - OVERLAP, PIECE - 20, PIECE, PIECE + 1],
)
@pytest.mark.parametrize("filler", [" ", "\n", "ü", "\U0001f511"])
def test_a_secret_at_an_edge_is_found_once_by_each_judge(before: int, filler: str) -> None:
    text = f"{filler * before}\n{secret()}\n{filler * PIECE}"
    found = scan([Content("text", text.encode())]).found
    assert {item.kind for item in found} == KINDS
    assert len(found) == len(KINDS)
    assert {item.digest for item in found} == {digest_of(secret())}
    assert {item.line for item in found} == {before + 2 if filler == "\n" else 2}


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
