"""What a release reads before it begins, where the file asks for a preflight (SCR-DEP-1)."""

from runbook.access.policy import Statement
from runbook.access.principals import Principals


def preflight_reads(principals: Principals, *, alarms: bool = True) -> list[Statement]:
    """List it; ``alarms`` for who may not look at them anyway. Staging is read by its own roles."""
    environment = principals.environment
    if environment.preflight is None:
        return []
    place = f"{environment.region}:{environment.account}"
    # CloudWatch tells of composite alarms to nobody whose right is narrower.
    look = Statement("LookAtAlarms", ["cloudwatch:DescribeAlarms"], ["*"])
    return [
        Statement(
            "LookAtSnapshots",
            ["rds:DescribeDBSnapshots"],
            [
                f"arn:aws:rds:{place}:db:{environment.slug}-postgres",
                f"arn:aws:rds:{place}:snapshot:*",
            ],
        ),
        *([look] if alarms else []),
    ]
