"""`manifest.json`: what a bundle is of, and the SHA-256 of each of its files.

It names its files and not itself: whoever keeps its own SHA-256 elsewhere, as the audit bucket and
an auditor's records do, can tell a bundle that was altered together with its manifest.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from evidence.bundle_files import EVIDENCE
from evidence.model import Evidence
from runbook.model.refusal import WHOLE_FILE, Refusal, RefusedError

MANIFEST = "manifest.json"
SCHEMA = 1
_TEXTS = ("organisation", "environment", "commit", "commit_date")
_SHA256 = re.compile(r"[0-9a-f]{64}")
# A name of a file in the folder itself: no way out of it, nothing that a terminal obeys.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_FIX = "take the bundle as `runbook evidence` wrote it, or write it again at its commit"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of the bundle: SHA-256 in hex, size in bytes."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says it is; ``clean`` that the commit alone made it."""

    organisation: str
    environment: str
    commit: str
    commit_date: str
    clean: bool
    files: Mapping[str, FileEntry]

    @property
    def name(self) -> str:
        """Name the environment as commands do."""
        return f"{self.organisation}/{self.environment}"

    @property
    def data(self) -> bytes:
        """Write it as JSON, sorted: the same bundle has the same bytes."""
        content = {"schema": SCHEMA, **asdict(self)}
        return f"{json.dumps(content, indent=2, sort_keys=True)}\n".encode()

    @property
    def sha256(self) -> str:
        """Give its own SHA-256 in hex, which belongs into somebody else's records."""
        return sha256_of(self.data)

    def differs_from(self, evidence: Evidence) -> list[str]:
        """Say where it and the evidence beside it are not of the same environment or commit."""
        commit = evidence.commit
        pairs = {
            "organisation": (self.organisation, evidence.organisation),
            "environment": (self.environment, evidence.environment),
            "commit": (self.commit, commit.id),
            "commit_date": (self.commit_date, commit.date),
            "clean": (self.clean, commit.clean),
        }
        return [
            f"{key} is {json.dumps(ours)}, and {EVIDENCE} says {json.dumps(theirs)}"
            for key, (ours, theirs) in pairs.items()
            if ours != theirs
        ]


def sha256_of(data: bytes) -> str:
    """Give the SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def manifest_of(evidence: Evidence, files: Mapping[str, bytes]) -> Manifest:
    """Make the manifest of a bundle's files."""
    return Manifest(
        organisation=evidence.organisation,
        environment=evidence.environment,
        commit=evidence.commit.id,
        commit_date=evidence.commit.date,
        clean=evidence.commit.clean,
        files={name: FileEntry(sha256_of(data), len(data)) for name, data in files.items()},
    )


def read_manifest(data: bytes, source: str) -> Manifest:
    """Read a manifest; raises ``RefusedError`` for what nobody can hold a folder against."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise _refused(source, WHOLE_FILE, "it is no JSON") from None
    if not isinstance(found, dict):
        raise _refused(source, WHOLE_FILE, "it is no JSON object")
    if found.get("schema") != SCHEMA:
        why = f"it is {json.dumps(found.get('schema'))}, and this version of runbook reads {SCHEMA}"
        raise _refused(source, "schema", why)
    for key in _TEXTS:
        if not isinstance(found.get(key), str):
            raise _refused(source, key, "it is no text")
        if not found[key].isprintable():
            raise _refused(source, key, f"{found[key]!a} has letters that nobody can print")
    if not isinstance(found.get("clean"), bool):
        raise _refused(source, "clean", "it is neither true nor false")
    files = found.get("files")
    if not isinstance(files, dict) or not files:
        raise _refused(source, "files", "it lists no file, so nothing can be held against it")
    listed = {name: _entry(source, name, entry) for name, entry in files.items()}
    texts = {key: found[key] for key in _TEXTS}
    return Manifest(**texts, clean=found["clean"], files=listed)


def _entry(source: str, name: str, entry: Any) -> FileEntry:  # noqa: ANN401 - as JSON has it
    where = f"files.{json.dumps(name)}"
    if not _NAME.fullmatch(name) or name == MANIFEST:
        raise _refused(source, where, "it is no name of a file beside the manifest")
    sha256, size = (entry.get("sha256"), entry.get("bytes")) if isinstance(entry, dict) else (0, 0)
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise _refused(source, where, "its sha256 is not 64 hexadecimal digits")
    if type(size) is not int or size < 0:
        raise _refused(source, where, "its bytes are no whole number")
    return FileEntry(sha256, size)


def _refused(source: str, key: str, why: str) -> RefusedError:
    return RefusedError(source, [Refusal(key, why, _FIX)])
