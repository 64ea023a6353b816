"""ROVN-ALM-10, ROVN-CST-1: the dashboards show what the catalogue lays out, and all of it."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from policies.lookups.catalogue import dimension
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from runbook.alarms.dashboards import dashboards_of
from runbook.alarms.placeholders import is_placeholder

Json = Any
DASHBOARD = "AWS::CloudWatch::Dashboard"
# Whoever moved one widget moved all below it: the first differences tell.
MOST_DIFFERENCES = 3
_NOTHING = object()


def _judge(dashboard: Resource, scope: Scope) -> Iterator[str]:
    laid_out = {each.name: each for each in dashboards_of(scope.environment)}
    wanted = laid_out.get(str(dashboard.at("DashboardName")))
    if wanted is None:
        named = " and ".join(laid_out)
        yield f"it is called {dashboard.at('DashboardName')}; the catalogue lays out {named}"
        return
    try:
        found = json.loads(str(dashboard.at("DashboardBody")))
    except ValueError as error:
        yield f"its body is no JSON: {error}"
        return
    yield from islice(_differences(found, _filled(wanted.body(), scope), "body"), MOST_DIFFERENCES)


def _filled(value: Json, scope: Scope) -> Json:
    match value:
        case str() if is_placeholder(value):
            return dimension(value, None, scope)
        case dict():
            return {key: _filled(item, scope) for key, item in value.items()}
        case list():
            return [_filled(item, scope) for item in value]
    return value


def _differences(found: Json, wanted: Json, path: str) -> Iterator[str]:
    """Walk both together, and name each place where they part."""
    match found, wanted:
        case dict(), dict():
            for key in dict.fromkeys((*wanted, *found)):
                inner = (found.get(key, _NOTHING), wanted.get(key, _NOTHING))
                yield from _differences(*inner, f"{path}.{key}")
        case list(), list() if len(found) == len(wanted):
            for number, inner in enumerate(zip(found, wanted, strict=True)):
                yield from _differences(*inner, f"{path}.{number}")
        case list(), list():
            yield f"{path} has {len(found)} entries, not {len(wanted)}"
        case _ if found != wanted:
            yield f"{path} is {_said(found)}, not {_said(wanted)}"


def _said(value: Json) -> str:
    if value is _NOTHING:
        return "not set"
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _required(scope: Scope) -> Iterator[str]:
    there = {dashboard.at("DashboardName") for dashboard in scope.resources(DASHBOARD)}
    for wanted in dashboards_of(scope.environment):
        if wanted.name not in there:
            yield f"no dashboard is called {wanted.name}"


RULE = Rule(
    id="dashboards-as-declared",
    title="The dashboards show every alarm of the catalogue with its line, the budget of errors "
    "and tokens by tenant",
    why="A line at another number than the alarm's, or an alarm that no graph shows, leads whoever "
    "is woken at night to the wrong place.",
    remedy="Leave dashboards to runbook_constructs.dashboard: what they show stands in "
    "runbook/alarms/dashboards.py, every number in the catalogue.",
    clauses=("ROVN-ALM-10", "ROVN-CST-1"),
    controls=("NIST AU-6", "NIST SI-4", "SOC2 CC7.2"),
    types=(DASHBOARD,),
    judge=_judge,
    required=_required,
)
