"""The record of who did what in the account."""

from pydantic import BaseModel, ConfigDict

from runbook.model.logs import LogRetentionDays


class Trail(BaseModel):
    """How long its events can be searched; the records stay as long as ``buckets.audit`` says."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    log_retention_days: LogRetentionDays
