"""`runbook evidence verify`: whether a bundle is what was written, byte for byte."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from evidence.bundle_files import EVIDENCE
from evidence.formats.evidence_json import read
from evidence.manifest import MANIFEST, FileEntry, Manifest, read_manifest, sha256_of
from evidence.model import Evidence
from runbook.model.printable import printable
from runbook.model.refusal import Refusal, RefusedError

_HEX = re.compile(r"[0-9a-f]{64}")


class Kind(StrEnum):
    """How something in the folder differs from the manifest."""

    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: its path within the folder, and why."""

    kind: Kind
    path: str
    why: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.path}: {self.why}"


@dataclass(frozen=True, slots=True)
class Verified:
    """What a folder holds, against its manifest; ``evidence`` where it is the one listed.

    ``manifest_held`` says that the manifest was held against a SHA-256 from somebody's records.
    """

    manifest: Manifest
    manifest_sha256: str
    manifest_held: bool
    differences: tuple[Difference, ...]
    evidence: Evidence | None

    @property
    def whole(self) -> bool:
        """Say whether every file is there, unchanged, and nothing beside them."""
        return not self.differences

    def as_json(self) -> dict[str, Any]:
        """Write it for machines."""
        manifest = self.manifest
        return {
            "schema": 1,
            "environment": manifest.name,
            "commit": manifest.commit,
            "commit_date": manifest.commit_date,
            "clean": manifest.clean,
            "manifest_sha256": self.manifest_sha256,
            "manifest_held": self.manifest_held,
            "files": len(manifest.files),
            "whole": self.whole,
            "differences": [
                {"kind": d.kind, "path": d.path, "why": d.why} for d in self.differences
            ],
        }


def verify(folder: Path, *, manifest_sha256: str | None = None) -> Verified:
    """Hold every file of a folder against its manifest, and the manifest against its evidence.

    ``manifest_sha256`` is the manifest's own, in hex, from somebody's records. Raises
    ``RefusedError`` where there is no manifest to hold anything against.
    """
    expected = _expected(manifest_sha256)
    there = _listed(folder)
    source = str(folder / MANIFEST)
    manifest_data = _manifest_data(there, source)
    manifest = read_manifest(manifest_data, source)
    found = sha256_of(manifest_data)
    differences = [*_of_manifest(manifest, manifest_data, found, expected)]
    evidence: Evidence | None = None
    for name, entry in manifest.files.items():
        data, difference = _held(there, name, entry)
        differences += [difference] if difference else []
        if name == EVIDENCE and not difference:
            evidence, more = _contradictions(manifest, data, str(folder / EVIDENCE))
            differences += more
    if EVIDENCE not in manifest.files:
        why = "the manifest lists none, so nothing says what was judged"
        differences.append(Difference(Kind.MISSING, EVIDENCE, why))
    differences += [
        Difference(Kind.ADDED, printable(path), what)
        for path, what in _added(there, {MANIFEST, *manifest.files})
    ]
    ordered = sorted(differences, key=lambda d: (list(Kind).index(d.kind), d.path, d.why))
    return Verified(manifest, found, bool(expected), tuple(ordered), evidence)


def _expected(given: str | None) -> str:
    expected = (given or "").strip().lower()
    if given is not None and not _HEX.fullmatch(expected):
        why = "it is not 64 hexadecimal digits"
        fix = "give the SHA-256 as `runbook evidence` printed it when it wrote the bundle"
        raise RefusedError("runbook evidence verify", [Refusal("--manifest-sha256", why, fix)])
    return expected


def _listed(folder: Path) -> dict[str, os.DirEntry[str]]:
    """List a folder by the names that the disk itself has: some disks open other spellings."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name: entry for entry in entries}
    except OSError as error:
        why = f"it cannot be read: {error.strerror}"
        fix = "name the folder that `runbook evidence` wrote"
        raise RefusedError(str(folder), [Refusal("the folder", why, fix)]) from None


def _manifest_data(there: Mapping[str, os.DirEntry[str]], source: str) -> bytes:
    entry = there.get(MANIFEST)
    why = "it is missing" if entry is None else _no_file(entry)
    data = b""
    if entry and not why:
        data, why = _bytes_of(entry)
    if why:
        fix = "without it nothing says what the bundle was: take a copy from where it was published"
        raise RefusedError(source, [Refusal("the manifest", why, fix)])
    return data


def _of_manifest(
    manifest: Manifest, data: bytes, found: str, expected: str
) -> Iterator[Difference]:
    if data != manifest.data:
        why = "it is not written as `runbook evidence` writes it"
        yield Difference(Kind.CHANGED, MANIFEST, why)
    if expected and found != expected:
        yield Difference(Kind.CHANGED, MANIFEST, f"its SHA-256 is {found}, not {expected}")


def _held(
    there: Mapping[str, os.DirEntry[str]], name: str, entry: FileEntry
) -> tuple[bytes, Difference | None]:
    """Hold one listed file against its entry; give its bytes, too."""
    if name not in there:
        other = [printable(there_) for there_ in there if there_.lower() == name.lower()]
        why = f"it is there as {other[0]}" if other else "the manifest lists it"
        return b"", Difference(Kind.MISSING, name, why)
    if why := _no_file(there[name]):
        return b"", Difference(Kind.CHANGED, name, why)
    data, why = _bytes_of(there[name])
    if why:
        return b"", Difference(Kind.UNREADABLE, name, why)
    if len(data) != entry.bytes:
        why = f"it has {len(data)} bytes, not {entry.bytes}"
        return data, Difference(Kind.CHANGED, name, why)
    sha256 = sha256_of(data)
    if sha256 != entry.sha256:
        why = f"its SHA-256 is {sha256}, not {entry.sha256}"
        return data, Difference(Kind.CHANGED, name, why)
    return data, None


def _no_file(entry: os.DirEntry[str]) -> str:
    """Say why an entry is no file of a bundle; what a link or a pipe gives may be another thing."""
    if entry.is_symlink():
        return "it is a link, not a file"
    if entry.is_dir(follow_symlinks=False):
        return "it is a folder, not a file"
    return "" if entry.is_file(follow_symlinks=False) else "it is no plain file"


def _bytes_of(entry: os.DirEntry[str]) -> tuple[bytes, str]:
    try:
        return Path(entry.path).read_bytes(), ""
    except OSError as error:
        return b"", f"it cannot be read: {error.strerror}"


def _contradictions(
    manifest: Manifest, data: bytes, source: str
) -> tuple[Evidence | None, list[Difference]]:
    """Hold the manifest's own words against the evidence beside it."""
    try:
        evidence = read(data, source)
    except RefusedError as refused:
        whys = [f"{refusal.key}: {refusal.reason}" for refusal in refused.refusals]
        return None, [Difference(Kind.UNREADABLE, EVIDENCE, why) for why in whys]
    differs = manifest.differs_from(evidence)
    return evidence, [Difference(Kind.CHANGED, MANIFEST, why) for why in differs]


def _added(there: Mapping[str, os.DirEntry[str]], listed: set[str]) -> Iterator[tuple[str, str]]:
    """Name what the manifest does not list: a path, and what is there."""
    for name, entry in there.items():
        if name not in listed:
            yield name, _no_file(entry) or "the manifest does not list it"
        if entry.is_dir(follow_symlinks=False):
            yield from _within(entry)


def _within(folder: os.DirEntry[str]) -> Iterator[tuple[str, str]]:
    for parent, folders, files in os.walk(folder.path):
        inside = Path(folder.name, os.path.relpath(parent, folder.path))
        yield from (
            (str(inside / name), "it is in a folder of its own") for name in folders + files
        )
