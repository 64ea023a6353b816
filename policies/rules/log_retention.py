"""Logs stay as long as the environment says."""

from collections.abc import Iterator

from policies.lookups.buckets import BUCKET, receives_logs
from policies.lookups.log_groups import GROUP, demands
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import known, whole_number
from runbook.model.logs import LOG_RETENTION_DAYS


def _concerns(resource: Resource, scope: Scope) -> bool:
    return resource.type == GROUP or receives_logs(resource, scope)


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    return _of_group(resource) if resource.type == GROUP else _of_bucket(resource, scope)


def _of_bucket(bucket: Resource, scope: Scope) -> Iterator[str]:
    wanted = scope.environment.buckets.access_logs.expire_after_days
    for rule in map(known, bucket.at("LifecycleConfiguration.Rules", [])):
        if rule.get("Status") != "Enabled":
            continue
        if rule.get("ExpirationDate") is not None:
            yield "a lifecycle rule has ExpirationDate: what is there that day is gone, old or new"
        days = whole_number(known(rule.get("ExpirationInDays")))
        if days is not None and days < wanted:
            yield f"access logs are kept {days} days, not {wanted}"


def _of_group(group: Resource) -> Iterator[str]:
    days = whole_number(group.at("RetentionInDays"))
    if days is None:
        yield "it has no RetentionInDays: what it says of people is kept for good"
        return
    if group.at("LogGroupClass") == "DELIVERY":
        yield "LogGroupClass is DELIVERY, which keeps lines for a day or two, whatever is asked"
    if days not in LOG_RETENTION_DAYS:
        yield f"CloudWatch Logs has no retention of {days} days"
    for key, wanted in demands(group).items():
        if days < wanted:
            yield f"it is kept {days} days, not {wanted} ({key})"


RULE = Rule(
    id="log-retention",
    title="Every log group is kept at least as long as the environment says, and not for good; "
    "access logs as long as it says",
    why="What is gone too early cannot explain an incident; what never goes is a store of "
    "personal data that nobody answers for.",
    remedy="Set log_retention_days of the service, trail, database or load balancer, or "
    "flow_log_retention_days of the network, in the environment file.",
    clauses=("ROVN-LOG-1",),
    controls=("HIPAA 164.312(b)", "NIST AU-11", "SOC2 CC7.2"),
    types=(GROUP, BUCKET),
    concerns=_concerns,
    judge=_judge,
)
