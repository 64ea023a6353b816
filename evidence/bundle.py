"""Writing a bundle: every format of one environment's evidence, and the manifest of them."""

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from evidence.bundle_files import EVIDENCE, FORMATS, OSCAL
from evidence.formats.evidence_json import read
from evidence.manifest import MANIFEST, manifest_of, read_manifest
from evidence.model import Evidence
from runbook.model.refusal import Refusal, RefusedError

_BESIDE = ".bundle-"


def write_bundle(evidence: Evidence, folder: Path, *, oscal: bool) -> str:
    """Write the bundle, with OSCAL's file if wanted, and give the manifest's SHA-256 in hex.

    It is written beside ``folder`` and put in its place whole; a bundle that stands there is
    there until then. Raises ``RefusedError`` for a folder that is none of ours, and where the disk
    does not take it.
    """
    formats = {**FORMATS, **(OSCAL if oscal else {})}
    refuse_other_things(folder)
    # What nobody could read again is no evidence: it is told now, not to the auditor.
    data = _written(FORMATS[EVIDENCE], evidence)
    read(data, f"the evidence of {evidence.name}")
    files = {
        name: data if name == EVIDENCE else _written(module, evidence)
        for name, module in formats.items()
    }
    manifest = manifest_of(evidence, files)
    try:
        _put(folder, {**files, MANIFEST: manifest.data})
    except OSError as error:
        why = f"it cannot be written: {error.strerror or type(error).__name__}"
        fix = "free the disk or let this user write there, or choose another folder"
        raise RefusedError(str(folder), [Refusal("the folder", why, fix)]) from None
    return manifest.sha256


def load_formats(*, oscal: bool) -> None:
    """Load what writes the formats: once, before bundles are written side by side."""
    for module in (*FORMATS.values(), *(OSCAL.values() if oscal else ())):
        import_module(f"evidence.formats.{module}")


def _written(module: str, evidence: Evidence) -> bytes:
    """Load a format not before it is needed, and write it."""
    data: bytes = import_module(f"evidence.formats.{module}").as_bytes(evidence)
    return data


def refuse_other_things(folder: Path) -> None:
    """Raise ``RefusedError`` for what is not a bundle: what stands there would be gone.

    So it does for a place where no folder can be made. ``write_bundle`` asks as well; a command
    asks before it judges anything.
    """
    _refuse_no_place(folder)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise _not_ours(folder, "it is no folder")
    try:
        there = {path.name: path for path in folder.iterdir()} if folder.exists() else {}
        data = there[MANIFEST].read_bytes() if MANIFEST in there else None
    except OSError as error:
        raise _not_ours(folder, f"it cannot be read: {error.strerror}") from None
    if not there:
        return
    if data is None:
        raise _not_ours(folder, f"it has files and no {MANIFEST}, so it is no bundle")
    ours = {MANIFEST, *FORMATS, *OSCAL, *read_manifest(data, str(there[MANIFEST])).files}
    others = sorted(name for name, path in there.items() if name not in ours or path.is_dir())
    if others:
        raise _not_ours(folder, f"it has more than a bundle: {', '.join(map(ascii, others))}")


def _refuse_no_place(folder: Path) -> None:
    """Refuse a folder by what it would be made in: the nearest above it that is there."""
    above = next((path for path in folder.parents if os.path.lexists(path)), Path())
    if not above.is_dir():
        fix = "choose another folder, or move away that file"
        raise RefusedError(str(folder), [Refusal("the folder", f"{above} is no folder", fix)])
    try:
        # Asked by doing it: a user's rights are not all that decides.
        TemporaryDirectory(prefix=_BESIDE, dir=above).cleanup()
    except OSError as error:
        why = f"nothing can be written in {above.absolute()}: {error.strerror}"
        fix = "choose another folder, or let this user write there"
        raise RefusedError(str(folder), [Refusal("the folder", why, fix)]) from None


def _not_ours(folder: Path, why: str) -> RefusedError:
    fix = "choose another folder, or move away what stands there"
    return RefusedError(str(folder), [Refusal("the folder", why, fix)])


def _put(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files in a folder beside, then exchange the two by renaming."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=_BESIDE, dir=folder.parent) as beside:
        new, old = Path(beside, "new"), Path(beside, "old")
        new.mkdir()
        for name, data in files.items():
            with (new / name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        if not folder.exists():
            new.replace(folder)
            return
        try:
            folder.replace(old)
            new.replace(folder)
        except BaseException:
            # Also by Ctrl-C between the two: what was there goes back.
            if old.exists() and not folder.exists():
                old.replace(folder)
            raise
