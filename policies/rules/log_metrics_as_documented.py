"""ROVN-ALM-7, ROVN-ALM-8, ROVN-ALM-9, ROVN-CST-1: log lines become the metrics of the schema."""

from collections.abc import Iterator, Mapping
from typing import Any

from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import closed, known, number
from runbook.alarms.log_metrics import LOG_METRICS, LogMetric, namespace
from runbook.log_groups import log_groups

Json = Any
FILTER = "AWS::Logs::MetricFilter"
# Anything else chooses other lines, or gives the metric dimensions that no alarm asks for.
_KEYS = {"FilterName", "FilterPattern", "LogGroupName", "MetricTransformations"}
_OF_METRIC = {"DefaultValue", "Dimensions", "MetricName", "MetricNamespace", "MetricValue"}


def _namespaces(scope: Scope) -> dict[str, str]:
    """Map the namespace of each service's metrics to the service's key."""
    return {namespace(scope.environment, key): key for key in scope.environment.services}


def _concerns(resource: Resource, scope: Scope) -> bool:
    return any(_place(one) in _namespaces(scope) for one in _transformations(resource))


def _transformations(resource: Resource) -> list[Mapping[str, Json]]:
    return [known(one) for one in resource.at("MetricTransformations", [])]


def _place(transformation: Mapping[str, Json]) -> Json:
    return known(transformation.get("MetricNamespace"))


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    for transformation in _transformations(resource):
        service = _namespaces(scope).get(_place(transformation))
        if service is None:
            continue
        name = known(transformation.get("MetricName"))
        metric = next((one for one in LOG_METRICS if one.name == name), None)
        if metric is None:
            yield f"{name} is no metric of runbook/alarms/log_metrics.py"
            continue
        yield from _differs(resource, transformation, metric)
        if (made := _made(scope).count((_place(transformation), name))) != 1:
            yield f"{made} filters make {name} of {service}: their sum is the metric"
        group = log_groups(scope.environment.services[service])[0]
        if (found := resource.at("LogGroupName")) != group:
            yield f"it reads {found}, not {group}, where {service} writes"


def _differs(
    resource: Resource, transformation: Mapping[str, Json], metric: LogMetric
) -> Iterator[str]:
    dimensions = {
        one.get("Key"): one.get("Value") for one in closed(transformation.get("Dimensions") or [])
    }
    for what, found, wanted in (
        ("pattern", resource.at("FilterPattern"), metric.pattern),
        ("value", str(known(transformation.get("MetricValue"))), metric.value),
        ("default", number(known(transformation.get("DefaultValue"))), metric.default),
        ("dimensions", dimensions, dict(metric.dimensions)),
    ):
        if found != wanted:
            yield f"its {what} is {found}, not {wanted}"
    beside = (resource.properties.keys() - _KEYS) | (transformation.keys() - _OF_METRIC)
    for key in sorted(beside):
        yield f"{key} is set, of which runbook/alarms/log_metrics.py knows nothing"


def _made(scope: Scope) -> list[tuple[Json, Json]]:
    """List namespace and name of what each filter makes, as often as it is made."""
    return [
        (_place(one), known(one.get("MetricName")))
        for resource in scope.resources(FILTER)
        for one in _transformations(resource)
    ]


def _required(scope: Scope) -> Iterator[str]:
    there = _made(scope)
    for place, service in _namespaces(scope).items():
        for metric in LOG_METRICS:
            if (place, metric.name) not in there:
                yield f"no filter makes {metric.name} of the lines of {service}"


RULE = Rule(
    id="log-metrics-as-documented",
    title="Every metric of the log schema is made of the lines that its service writes",
    why="A filter that matches nothing is silent, and so is the alarm behind it: both look as on a "
    "good day.",
    remedy="Leave filters to runbook_constructs.log_metric_filters; what they match stands in "
    "runbook/alarms/log_metrics.py, what lines hold in docs/log-schema.json.",
    clauses=("ROVN-ALM-7", "ROVN-ALM-8", "ROVN-ALM-9", "ROVN-CST-1"),
    controls=("HIPAA 164.312(b)", "NIST AU-6", "NIST SI-4", "SOC2 CC7.2"),
    types=(FILTER,),
    concerns=_concerns,
    judge=_judge,
    required=_required,
)
