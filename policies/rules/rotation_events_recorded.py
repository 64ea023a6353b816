"""ROVN-SEC-5: every rotation is told to the audit log and to the security channel."""

from collections.abc import Iterator

from policies.lookups.references import find
from policies.lookups.secret_events import (
    CALLS,
    ENDS,
    ROTATIONS,
    RULE_OF_EVENTS,
    Event,
    call,
    restart,
    rotation,
    secret_arns,
    takes,
    targets,
)
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from runbook.access.roles import RELEASE_RECORDS

TOPIC, QUEUE = "AWS::SNS::Topic", "AWS::SQS::Queue"


def _concerns(rule: Resource, scope: Scope) -> bool:
    """Look at rules that take something of a secret, to record it or to tell it."""
    return bool(_tells(rule, scope) or _records(rule, scope)) and any(
        takes(rule, event) for _, event in _all(scope)
    )


def _judge(rule: Resource, _: Scope) -> Iterator[str]:
    for target in targets(rule):
        if not target.get("DeadLetterConfig"):
            yield f"what {target.get('Id')} does not take is lost: it has no dead-letter queue"


def _required(scope: Scope) -> Iterator[str]:
    rules = list(scope.resources(RULE_OF_EVENTS))
    recorded = [rule for rule in rules if _records(rule, scope)]
    told = [rule for rule in rules if _tells(rule, scope)]
    for what, event in _all(scope):
        if not any(takes(rule, event) for rule in recorded):
            yield f"{what} is recorded by nobody"
    for what, event in _loud(scope):
        if not any(takes(rule, event) for rule in told):
            yield f"{what} is told to nobody by {scope.principals.named('security')}"


def _all(scope: Scope) -> Iterator[tuple[str, Event]]:
    """List what becomes a record: rotations, calls, restarts and their ends."""
    yield from _rotations(scope)
    people = scope.principals.break_glass[0]
    for name, arn in secret_arns(scope).items():
        for what in CALLS:
            yield f"{what} of {name}", call(what, arn, people)
    for status in ("RUNNING", *ENDS):
        yield f"a restart that is {status}", restart(status, scope)


def _loud(scope: Scope) -> Iterator[tuple[str, Event]]:
    """List what is told to those on call: rotations, and restarts that did not do their work."""
    yield from _rotations(scope)
    for status in ENDS:
        if status != "SUCCEEDED":
            yield f"a restart that is {status}", restart(status, scope)


def _rotations(scope: Scope) -> Iterator[tuple[str, Event]]:
    for name, arn in secret_arns(scope).items():
        for what in ROTATIONS:
            yield f"{what} of {name}", rotation(what, arn)


def _records(rule: Resource, scope: Scope) -> bool:
    return _sends(rule, scope, QUEUE, "QueueName", scope.principals.named(RELEASE_RECORDS))


def _tells(rule: Resource, scope: Scope) -> bool:
    return _sends(rule, scope, TOPIC, "TopicName", scope.principals.named("security"))


def _sends(rule: Resource, scope: Scope, kind: str, called: str, name: str) -> bool:
    found = (find(target.get("Arn"), scope, kind) for target in targets(rule))
    return any(each is not None and each.at(called) == name for each in found)


RULE = Rule(
    id="rotation-events-recorded",
    title="Every rotation, and every change of a secret by a call, becomes a record; rotations and "
    "restarts that fail are told to those on call",
    why="A rotation that failed and was told to nobody is a credential that gets old; a change "
    "without a record is one that nobody can explain.",
    remedy="Leave the rules to runbook_constructs.release_records and "
    "runbook_constructs.secret_events.",
    clauses=("ROVN-SEC-5", "ROVN-AUD-1"),
    controls=("HIPAA 164.312(b)", "NIST AU-12", "NIST AU-2", "SOC2 CC7.2"),
    types=(RULE_OF_EVENTS,),
    concerns=_concerns,
    judge=_judge,
    required=_required,
    waivable=False,
)
