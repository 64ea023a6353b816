"""Writing a bundle: whole or not at all, and in nobody else's place."""

import errno
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence.bundle import refuse_other_things, write_bundle
from evidence.bundle_files import FORMATS, OSCAL
from evidence.manifest import MANIFEST
from evidence.model import Commit
from runbook.model.refusal import RefusedError
from tests.evidence.samples import evidence

OTHER = evidence(commit=Commit("f" * 40, "2026-06-01T00:00:00Z", clean=False))


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize("oscal", [False, True])
def test_every_format_and_the_hash_of_each(tmp_path: Path, *, oscal: bool) -> None:
    folder = tmp_path / "acme" / "production"
    told = write_bundle(evidence(), folder, oscal=oscal)
    files = content(folder)
    manifest = json.loads(files.pop(MANIFEST))
    assert set(files) == {*FORMATS, *(OSCAL if oscal else ())}
    assert manifest.pop("files") == {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        for name, data in files.items()
    }
    assert manifest == {
        "schema": 1,
        "organisation": "acme",
        "environment": "production",
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "commit_date": "2026-05-04T03:02:01Z",
        "clean": True,
    }
    assert told == hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    assert [path.name for path in folder.parent.iterdir()] == ["production"], "no rubbish"


@pytest.mark.clause("ALL-4")
def test_the_same_evidence_has_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    """Whatever seed Python hashes with, whatever the folder is called, whenever it is."""
    script = (
        "import sys; from pathlib import Path; from evidence.bundle import write_bundle; "
        "from tests.evidence.samples import evidence; "
        "print(write_bundle(evidence(), Path(sys.argv[1]), oscal=True))"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / seed)],
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    ]
    assert told[0] == told[1]
    assert content(tmp_path / "1") == content(tmp_path / "2")


def test_a_newer_bundle_takes_the_place_of_the_old(bundle: Path) -> None:
    write_bundle(OTHER, bundle, oscal=False)
    assert set(content(bundle)) == {*FORMATS, MANIFEST}, "and OSCAL's file is gone with it"
    assert json.loads((bundle / MANIFEST).read_bytes())["commit"] == "f" * 40
    assert [path.name for path in bundle.parent.iterdir()] == [bundle.name]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    write_bundle(evidence(), folder, oscal=False)
    assert MANIFEST in content(folder)


def put_note(folder: Path) -> None:
    (folder / "note.txt").write_text("mine")


def put_folder(folder: Path) -> None:
    (folder / "old").mkdir()


def put_folder_of_a_known_name(folder: Path) -> None:
    (folder / "index.html").unlink()
    (folder / "index.html").mkdir()


def take_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def spoil_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_text("{}")


def become_link(folder: Path) -> None:
    elsewhere = folder.with_name("elsewhere")
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)


NOT_OURS: dict[str, tuple[Callable[[Path], None], str]] = {
    "a file more": (put_note, "it has more than a bundle: 'note.txt'"),
    "a folder more": (put_folder, "it has more than a bundle: 'old'"),
    "a folder of a known name": (put_folder_of_a_known_name, "more than a bundle: 'index.html'"),
    "no manifest": (take_manifest, "it has files and no manifest.json"),
    "another manifest": (spoil_manifest, "manifest.json is refused"),
    "a link": (become_link, "it is no folder"),
}


@pytest.mark.parametrize("what", NOT_OURS)
def test_what_is_no_bundle_is_not_replaced(what: str, bundle: Path) -> None:
    change, why = NOT_OURS[what]
    change(bundle)
    before = sorted(path.name for path in bundle.iterdir())
    with pytest.raises(RefusedError) as refused:
        write_bundle(OTHER, bundle, oscal=False)
    assert why in str(refused.value)
    assert sorted(path.name for path in bundle.iterdir()) == before


def test_nor_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(RefusedError):
            write_bundle(evidence(), folder, oscal=False)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("below", ["bundle", "acme/production"])
def test_below_a_file_is_refused_by_naming_the_file(tmp_path: Path, below: str) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(RefusedError) as refused:
        refuse_other_things(file / below)
    assert f"{file} is no folder" in str(refused.value)


@pytest.mark.parametrize("below", ["bundle", "acme/production"])
def test_where_nothing_can_be_written_is_refused_by_naming_the_folder(below: str) -> None:
    """In a folder of the kernel's, where root makes nothing either."""
    with pytest.raises(RefusedError) as refused:
        refuse_other_things(Path("/proc/self") / below)
    assert "nothing can be written in /proc/self: " in str(refused.value)


def test_asking_leaves_nothing_behind(tmp_path: Path) -> None:
    refuse_other_things(tmp_path / "acme" / "production")
    assert not list(tmp_path.iterdir())


class Stopped:
    """Stops the disk at one of its calls, by an error or as Ctrl-C does."""

    def __init__(self, at: int, error: BaseException, real: Callable[..., Any]) -> None:
        self.left, self.error, self.real = at, error, real

    def __call__(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as the real one
        self.left -= 1
        if self.left == 0:
            raise self.error
        return self.real(*arguments, **named)


ERRORS = [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()]
# How often a bundle of seven files and a manifest is put on the disk, and renamed.
MOMENTS = [*(("os.fsync", at) for at in range(1, 9)), ("os.replace", 1), ("os.replace", 2)]


@pytest.mark.parametrize("error", ERRORS, ids=["full disk", "Ctrl-C"])
@pytest.mark.parametrize(("call", "at"), MOMENTS)
def test_stopped_anywhere_the_old_bundle_stands(
    call: str, at: int, error: BaseException, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content(bundle)
    stopped = Stopped(at, error, getattr(os, call.removeprefix("os.")))
    monkeypatch.setattr(call, stopped)
    expected = KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else RefusedError
    with pytest.raises(expected):
        write_bundle(OTHER, bundle, oscal=True)
    assert stopped.left <= 0, "the moment is there"
    assert content(bundle) == before
    assert [path.name for path in bundle.parent.iterdir()] == [bundle.name]


def test_a_full_disk_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", Stopped(3, ERRORS[0], os.fsync))
    with pytest.raises(RefusedError) as refused:
        write_bundle(evidence(), tmp_path / "new", oscal=False)
    assert "it cannot be written: No space left on device" in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_evidence_that_nobody_could_read_again_is_not_written(tmp_path: Path) -> None:
    made = evidence()
    assert made.rehearsal
    (drill, *_) = made.rehearsal.drills
    endless = type(drill)(drill.name, (), "passed", float("nan"), ())
    rehearsal = type(made.rehearsal)("acme/staging", "", "", (endless,))
    with pytest.raises(RefusedError) as refused:
        write_bundle(evidence(rehearsal=rehearsal), tmp_path / "new", oscal=False)
    assert "rehearsal.drills[0].seconds" in str(refused.value)
    assert not list(tmp_path.iterdir())
