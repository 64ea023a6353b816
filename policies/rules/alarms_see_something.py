"""ALL-7: what an alarm looks at is there: a series of nothing is silent for ever."""

from collections.abc import Iterator

from policies.lookups.catalogue import ALARM
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import closed

# By dimension: what it names, and the property that gives it the name.
_NAMED = {
    "CanaryName": ("AWS::Synthetics::Canary", "Name"),
    "ClusterName": ("AWS::ECS::Cluster", "ClusterName"),
    "DBInstanceIdentifier": ("AWS::RDS::DBInstance", "DBInstanceIdentifier"),
    "LogGroupName": ("AWS::Logs::LogGroup", "LogGroupName"),
    "QueueName": ("AWS::SQS::Queue", "QueueName"),
    "RuleName": ("AWS::Events::Rule", "Name"),
    "ServiceName": ("AWS::ECS::Service", "ServiceName"),
    "TopicName": ("AWS::SNS::Topic", "TopicName"),
}


def _judge(alarm: Resource, scope: Scope) -> Iterator[str]:
    if not scope.whole:
        return
    for query in closed(alarm.at("Metrics", [])):
        metric = query.get("MetricStat", {}).get("Metric", {})
        for dimension in metric.get("Dimensions", []):
            name, value = dimension.get("Name"), dimension.get("Value")
            if name in _NAMED and value not in _names(name, alarm, scope):
                kind, region = _NAMED[name][0], alarm.stack.template.region
                yield f"{query.get('Id')} is of no {kind} of {region}: none is called {value}"


def _names(dimension: str, alarm: Resource, scope: Scope) -> Iterator[object]:
    """List the names of one type in the alarm's region, where alone it sees metrics."""
    kind, key = _NAMED[dimension]
    for resource in scope.resources(kind):
        # One that AWS names is none that an alarm could know.
        name = resource.properties.get(key)
        if resource.stack.template.region == alarm.stack.template.region and isinstance(name, str):
            yield name


RULE = Rule(
    id="alarms-see-something",
    title="Every resource whose metrics an alarm looks at stands in the templates, in the alarm's "
    "region",
    why="A queue or a rule that got another name leaves its alarm behind, which then never rings "
    "and looks as well as ever.",
    remedy="Give the resource the name that runbook/alarms has, or change it there.",
    clauses=("ALL-7",),
    controls=("NIST AU-6", "NIST SI-4", "SOC2 CC7.2"),
    types=(ALARM,),
    judge=_judge,
    waivable=False,
)
