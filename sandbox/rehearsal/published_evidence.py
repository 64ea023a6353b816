"""The bundle of evidence of a release, as it lies in the audit bucket after the pipeline's end."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from sandbox.endpoint import Endpoint
from sandbox.rehearsal.report import Checks, DrillError

MANIFEST, MODE = "manifest.json", "COMPLIANCE"
_TOLD = re.compile(r'"manifest_sha256": "([0-9a-f]{64})"')
Members = dict[str, Any]


@dataclass(frozen=True)
class PublishedEvidence:
    """What one build put into a bucket, and said of it in its log.

    ``group`` and ``stream`` are where the build logs; ``prefix`` begins the names of its objects,
    and ``tag`` is that of the image that was released.
    """

    endpoint: Endpoint
    bucket: str
    prefix: str
    group: str
    stream: str
    tag: str

    def check(self, checks: Checks) -> None:
        """Check that the bundle is whole, as the log says, and that nobody can take it back."""
        told = self._told()
        found = self._objects(f"{self.prefix}{told[:12]}/")
        checks.same(_sha256(found.get(MANIFEST, b"")), told, "the manifest, as the log tells it")
        listed = json.loads(found.pop(MANIFEST))["files"]
        hashes = {name: _sha256(data) for name, data in found.items()}
        whole = hashes == {name: entry["sha256"] for name, entry in listed.items()}
        checks.that(whole, f"the bundle has the {len(listed)} files that its manifest tells of")
        modes = {self._mode(f"{self.prefix}{told[:12]}/{name}") for name in (*listed, MANIFEST)}
        checks.same(modes, {MODE}, "the lock of each of its objects")
        versions = json.loads(found["evidence.json"])["versions"]
        checks.that(self.tag in versions.values(), f"the bundle is of the image {self.tag}")

    def _told(self) -> str:
        lines = self._logs().get_log_events(
            logGroupName=self.group, logStreamName=self.stream, startFromHead=True
        )["events"]
        found = [m[1] for line in lines if (m := _TOLD.search(line["message"]))]
        if not found:
            raise DrillError(f"the log {self.group} {self.stream} tells no manifest's SHA-256")
        return found[-1]

    def _objects(self, prefix: str) -> dict[str, bytes]:
        s3 = self.endpoint.client("s3")
        listed = s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        return {
            each["Key"].removeprefix(prefix): s3.get_object(Bucket=self.bucket, Key=each["Key"])[
                "Body"
            ].read()
            for each in listed
        }

    def _mode(self, key: str) -> str:
        s3 = self.endpoint.client("s3")
        return str(s3.get_object_retention(Bucket=self.bucket, Key=key)["Retention"]["Mode"])

    def _logs(self) -> Any:  # noqa: ANN401 - boto3
        return self.endpoint.client("logs")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
