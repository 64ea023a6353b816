"""ROVN-LOG-1: logs are read where they are kept; nothing sends them to another account."""

from collections.abc import Iterator
from typing import Any

from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import known

FILTER, ACCOUNT = "AWS::Logs::SubscriptionFilter", "AWS::Logs::AccountPolicy"
# Where each type says whom it sends to.
_SENDS = {
    FILTER: "DestinationArn",
    "AWS::Logs::Delivery": "DeliveryDestinationArn",
    "AWS::Logs::DeliveryDestination": "DestinationResourceArn",
    "AWS::Logs::Destination": "TargetArn",
}
# arn:partition:service:region:account:...
_PARTS, _ACCOUNT = 6, 4


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    if resource.type == ACCOUNT:
        if resource.at("PolicyType") == "SUBSCRIPTION_FILTER_POLICY":
            yield "it sends every log group of the account on, whatever stands in it"
        return
    key = _SENDS[resource.type]
    to = resource.at(key)
    if not _is_here(to, scope):
        yield f"{key} is {to}, not a place in account {scope.environment.account}"


def _is_here(to: Any, scope: Scope) -> bool:  # noqa: ANN401 - JSON is any value
    """Say whether an ARN is of the environment's account, or of a resource of its templates."""
    if scope.target(known(to)) is not None:
        return True
    parts = str(to).split(":", _PARTS - 1)
    return len(parts) == _PARTS and parts[_ACCOUNT] == scope.environment.account


RULE = Rule(
    id="logs-stay",
    title="No log group is sent on to another account",
    why="A subscription copies each line as it comes, before anybody reads the masked one: one "
    "property sends patients' data to strangers.",
    remedy="Send logs to a stream or function of the same account, or nowhere.",
    clauses=("ROVN-LOG-1",),
    controls=("HIPAA 164.312(e)(1)", "NIST AC-4", "SOC2 CC6.6"),
    types=(ACCOUNT, *_SENDS),
    judge=_judge,
    waivable=False,
)
