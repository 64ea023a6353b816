"""A bundle that is not as it was written: every difference is named."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.bundle import write_bundle
from evidence.bundle_files import EVIDENCE, FORMATS, OSCAL
from evidence.manifest import MANIFEST, manifest_of, sha256_of
from evidence.model import Commit
from evidence.verification import Kind, Verified, verify
from runbook.model.refusal import RefusedError
from tests.evidence.samples import evidence

FILES = sorted({*FORMATS, *OSCAL, MANIFEST})


def is_found(folder: Path) -> bool:
    """Tell whether the folder is not taken for whole."""
    try:
        return not verify(folder).whole
    except RefusedError:
        return True


def named(folder: Path) -> list[tuple[str, str]]:
    return [(d.kind.value, d.path) for d in verify(folder).differences]


@pytest.mark.clause("ALL-4")
def test_a_bundle_as_it_was_written_is_whole(sample_bundle: Path) -> None:
    verified = verify(sample_bundle)
    assert verified.whole
    assert verified.evidence == evidence()
    assert verified.manifest_sha256 == sha256_of((sample_bundle / MANIFEST).read_bytes())
    assert verify(sample_bundle, manifest_sha256=verified.manifest_sha256.upper()).whole


def test_nothing_is_changed_by_it(bundle: Path) -> None:
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in bundle.iterdir()}
    verify(bundle)
    after = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in bundle.iterdir()}
    assert after == before


@contextmanager
def copied(folder: Path) -> Iterator[Path]:
    with TemporaryDirectory() as beside:
        yield Path(shutil.copytree(folder, Path(beside) / "bundle"))


@pytest.mark.clause("ALL-4")
@settings(max_examples=150)
@given(st.sampled_from(FILES), st.integers(min_value=0), st.integers(1, 255))
def test_any_changed_byte_is_found(
    sample_bundle: Path, name: str, position: int, difference: int
) -> None:
    with copied(sample_bundle) as folder:
        data = bytearray((folder / name).read_bytes())
        data[position % len(data)] ^= difference
        (folder / name).write_bytes(data)
        assert is_found(folder)


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_of_each_file_is_found(name: str, bundle: Path) -> None:
    """In the manifest every byte is tried: nothing else holds its SHA-256."""
    whole = (bundle / name).read_bytes()
    positions = range(len(whole)) if name == MANIFEST else [0, len(whole) // 2, len(whole) - 1]
    for position in positions:
        data = bytearray(whole)
        data[position] ^= (0x01, 0x20, 0x80)[position % 3]
        (bundle / name).write_bytes(data)
        assert is_found(bundle), (position, bytes(data[max(0, position - 9) : position + 9]))
    (bundle / name).write_bytes(whole)
    assert not is_found(bundle)


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"  ", b"\t "),
        (b"}\n", b"}"),
        (b'"schema": 1', b'"schema": 1, "schema": 1'),
        (b'"schema": 1', b'"schema": 1.0'),
        (b'"schema": 1', b'"more": 0, "schema": 1'),
        (b'"acme"', b'"\\u0061cme"'),
    ],
)
def test_a_manifest_that_says_the_same_in_other_bytes_is_found(
    old: bytes, new: bytes, bundle: Path
) -> None:
    data = (bundle / MANIFEST).read_bytes()
    assert old in data
    (bundle / MANIFEST).write_bytes(data.replace(old, new))
    (difference,) = verify(bundle).differences
    assert str(difference) == (
        "changed: manifest.json: it is not written as `runbook evidence` writes it"
    )


@settings(max_examples=50)
@given(st.sampled_from(FILES), st.integers(min_value=0))
def test_any_truncated_file_is_found(sample_bundle: Path, name: str, length: int) -> None:
    with copied(sample_bundle) as folder:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: length % len(data)])
        assert is_found(folder)


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20)


@settings(max_examples=50)
@given(NAMES.filter(lambda name: name not in (".", "..", *FILES)), st.sampled_from(FILES))
def test_any_added_or_renamed_file_is_found(sample_bundle: Path, name: str, old: str) -> None:
    with copied(sample_bundle) as folder:
        (folder / name).touch()
        (added,) = verify(folder).differences
        assert added.kind is Kind.ADDED
        assert added.path.isprintable()
        (folder / old).rename(folder / name)
        assert is_found(folder)


@pytest.mark.parametrize("name", [name for name in FILES if name != MANIFEST])
def test_a_removed_file_is_named(name: str, bundle: Path) -> None:
    (bundle / name).unlink()
    assert named(bundle) == [("missing", name)]


def append(folder: Path) -> None:
    with (folder / "results.csv").open("ab") as file:
        file.write(b"\n")


def same_length(folder: Path) -> None:
    data = (folder / "results.csv").read_bytes()
    (folder / "results.csv").write_bytes(data[:-1] + b"!")


def other_case(folder: Path) -> None:
    (folder / "index.html").rename(folder / "Index.html")


def link_inside(folder: Path) -> None:
    (folder / "index.html").rename(folder.parent / "index.html")
    (folder / "index.html").symlink_to(folder.parent / "index.html")


def added_link(folder: Path) -> None:
    (folder / "index.htm").symlink_to("index.html")


def empty_folder(folder: Path) -> None:
    (folder / "more").mkdir()


def file_in_folder(folder: Path) -> None:
    (folder / "more" / "below").mkdir(parents=True)
    (folder / "more" / "below" / "x").touch()


def folder_for_file(folder: Path) -> None:
    (folder / "index.html").unlink()
    (folder / "index.html").mkdir()
    (folder / "index.html" / "x").touch()


def pipe(folder: Path) -> None:
    (folder / "index.html").unlink()
    os.mkfifo(folder / "index.html")


def no_text(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\x1b[31m")).touch()


CHANGES: list[tuple[Callable[[Path], None], list[tuple[str, str]]]] = [
    (append, [("changed", "results.csv")]),
    (same_length, [("changed", "results.csv")]),
    (other_case, [("missing", "index.html"), ("added", "Index.html")]),
    (link_inside, [("changed", "index.html")]),
    (added_link, [("added", "index.htm")]),
    (empty_folder, [("added", "more")]),
    (
        file_in_folder,
        [("added", "more"), ("added", "more/below"), ("added", "more/below/x")],
    ),
    (folder_for_file, [("changed", "index.html"), ("added", "index.html/x")]),
    (pipe, [("changed", "index.html")]),
    (no_text, [("added", "\\udcff\\x1b[31m")]),
]


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(("change", "expected"), CHANGES, ids=lambda x: getattr(x, "__name__", ""))
def test_what_differs_is_named(
    change: Callable[[Path], None], expected: list[tuple[str, str]], bundle: Path
) -> None:
    change(bundle)
    assert named(bundle) == expected


def test_a_file_that_nobody_may_read_is_named(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Patched: the superuser, who may run these tests, reads everything."""
    real = Path.read_bytes

    def denied(path: Path) -> bytes:
        if path.name == "results.csv":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", denied)
    (difference,) = verify(bundle).differences
    assert str(difference) == "unreadable: results.csv: it cannot be read: Permission denied"


def rewrite(folder: Path, **changes: Any) -> Verified:  # noqa: ANN401 - any value of JSON
    manifest = json.loads((folder / MANIFEST).read_bytes())
    text = json.dumps({**manifest, **changes}, indent=2, sort_keys=True)
    (folder / MANIFEST).write_text(f"{text}\n")
    return verify(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("organisation", "rovn"),
        ("environment", "staging"),
        ("commit", "f" * 40),
        ("commit_date", "2026-05-05T03:02:01Z"),
        ("clean", False),
    ],
)
def test_a_manifest_that_speaks_of_something_else_than_its_evidence(
    key: str, value: object, bundle: Path
) -> None:
    (difference,) = rewrite(bundle, **{key: value}).differences
    assert (difference.kind, difference.path) == (Kind.CHANGED, MANIFEST)
    assert difference.why.startswith(f"{key} is ")


def test_a_manifest_that_lists_no_evidence(bundle: Path) -> None:
    files = json.loads((bundle / MANIFEST).read_bytes())["files"]
    del files[EVIDENCE]
    (bundle / EVIDENCE).unlink()
    (difference,) = rewrite(bundle, files=files).differences
    assert (difference.kind, difference.path) == (Kind.MISSING, EVIDENCE)


def test_evidence_that_is_listed_and_says_nothing(bundle: Path) -> None:
    files = json.loads((bundle / MANIFEST).read_bytes())["files"]
    (bundle / EVIDENCE).write_bytes(b"{}")
    files[EVIDENCE] = {"bytes": 2, "sha256": sha256_of(b"{}")}
    verified = rewrite(bundle, files=files)
    assert verified.evidence is None
    assert {(d.kind, d.path) for d in verified.differences} == {(Kind.UNREADABLE, EVIDENCE)}


ENTRY = {"bytes": 0, "sha256": "0" * 64}
REFUSED: dict[str, tuple[bytes | dict[str, Any] | None, str]] = {
    "missing": (None, "it is missing"),
    "empty": (b"", "it is no JSON"),
    "no JSON": (b"\xff", "it is no JSON"),
    "too deep": (b"[" * 100_000, "it is no JSON"),
    "a list": (b"[]", "it is no JSON object"),
    "another schema": ({"schema": 2}, "it is 2, and this version of runbook reads 1"),
    "no commit": ({"commit": None}, "it is no text"),
    "a screen to clear": ({"organisation": "acme\x1b[2J"}, "'acme\\x1b[2J' has letters"),
    "a line of its own": ({"commit_date": "2026\nwhole"}, "has letters that nobody can print"),
    "no truth": ({"clean": "yes"}, "it is neither true nor false"),
    "no files": ({"files": {}}, "it lists no file"),
    "files as a list": ({"files": [EVIDENCE]}, "it lists no file"),
    "an absolute path": ({"files": {"/etc/passwd": ENTRY}}, "no name of a file beside"),
    "a way out": ({"files": {"../x": ENTRY}}, "no name of a file beside"),
    "a dotted way out": ({"files": {"..": ENTRY}}, "no name of a file beside"),
    "a way out of Windows": ({"files": {"..\\x": ENTRY}}, "no name of a file beside"),
    "a folder's file": ({"files": {"more/x": ENTRY}}, "no name of a file beside"),
    "a name with a newline": ({"files": {"x\n": ENTRY}}, "no name of a file beside"),
    "itself": ({"files": {MANIFEST: ENTRY}}, "no name of a file beside"),
    "no name": ({"files": {"": ENTRY}}, "no name of a file beside"),
    "no hash": ({"files": {"x": {"bytes": 0}}}, "64 hexadecimal digits"),
    "no entry": ({"files": {"x": None}}, "64 hexadecimal digits"),
    "no size": ({"files": {"x": {**ENTRY, "bytes": True}}}, "no whole number"),
    "a size below nothing": ({"files": {"x": {**ENTRY, "bytes": -1}}}, "no whole number"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_manifest_that_nothing_can_be_held_against_is_refused(what: str, bundle: Path) -> None:
    content, why = REFUSED[what]
    manifest = bundle / MANIFEST
    if isinstance(content, dict):
        content = json.dumps({**json.loads(manifest.read_bytes()), **content}).encode()
    manifest.unlink()
    if content is not None:
        manifest.write_bytes(content)
    with pytest.raises(RefusedError) as refused:
        verify(bundle)
    assert why in str(refused.value)
    assert str(refused.value).replace("\n", "").isprintable()
    assert str(manifest) in str(refused.value)


def test_a_manifest_that_is_a_link_is_refused(bundle: Path) -> None:
    (bundle / MANIFEST).rename(bundle.parent / MANIFEST)
    (bundle / MANIFEST).symlink_to(bundle.parent / MANIFEST)
    with pytest.raises(RefusedError, match="it is a link, not a file"):
        verify(bundle)


@pytest.mark.parametrize("where", ["nowhere", "production/index.html"])
def test_what_is_no_folder_is_refused(where: str, bundle: Path) -> None:
    with pytest.raises(RefusedError, match="it cannot be read"):
        verify(bundle.parent / where)


@pytest.mark.clause("ALL-4")
def test_a_bundle_altered_together_with_its_manifest_is_found_by_the_manifests_own_hash(
    bundle: Path,
) -> None:
    """Which is why it belongs into somebody else's records: without it, nothing tells."""
    told = sha256_of((bundle / MANIFEST).read_bytes())
    (bundle / "index.html").write_bytes(b"all is well")
    files = {path.name: path.read_bytes() for path in bundle.iterdir() if path.name != MANIFEST}
    (bundle / MANIFEST).write_bytes(manifest_of(evidence(), files).data)
    assert verify(bundle).whole
    (difference,) = verify(bundle, manifest_sha256=told).differences
    assert difference.path == MANIFEST
    assert difference.why.endswith(f", not {told}")


@pytest.mark.parametrize("given_", ["", "x", "0" * 63, "g" * 64])
def test_a_hash_that_is_none_is_refused(given_: str, bundle: Path) -> None:
    with pytest.raises(RefusedError, match="64 hexadecimal digits"):
        verify(bundle, manifest_sha256=given_)


def test_a_bundle_of_a_dirty_tree_is_whole_and_says_so(tmp_path: Path) -> None:
    write_bundle(
        evidence(commit=Commit("0" * 40, "2026-05-04", clean=False)), tmp_path / "x", oscal=False
    )
    verified = verify(tmp_path / "x")
    assert verified.whole
    assert verified.as_json()["clean"] is False
