"""How long a release may take at its gate (ROVN-MIG-1, ROVN-MIG-2)."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from runbook.model.refusal import Refusal

# Each of the two short tasks of a migration: what is pending before, what is whole after.
QUESTION_MINUTES = 10
# Between the last step and the answer: the hook is asked each 15 seconds, a step is tried again.
SLACK_MINUTES = 5


class Gate(BaseModel):
    """Time-outs of a blue/green service's release gate; each one ends in the old revision."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    snapshot_minutes: Annotated[
        int, Field(ge=5, le=720, description="For the snapshot before a migration.")
    ]
    migration_minutes: Annotated[
        int, Field(ge=1, le=360, description="For all migrations of one release together.")
    ]
    timeout_minutes: Annotated[
        int,
        Field(
            ge=10,
            le=1440,
            description="After so long at the gate ECS rolls the release back by itself.",
        ),
    ]
    probe_seconds: Annotated[
        int,
        Field(ge=30, le=600, description="For new tasks to answer three times with their version."),
    ]

    @property
    def work_minutes(self) -> int:
        """All that the migration's steps may take together, the slack included."""
        return self.snapshot_minutes + self.migration_minutes + 2 * QUESTION_MINUTES + SLACK_MINUTES

    @property
    def probe_timeout_minutes(self) -> int:
        """When ECS stops to wait for the probe: after the probe has given up by itself."""
        return -(-self.probe_seconds // 60) + 2

    def contradictions(self, key: str) -> Iterator[Refusal]:
        """Find a time-out that would cut the work off before its own limits do."""
        if self.timeout_minutes <= self.work_minutes:
            yield Refusal(
                f"{key}.timeout_minutes",
                f"{self.timeout_minutes} is not more than the {self.work_minutes} minutes that "
                f"its steps may take: snapshot {self.snapshot_minutes}, migration "
                f"{self.migration_minutes}, two questions of {QUESTION_MINUTES}, slack "
                f"{SLACK_MINUTES}",
                f"set at least {self.work_minutes + 1}, or lower snapshot_minutes or "
                "migration_minutes",
            )
