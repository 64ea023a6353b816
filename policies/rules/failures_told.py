"""ROVN-DEP-4, ROVN-BCK-1, ROVN-SEC-5: what failed is counted; a failed release is told, too."""

from collections.abc import Iterator

from policies.lookups.counted_events import (
    RULE_OF_EVENTS,
    counted,
    deaf,
    severity_topic,
    takes,
    untold,
)
from policies.lookups.failed_work import counted_events, ordinary_events
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from runbook.alarms.event_rules import BACKUP_DONE, DEPLOYS, ROTATION_FAILED

_ECS, _PIPELINE, _STACK = DEPLOYS
_NAMES = (*DEPLOYS, BACKUP_DONE, ROTATION_FAILED)
# What each message has to answer; what is not here is only counted.
ASKED = {
    _ECS: {"which service": "$.resources[0]", "when": "$.time"},
    _PIPELINE: {"which pipeline": "$.detail.pipeline", "when": "$.time"},
    _STACK: {
        "which stack": "$.detail.stack-id",
        "how it ended": "$.detail.status-details.status",
        "when": "$.time",
    },
}


def _which(rule: Resource, scope: Scope) -> str | None:
    name = rule.at("Name")
    return next((one for one in _NAMES if name == counted(one, scope)), None)


def _concerns(rule: Resource, scope: Scope) -> bool:
    return _which(rule, scope) is not None


def _judge(rule: Resource, scope: Scope) -> Iterator[str]:
    which = _which(rule, scope)
    if which is None:
        return
    yield from deaf(rule)
    if which in ASKED:
        yield from untold(rule, severity_topic("deploy-failed", scope), ASKED[which])
    for what, event in ordinary_events(scope)[which].items():
        if takes(rule, event):
            yield f"it counts {what}, too"


def _required(scope: Scope) -> Iterator[str]:
    rules = [rule for rule in scope.resources(RULE_OF_EVENTS) if _concerns(rule, scope)]
    for name, events in counted_events(scope).items():
        named = [rule for rule in rules if _which(rule, scope) == name]
        if not named:
            yield f"no rule is called {counted(name, scope)}"
            continue
        for what, event in events.items():
            if not any(takes(rule, event) for rule in named):
                yield f"{counted(name, scope)} does not count {what}"


RULE = Rule(
    id="failures-told",
    title="Releases and rotations that fail, and backups that are finished, are counted by the "
    "rules that alarms look at",
    why="A release that was rolled back leaves everything as it was, and so does a backup that "
    "never came: without an alarm nobody looks.",
    remedy="Leave the rules to runbook_constructs.event_watch; alarms know them by the names in "
    "runbook/alarms/event_rules.py.",
    clauses=("ROVN-DEP-4", "ROVN-BCK-1", "ROVN-SEC-5"),
    controls=("HIPAA 164.312(b)", "NIST AU-6", "NIST CP-9", "SOC2 CC7.2"),
    types=(RULE_OF_EVENTS,),
    concerns=_concerns,
    judge=_judge,
    required=_required,
    waivable=False,
)
