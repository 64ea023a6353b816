"""AWS as a preflight sees it, too."""

from dataclasses import dataclass, field
from typing import Any

from tests.operations.aws import Aws
from tests.operations.revisions import NEW, OLD

Json = Any


@dataclass
class Watched(Aws):
    """An account with alarms, snapshots and digests."""

    ringing: list[str] = field(default_factory=list)
    snapshots: list[Json] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=lambda: {NEW: "sha256:a", OLD: "sha256:b"})

    def _describe_alarms(self, asked: Json) -> Json:
        assert asked["AlarmNamePrefix"] == f"{self.environment.slug}-"
        assert asked["StateValue"] == "ALARM"
        told = [{"AlarmName": name, "StateValue": "ALARM"} for name in self.ringing]
        return {"MetricAlarms": told[:1], "CompositeAlarms": told[1:]}

    def _describe_images(self, asked: Json) -> Json:
        answer = super()._describe_images(asked)
        if isinstance(answer, tuple):
            return answer
        digest = self.digests.get(asked["imageIds"][0]["imageTag"])
        return {"imageDetails": [{"imageDigest": digest} if digest else {}]}

    def _describe_d_b_snapshots(self, asked: Json) -> Json:
        assert asked["DBInstanceIdentifier"] == f"{self.environment.slug}-postgres"
        return {"DBSnapshots": self.snapshots}
