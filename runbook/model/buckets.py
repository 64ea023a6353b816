"""The buckets of an environment that keep evidence, and for how long."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from runbook.model.retention import LONGEST_DAYS, Retention

Days = Annotated[int, Field(ge=1, le=LONGEST_DAYS)]


class Receipts(BaseModel):
    """Source receipts: every version kept, moved to Glacier when they grow old (ROVN-BCK-3)."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    glacier_after_days: Annotated[
        Days,
        Field(
            description="Days until a version moves to Glacier, counted from its writing; "
            "once it is superseded, from then."
        ),
    ]


class AccessLogs(BaseModel):
    """Server access logs of the other buckets; they expire."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    expire_after_days: Annotated[Days, Field(description="Days until an access log is deleted.")]


class Buckets(BaseModel):
    """What is kept, where, for how long."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    audit: Annotated[
        Retention,
        Field(description="Audit records and the trail, locked in COMPLIANCE mode (ROVN-BCK-2)."),
    ]
    receipts: Receipts
    access_logs: AccessLogs
