"""The bundle of evidence of a release, as it lies in the audit bucket after the pipeline's end."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace

from sandbox.rehearsal.locked_bundle import LockedBundle
from sandbox.rehearsal.report import Checks, DrillError

_TOLD = re.compile(r'"manifest_sha256": "([0-9a-f]{64})"')


@dataclass(frozen=True)
class PublishedEvidence:
    """What one build put into a bucket, and said of it in its log.

    ``bundles`` begins as the names of its objects do; ``group`` and ``stream`` are where the build
    logs, and ``tag`` is that of the image that was released.
    """

    bundles: LockedBundle
    group: str
    stream: str
    tag: str

    def check(self, checks: Checks) -> None:
        """Check that the bundle is whole, as the log says, and that nobody can take it back."""
        told = self._told()
        bundle = replace(self.bundles, prefix=f"{self.bundles.prefix}{told[:12]}/")
        found = bundle.check(checks, told)
        versions = json.loads(found["evidence.json"])["versions"]
        checks.that(self.tag in versions.values(), f"the bundle is of the image {self.tag}")

    def _told(self) -> str:
        lines = self.bundles.endpoint.client("logs").get_log_events(
            logGroupName=self.group, logStreamName=self.stream, startFromHead=True
        )["events"]
        found = [m[1] for line in lines if (m := _TOLD.search(line["message"]))]
        if not found:
            raise DrillError(f"the log {self.group} {self.stream} tells no manifest's SHA-256")
        return found[-1]
