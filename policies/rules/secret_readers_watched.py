"""ROVN-SEC-6: whoever is granted a secret outside its list is looked for, and pages."""

import json
import re
from collections.abc import Iterator

from policies.lookups.event_patterns import matches
from policies.lookups.new_readers import changes
from policies.lookups.references import find
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import closed, known, number
from runbook.access.reader_lists import reader_lists
from runbook.access.roles import IDENTITY_EVENTS
from runbook.model.environment import IDENTITY_REGION

EVENTS, FUNCTION = "AWS::Events::Rule", "AWS::Lambda::Function"
# At least once an hour.
_HOURLY = re.compile(r"rate\((1 hour|([1-9]|[1-5]\d) minutes?)\)|cron\(\S+ \* \* \* \? \*\)")
_VARIABLES = "Environment.Variables."


def _is_ours(resource: Resource, scope: Scope) -> bool:
    if resource.type == FUNCTION:
        return bool(resource.at("FunctionName") == _name(scope))
    named = str(resource.at("Name", ""))
    return named.startswith((f"{_name(scope)}-", scope.principals.named(IDENTITY_EVENTS)))


def _name(scope: Scope) -> str:
    return scope.principals.secret_readers.rpartition("/")[2]


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    judge = _function if resource.type == FUNCTION else _rule
    yield from judge(resource, scope)


def _function(function: Resource, scope: Scope) -> Iterator[str]:
    """Want it to be told the environment's own lists, and to run at all."""
    told = function.at(f"{_VARIABLES}LISTS")
    if not isinstance(told, str) or json.loads(told) != reader_lists(scope.principals):
        yield "LISTS are not those of runbook/access/principals.py: it finds others, or nobody"
    for variable, wanted in (
        ("ENVIRONMENT_NAME", scope.environment.name),
        ("SECURITY_TOPIC", _topic(scope)),
    ):
        if (found := function.at(f"{_VARIABLES}{variable}")) != wanted:
            yield f"{variable} is {found}, not {wanted}"
    if number(function.at("ReservedConcurrentExecutions", 1)) == 0:
        yield "it may not run: no execution is reserved for it"


def _topic(scope: Scope) -> str:
    environment = scope.environment
    place = f"{environment.region}:{environment.account}"
    return f"arn:aws:sns:{place}:{scope.principals.named('security')}"


def _rule(rule: Resource, scope: Scope) -> Iterator[str]:
    if (state := rule.at("State", "ENABLED")) != "ENABLED":
        yield f"it is {state}"
    if (bus := rule.at("EventBusName", "default")) != "default":
        yield f"it listens to {bus}, where CloudTrail says nothing"
    if not _sends(rule, scope):
        yield f"it does not send to {_receiver(rule, scope)}"
    for target in map(known, rule.at("Targets", [])):
        if not (known(target.get("DeadLetterConfig")) or {}):
            yield f"what {target.get('Id')} does not take is lost: it has no dead-letter queue"


def _away(rule: Resource, scope: Scope) -> bool:
    """Say whether it stands where IAM tells of itself, apart from the environment."""
    region = rule.stack.template.region
    return region == IDENTITY_REGION and scope.environment.region != IDENTITY_REGION


def _receiver(rule: Resource, scope: Scope) -> str:
    if not _away(rule, scope):
        return _name(scope)
    role = scope.principals.identity_events
    return f"{_bus(scope)} as {role}"


def _bus(scope: Scope) -> str:
    environment = scope.environment
    return f"arn:aws:events:{environment.region}:{environment.account}:event-bus/default"


def _sends(rule: Resource, scope: Scope) -> bool:
    targets = [known(target) for target in rule.at("Targets", [])]
    if _away(rule, scope):
        return any(
            known(target.get("Arn")) == _bus(scope)
            and _role(target.get("RoleArn"), scope) == scope.principals.identity_events
            for target in targets
        )
    found = [find(target.get("Arn"), scope, FUNCTION) for target in targets]
    return any(one is not None and _is_ours(one, scope) for one in found)


def _role(value: object, scope: Scope) -> str | None:
    """Name the role that a value refers to, or is the ARN of."""
    role = find(value, scope, "AWS::IAM::Role") if value is not None else None
    if role is not None:
        return scope.principals.role(str(role.at("RoleName")))
    return value if isinstance(value, str) else None


def _required(scope: Scope) -> Iterator[str]:
    if not scope.environment.secrets:
        return
    if not any(_is_ours(one, scope) for one in scope.resources(FUNCTION)):
        yield "there is no function for readers outside the lists: nobody looks"
    rules = [rule for rule in scope.resources(EVENTS) if _is_ours(rule, scope)]
    if not any(_HOURLY.fullmatch(str(rule.at("ScheduleExpression", ""))) for rule in rules):
        yield "no schedule looks once an hour: an event that is lost is never found"
    patterns = [
        (_away(rule, scope), closed(rule.at("EventPattern")))
        for rule in rules
        if rule.at("EventPattern", None)
    ]
    apart = scope.environment.region != IDENTITY_REGION
    for service, what, event in changes(scope):
        taken = {away for away, pattern in patterns if matches(pattern, event)}
        if False not in taken:
            yield f"nobody looks when {what}"
        if service == "iam" and apart and True not in taken:
            yield f"{IDENTITY_REGION} does not hand it on when {what}"


RULE = Rule(
    id="secret-readers-watched",
    title="Every change of who may read a secret is looked at, in IAM's own region too, and every "
    "hour; whoever is outside the lists pages",
    why="What is granted by hand stands in no template: without a look at the account itself a new "
    "reader stays for years.",
    remedy="Leave the rules and the function to runbook_constructs.secret_readers, and what hands "
    "IAM's events on to stacks/identity_events_stack.py.",
    clauses=("ROVN-SEC-6",),
    controls=("HIPAA 164.312(b)", "NIST AC-6(9)", "NIST AU-6", "NIST SI-4", "SOC2 CC7.2"),
    types=(EVENTS, FUNCTION),
    concerns=_is_ours,
    judge=_judge,
    required=_required,
    waivable=False,
)
