"""ALL-7: each alarm of the catalogue is rendered, to the word, and tells its severity."""

from collections.abc import Iterator, Mapping
from typing import Any

from policies.lookups.catalogue import (
    ALARM,
    COMPOSITE,
    Wanted,
    dimension,
    wanted_alarms,
    wanted_as,
)
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import closed, number, switch
from runbook.alarms.alarm import RESULT, Metric, MetricAlarm

Json = Any
_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
# What an alarm says of itself, and what no alarm hangs on.
_FREE = ("AlarmDescription", "AlarmName", "Tags")
_NOT_SET = "not set"


def _concerns(alarm: Resource, scope: Scope) -> bool:
    return wanted_as(alarm, scope) is not None


def _judge(alarm: Resource, scope: Scope) -> Iterator[str]:
    wanted = wanted_as(alarm, scope)
    if wanted is None:
        return
    found = closed(alarm.properties)
    should = _properties(wanted, scope)
    yield from _differences(_scalars(found), should)
    if isinstance(wanted.alarm, MetricAlarm):
        yield from _metrics(found.get("Metrics", []), wanted.alarm, scope)
    page = f"runbook playbook {scope.environment.name} {wanted.alarm.playbook}"
    if not str(found.get("AlarmDescription", "")).endswith(page):
        yield f"its description does not end with {page}"


def _scalars(found: Mapping[str, Json]) -> dict[str, Json]:
    """Take everything that an alarm hangs on but its metrics; no action is an empty list."""
    defaults = {"ActionsEnabled": True, **{key: [] for key in _ACTIONS}}
    return defaults | {
        key: switch(number(value)) for key, value in found.items() if key not in (*_FREE, "Metrics")
    }


def _properties(wanted: Wanted, scope: Scope) -> dict[str, Json]:
    alarm = wanted.alarm
    part = isinstance(alarm, MetricAlarm) and alarm.part
    told = [] if part else [wanted.topic]
    both = {
        "ActionsEnabled": True,
        "AlarmActions": told,
        "InsufficientDataActions": [],
        "OKActions": told,
    }
    if not isinstance(alarm, MetricAlarm):
        return {**both, "AlarmRule": alarm.rule(scope.environment.slug)}
    return {
        **both,
        "ComparisonOperator": alarm.comparison.value,
        "DatapointsToAlarm": alarm.breaching,
        "EvaluationPeriods": alarm.periods,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.missing.value,
    }


def _metrics(queries: list[Json], alarm: MetricAlarm, scope: Scope) -> Iterator[str]:
    """Compare series by series, and the expression over them."""
    ids = [query.get("Id") for query in queries]
    if len(set(ids)) != len(ids):
        yield f"two of its metrics have one id: {', '.join(map(str, ids))}"
        return
    found = {str(query.get("Id")): _flat(query) for query in queries}
    should = {query["Id"]: _flat(query) for query in _queries(alarm, scope)}
    for id_ in sorted(found.keys() | should.keys()):
        for said in _differences(found.get(id_, {}), should.get(id_, {})):
            yield f"{id_}: {said}"


def _queries(alarm: MetricAlarm, scope: Scope) -> Iterator[Json]:
    """Write the series, and the expression over them: only one of all is returned."""
    for metric in alarm.metrics:
        yield _query(metric, alarm, scope)
    if alarm.expression is not None:
        yield {
            "Expression": alarm.expression,
            "Id": RESULT,
            "Label": alarm.unit,
            "ReturnData": True,
        }


def _query(metric: Metric, alarm: MetricAlarm, scope: Scope) -> Json:
    """Write a series as a template has it."""
    return {
        "Id": metric.id,
        "MetricStat": {
            "Metric": {
                "Dimensions": [
                    {"Name": name, "Value": dimension(value, alarm, scope)}
                    for name, value in metric.dimensions.items()
                ],
                "MetricName": metric.name,
                "Namespace": metric.namespace,
            },
            "Period": alarm.period,
            "Stat": metric.stat,
        },
        "ReturnData": alarm.expression is None,
    }


def _flat(query: Mapping[str, Json]) -> dict[str, Json]:
    """Lay a series out in one level, a dimension by its name."""
    series = dict(query.get("MetricStat") or {})
    metric = dict(series.pop("Metric", {}))
    dimensions = metric.pop("Dimensions", [])
    rest = {key: value for key, value in query.items() if key != "MetricStat"}
    named = {f"dimension {each.get('Name')}": each.get("Value") for each in dimensions}
    inner = {**series, **metric, **named, "dimensions": len(dimensions)}
    # One of the series' own beside it is another, and hides nothing.
    beside = {f"{key} beside MetricStat" if key in inner else key: rest[key] for key in rest}
    flat = {**beside, **inner}
    return {key: switch(number(value)) for key, value in flat.items()}


def _differences(found: Mapping[str, Json], wanted: Mapping[str, Json]) -> Iterator[str]:
    for key in sorted(found.keys() | wanted.keys()):
        is_, should = found.get(key, _NOT_SET), wanted.get(key, _NOT_SET)
        if should == _NOT_SET:
            yield f"{key} is {_written(is_)}, of which the catalogue knows nothing"
        elif is_ != should:
            yield f"{key} is {_written(is_)}, not {_written(should)}"


def _written(value: Json) -> str:
    if isinstance(value, list):
        return " and ".join(map(str, value)) or "nobody"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _required(scope: Scope) -> Iterator[str]:
    there = {
        (alarm.type, alarm.at("AlarmName"), alarm.stack.template.region)
        for alarm in scope.resources(ALARM, COMPOSITE)
    }
    for (kind, name, region), wanted in wanted_alarms(scope).items():
        if (kind, name, region) not in there:
            yield f"no alarm is called {name} in {region}: nobody hears of {wanted.alarm.key}"


RULE = Rule(
    id="alarms-as-declared",
    title="Every alarm of the catalogue stands with its exact metrics, threshold, window and rule "
    "for missing data, and tells the topic of its severity",
    why="An alarm on the wrong dimension, or one that tells nobody, is as silent as none, and "
    "nobody looks after it because there seems to be one.",
    remedy="Leave alarms to runbook_constructs.catalogue_alarm; numbers stand in [alarms] and "
    "objectives of the environment file, everything else in runbook/alarms.",
    clauses=(
        *("ROVN-ALM-1", "ROVN-ALM-2", "ROVN-ALM-3", "ROVN-ALM-4", "ROVN-ALM-5", "ROVN-ALM-6"),
        *("ROVN-ALM-7", "ROVN-ALM-8", "ROVN-ALM-9", "ROVN-ALM-10", "ROVN-HLT-3", "ROVN-LOG-1"),
        *("ROVN-SEC-3", "ROVN-SEC-6", "ALL-7"),
    ),
    controls=("HIPAA 164.312(b)", "NIST AU-6", "NIST SI-4", "SOC2 CC7.2", "SOC2 CC7.3"),
    types=(ALARM, COMPOSITE),
    concerns=_concerns,
    judge=_judge,
    required=_required,
    waivable=False,
)
