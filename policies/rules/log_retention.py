"""Logs stay as long as the environment says."""

from collections.abc import Iterator

from policies.log_groups import GROUP, demands
from policies.rule import Rule
from policies.scope import Resource, Scope
from runbook.model.logs import LOG_RETENTION_DAYS


def _judge(group: Resource, _: Scope) -> Iterator[str]:
    days = group.at("RetentionInDays")
    if days is None:
        yield "it has no RetentionInDays: what it says of people is kept for good"
        return
    if days not in LOG_RETENTION_DAYS:
        yield f"CloudWatch Logs has no retention of {days} days"
    for key, wanted in demands(group).items():
        if days < wanted:
            yield f"it is kept {days} days, not {wanted} ({key})"


RULE = Rule(
    id="log-retention",
    title="Every log group is kept at least as long as the environment says, and not for good",
    why="What is gone too early cannot explain an incident; what never goes is a store of "
    "personal data that nobody answers for.",
    remedy="Set log_retention_days of the service, trail, database or load balancer, or "
    "flow_log_retention_days of the network, in the environment file.",
    clauses=("ROVN-LOG-1",),
    controls=("HIPAA 164.312(b)", "NIST AU-11", "SOC2 CC7.2"),
    types=(GROUP,),
    judge=_judge,
)
