"""How long CloudWatch keeps a log group."""

from typing import Annotated

from pydantic import AfterValidator, Field

from runbook.model.validation import impossible

# The values CloudWatch Logs takes; a test compares them with the CloudFormation schema.
LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


def _offered(days: int) -> int:
    if days not in LOG_RETENTION_DAYS:
        longer = next((value for value in LOG_RETENTION_DAYS if value > days), 3653)
        raise impossible(
            f"CloudWatch Logs has no retention of {days} days",
            f"choose {longer}, or another of {', '.join(map(str, LOG_RETENTION_DAYS))}",
        )
    return days


LogRetentionDays = Annotated[
    int,
    AfterValidator(_offered),
    Field(
        description="Days; one of the values CloudWatch Logs offers.",
        json_schema_extra={"enum": list(LOG_RETENTION_DAYS)},
    ),
]
