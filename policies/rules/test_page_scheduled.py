"""ALL-7: the pager is tried each month, and the days since are counted each day."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from policies.lookups.references import find
from policies.lookups.secret_events import RULE_OF_EVENTS, targets
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import closed, known, number
from runbook.alarms.alarm import Alarm
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.paging import NAMESPACE, SINCE_TEST, TEST_PAGE, TEST_PAGE_METRIC, topic
from runbook.alarms.severities import level
from runbook.alarms.test_page import COUNT, RING, schedules

Json = Any
FUNCTION = "AWS::Lambda::Function"
ENTRY = "handler.page.handler"


def _concerns(resource: Resource, scope: Scope) -> bool:
    if resource.type == FUNCTION:
        return _is_function(resource, scope)
    return any(_is_ours(target, scope) for target in targets(resource))


def _is_function(resource: Resource, scope: Scope) -> bool:
    name = scope.principals.paging.rpartition("/")[2]
    return bool(resource.at("FunctionName") == name)


def _is_ours(target: Mapping[str, Json], scope: Scope) -> bool:
    function = find(target.get("Arn"), scope, FUNCTION)
    return function is not None and _is_function(function, scope)


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    if resource.type == FUNCTION:
        yield from _function(resource, scope)
        return
    task = _task(resource, scope)
    if task not in (RING, COUNT):
        yield f"it sends {task or 'no task'}, not {RING} or {COUNT} with the schedule's time"
        return
    wanted = _schedule(task, scope)
    if (found := resource.at("ScheduleExpression")) != wanted:
        yield f"it asks to {task} by {found or 'no schedule'}, not {wanted}"
    if (state := resource.at("State", "ENABLED")) != "ENABLED":
        yield f"it is {state}, not ENABLED"


def _function(function: Resource, scope: Scope) -> Iterator[str]:
    given, environment = closed(function.at("Environment.Variables", {})), scope.environment
    alarm = _alarm(scope)
    place = f"arn:aws:sns:{environment.region}:{environment.account}"
    wanted = {
        "ALARM": alarm.name(environment.slug),
        "CHANNELS": str(len(level(environment.organisation, alarm.severity).channels)),
        "DAYS_METRIC": SINCE_TEST,
        "ENVIRONMENT_NAME": environment.name,
        "NAMESPACE": NAMESPACE,
        "PAGE_METRIC": TEST_PAGE_METRIC,
        "TOPIC": f"{place}:{topic(environment.slug, alarm.severity)}",
    }
    for name, value in wanted.items():
        if given.get(name) != value:
            yield f"{name} is {given.get(name)}, not {value}"
    if (entry := function.at("Handler")) != ENTRY:
        yield f"it runs {entry}, not {ENTRY}"
    if number(function.at("ReservedConcurrentExecutions", 1)) == 0:
        yield "it may not run: no execution is reserved for it"


def _alarm(scope: Scope) -> Alarm:
    return next(alarm for alarm in alarms_of(scope.environment) if alarm.id == TEST_PAGE)


def _schedule(task: str, scope: Scope) -> str:
    found = schedules(scope.environment.alerting)
    return found.ring if task == RING else found.count


def _task(rule: Resource, scope: Scope) -> str | None:
    """Read what a rule asks of the function; None where it does not say for which time."""
    for target in targets(rule):
        message = known(target.get("InputTransformer")) or {}
        paths = closed(message.get("InputPathsMap")) or {}
        if not _is_ours(target, scope) or paths != {"time": "$.time"}:
            continue
        try:
            said = json.loads(str(known(message.get("InputTemplate"))))
        except ValueError:
            continue
        if isinstance(said, dict) and said.keys() == {"task", "time"} and said["time"] == "<time>":
            return str(said["task"])
    return None


def _required(scope: Scope) -> Iterator[str]:
    if not any(_is_function(found, scope) for found in scope.resources(FUNCTION)):
        name = scope.principals.paging.rpartition("/")[2]
        yield f"no function is called {name}: nobody tries the pager"
        return
    tasks = [_task(rule, scope) for rule in scope.resources(RULE_OF_EVENTS)]
    for task in (RING, COUNT):
        if (found := tasks.count(task)) != 1:
            yield f"{found} schedules ask to {task}, not one"


RULE = Rule(
    id="test-page-scheduled",
    title="The pager is rung by its own alarm once a month in business hours, and the days since a "
    "delivered test page are counted every day",
    why="A way to people that nobody tries is found broken by the night that needed it.",
    remedy="Leave function and schedules to runbook_constructs.test_page; business hours stand in "
    "[alerting] of the environment file.",
    clauses=("ALL-7", "ROVN-SEV-1"),
    controls=("HIPAA 164.308(a)(6)(ii)", "NIST IR-6(1)", "NIST SI-4(5)", "SOC2 CC7.3"),
    types=(FUNCTION, RULE_OF_EVENTS),
    concerns=_concerns,
    judge=_judge,
    required=_required,
    waivable=False,
)
