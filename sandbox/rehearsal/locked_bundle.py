"""A bundle of evidence as it lies in the audit bucket: whole, and under the lock."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sandbox.endpoint import Endpoint
from sandbox.rehearsal.report import Checks

MANIFEST, MODE = "manifest.json", "COMPLIANCE"
# The emulator lets a lock end at a whole second, and tells of the writing to the thousandth.
ROUNDED = timedelta(seconds=1)
Members = dict[str, Any]


@dataclass(frozen=True)
class LockedBundle:
    """The objects below a prefix; no lock of them may be shorter than `least`."""

    endpoint: Endpoint
    bucket: str
    prefix: str
    least: timedelta

    def check(self, checks: Checks, manifest_sha256: str) -> dict[str, bytes]:
        """Check it against its manifest's SHA-256; return its files."""
        versions = self.versions()
        objects = {each["Key"] for each in versions}
        checks.same(len(versions), len(objects), "versions of its objects, one of each")
        found = {each["Key"].removeprefix(self.prefix): self._read(each) for each in versions}
        manifest = found.pop(MANIFEST, b"")
        checks.same(sha256(manifest), manifest_sha256, "the manifest, as it was told")
        listed = json.loads(manifest)["files"]
        hashes = {name: sha256(data) for name, data in found.items()}
        whole = hashes == {name: entry["sha256"] for name, entry in listed.items()}
        checks.that(whole, f"the bundle has the {len(listed)} files that its manifest tells of")
        locks = [self._lock(each) for each in versions]
        checks.same({mode for mode, _ in locks}, {MODE}, "the lock of each of its objects")
        shortest = min(span for _, span in locks)
        lasts = shortest >= self.least - ROUNDED
        checks.that(lasts, f"none of them ends before {self.least.days} days are over")
        return found

    def versions(self) -> list[Members]:
        """Return every version of every object, and every delete marker."""
        pages = self.endpoint.client("s3").get_paginator("list_object_versions")
        found = pages.paginate(Bucket=self.bucket, Prefix=self.prefix)
        kinds = ("Versions", "DeleteMarkers")
        return [each for page in found for kind in kinds for each in page.get(kind, [])]

    def _read(self, version: Members) -> bytes:
        found = self.endpoint.client("s3").get_object(**self._named(version))
        return bytes(found["Body"].read())

    def _lock(self, version: Members) -> tuple[str, timedelta]:
        """Return the mode of a version's lock, and how long after its writing it ends."""
        head = self.endpoint.client("s3").head_object(**self._named(version))
        if "ObjectLockMode" not in head:
            return "none", timedelta()
        return head["ObjectLockMode"], head["ObjectLockRetainUntilDate"] - version["LastModified"]

    def _named(self, version: Members) -> Members:
        return {"Bucket": self.bucket, "Key": version["Key"], "VersionId": version["VersionId"]}


def sha256(data: bytes) -> str:
    """Return the SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()
