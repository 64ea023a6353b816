"""Where the metrics of dashboards come from: the resource of the templates that writes each.

``unmeasured`` looks at every widget as CloudWatch will read it, and says what nothing writes.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policies.lookups.references import reference
from policies.templates.assets import contents
from policies.templates.scope import Resource, Scope
from policies.templates.values import known

Json = dict[str, Any]
DASHBOARD, CANARY = "AWS::CloudWatch::Dashboard", "AWS::Synthetics::Canary"
ALARM, COMPOSITE = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"
LOG_GROUP, FUNCTION = "AWS::Logs::LogGroup", "AWS::Lambda::Function"
POLICIES = ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy")
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
PUT = "cloudwatch:PutMetricData"
# Widgets whose search finds no series where the filter's dimension is another.
_SEARCH = re.compile(
    r"SEARCH\('\{\"?(?P<space>[^\",}]+)\"?,(?P<dimension>\w+)\} MetricName=\"(?P<name>\w+)\"', "
)


@dataclass(frozen=True)
class Kind:
    """What AWS writes of resources of one type: the dimension that names one, and its metrics.

    ``named`` is the property that the dimension has the value of, or an attribute as ``.Ref``.
    """

    dimension: str
    type: str
    named: str
    names: frozenset[str]
    holds: Callable[[Resource, Mapping[str, str]], bool] = lambda *_: True


def _insights(cluster: Resource, _: Mapping[str, str]) -> bool:
    settings = [known(one) for one in cluster.at("ClusterSettings", [])]
    return any(
        one["Name"] == "containerInsights" and one["Value"] in ("enabled", "enhanced")
        for one in settings
    )


def _in_cluster(service: Resource, dimensions: Mapping[str, str]) -> bool:
    return str(service.at("Cluster")).endswith(f":cluster/{dimensions['ClusterName']}")


def _masked(group: Resource, _: Mapping[str, str]) -> bool:
    return bool(group.at("DataProtectionPolicy"))


def _of(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TASKS = _of("DeploymentCount DesiredTaskCount PendingTaskCount RunningTaskCount")
_OF_GROUP = _of(
    "HTTPCode_Target_5XX_Count HealthyHostCount RequestCount TargetResponseTime UnHealthyHostCount"
)
# By namespace. Where there are several, each names a resource of its own.
KINDS: Mapping[str, Sequence[Kind]] = {
    "AWS/ApplicationELB": (
        Kind(
            "LoadBalancer",
            BALANCER,
            ".LoadBalancerFullName",
            _OF_GROUP | _of("HTTPCode_ELB_5XX_Count"),
        ),
        Kind("TargetGroup", GROUP, ".TargetGroupFullName", _OF_GROUP),
    ),
    "AWS/CertificateManager": (
        Kind("CertificateArn", "AWS::CertificateManager::Certificate", ".Ref", _of("DaysToExpiry")),
    ),
    "AWS/Events": (
        Kind(
            "RuleName",
            "AWS::Events::Rule",
            "Name",
            _of("TriggeredRules Invocations FailedInvocations"),
        ),
    ),
    "AWS/Logs": (
        Kind("LogGroupName", LOG_GROUP, "LogGroupName", _of("LogEventsWithFindings"), _masked),
    ),
    "AWS/RDS": (
        Kind(
            "DBInstanceIdentifier",
            "AWS::RDS::DBInstance",
            "DBInstanceIdentifier",
            _of(
                "CPUUtilization DatabaseConnections DiskQueueDepth FreeStorageSpace FreeableMemory "
                "ReadIOPS ReadLatency ReadThroughput ReplicaLag SwapUsage WriteIOPS WriteLatency "
                "WriteThroughput"
            ),
        ),
    ),
    "AWS/Route53": (
        Kind(
            "HealthCheckId",
            "AWS::Route53::HealthCheck",
            ".HealthCheckId",
            _of("HealthCheckStatus"),
        ),
    ),
    "AWS/SNS": (
        Kind(
            "TopicName",
            "AWS::SNS::Topic",
            "TopicName",
            _of("NumberOfNotificationsRedrivenToDlq NumberOfNotificationsFailedToRedriveToDlq"),
        ),
    ),
    "AWS/SQS": (
        Kind(
            "QueueName", "AWS::SQS::Queue", "QueueName", _of("ApproximateNumberOfMessagesVisible")
        ),
    ),
    "CloudWatchSynthetics": (
        Kind("CanaryName", CANARY, "Name", _of("Duration Failed SuccessPercent")),
    ),
    "ECS/ContainerInsights": (
        Kind("ClusterName", "AWS::ECS::Cluster", "ClusterName", _TASKS, _insights),
        Kind("ServiceName", "AWS::ECS::Service", "ServiceName", _TASKS, _in_cluster),
    ),
}
# Dimensions that name no resource.
FIXED: Mapping[str, Mapping[str, str]] = {"AWS/Logs": {"DataProtectionOperation": "Audit"}}


@dataclass(frozen=True)
class Measure:
    """One metric of one widget, as CloudWatch looks for it."""

    region: str
    namespace: str
    name: str
    dimensions: Mapping[str, str]

    def __str__(self) -> str:
        said = ", ".join(f"{name}={value}" for name, value in self.dimensions.items())
        return f"{self.namespace} {self.name} {{{said}}} in {self.region}"


def unmeasured(scope: Scope) -> list[str]:
    """Say what a widget of the environment's dashboards shows and nothing deployed writes."""
    return [
        f"{dashboard.at('DashboardName')}, {_called(widget)}: {fault}"
        for dashboard in scope.resources(DASHBOARD)
        for widget in body(dashboard)["widgets"]
        for fault in _faults(widget, scope)
    ]


def body(dashboard: Resource) -> Json:
    """Read a dashboard's body, each reference as its name or a mark."""
    read: Json = json.loads(dashboard.at("DashboardBody"))
    return read


def measures(widget: Json) -> Iterator[Measure]:
    """List the metrics of a widget, those that a search looks for among them."""
    properties = widget["properties"]
    for row in properties.get("metrics", ()):
        *said, drawn = row
        region = drawn.get("region", properties["region"])
        if said:
            namespace, name, *pairs = said
            dimensions = dict(zip(pairs[::2], pairs[1::2], strict=True))
            yield Measure(region, namespace, name, dimensions)
        elif "SEARCH" in drawn["expression"]:
            found = _SEARCH.match(drawn["expression"])
            assert found, drawn["expression"]
            yield Measure(region, found["space"], found["name"], {found["dimension"]: "*"})


def _called(widget: Json) -> str:
    return str(widget["properties"].get("title", f"{widget['type']} at {widget['y']}"))


def _faults(widget: Json, scope: Scope) -> Iterator[str]:
    for measure in measures(widget):
        if not written(measure, scope):
            yield f"nothing writes {measure}"
    properties = widget["properties"]
    own = properties.get("annotations", {}).get("alarms", ())
    for arn in (*properties.get("alarms", ()), *own):
        alarm = _alarm(arn, scope)
        if alarm is None:
            yield f"there is no {arn}"
        elif arn in own and not all(written(one, scope) for one in _of_alarm(alarm)):
            yield f"nothing writes what {arn} looks at"
    if widget["type"] == "log":
        group = properties["query"].split("'")[1]
        if not _named(scope, LOG_GROUP, "LogGroupName", group, properties["region"]):
            yield f"there is no log group {group}"


def written(measure: Measure, scope: Scope) -> bool:
    """Say whether a resource of the environment writes a metric, in its region."""
    kinds = KINDS.get(measure.namespace)
    if kinds is None:
        return _filtered(measure, scope) or _put(measure, scope)
    dimensions = dict(measure.dimensions.items() - FIXED.get(measure.namespace, {}).items())
    asked = [kind for kind in kinds if kind.dimension in dimensions]
    if {kind.dimension for kind in asked} != set(dimensions) or not asked:
        return False
    return all(measure.name in kind.names and _stands(kind, measure, scope) for kind in asked)


def _stands(kind: Kind, measure: Measure, scope: Scope) -> bool:
    value = measure.dimensions[kind.dimension]
    found = _named(scope, kind.type, kind.named, value, measure.region)
    return any(kind.holds(resource, measure.dimensions) for resource in found)


def _named(scope: Scope, type_: str, named: str, value: str, region: str) -> list[Resource]:
    def name(resource: Resource) -> object:
        attribute = named.removeprefix(".")
        return resource.at(named) if attribute == named else reference(resource, attribute)

    return [
        resource
        for resource in scope.resources(type_)
        if resource.stack.template.region == region and name(resource) == value
    ]


def _filtered(measure: Measure, scope: Scope) -> bool:
    """Say whether a filter makes the metric of log lines of a group that is there."""
    for filter_ in scope.resources("AWS::Logs::MetricFilter"):
        group = str(filter_.at("LogGroupName"))
        for one in filter_.at("MetricTransformations"):
            dimensions = {known(each)["Key"] for each in one.get("Dimensions", ())}
            if (
                (one["MetricNamespace"], one["MetricName"]) == (measure.namespace, measure.name)
                and dimensions == set(measure.dimensions)
                and filter_.stack.template.region == measure.region
                and _named(scope, LOG_GROUP, "LogGroupName", group, measure.region)
            ):
                return True
    return False


def _put(measure: Measure, scope: Scope) -> bool:
    """Say whether a function that may write the namespace measures what it is asked for."""
    environment = measure.dimensions.get("Environment")
    if environment != scope.environment.name:
        return False
    secret = measure.dimensions.get("Secret")
    return any(
        function.stack.template.region == measure.region
        and _says(function, measure.name)
        and (secret is None or secret in _plans(function))
        for function in _writers(measure.namespace, scope)
    )


def _writers(namespace: str, scope: Scope) -> Iterator[Resource]:
    """List the functions whose role may put metrics into a namespace."""
    roles = set()
    for policy in scope.resources(*POLICIES):
        for statement in known(policy.at("PolicyDocument"))["Statement"]:
            spaces = statement.get("Condition", {}).get("StringEquals", {})
            put = PUT in _listed(statement.get("Action"))
            if put and namespace in _listed(spaces.get("cloudwatch:namespace")):
                roles |= {str(role) for role in policy.at("Roles", [])}
    for function in scope.resources(FUNCTION):
        if str(function.at("Role")).rpartition("/")[2] in roles:
            yield function


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _plans(function: Resource) -> Json:
    plans: Json = json.loads(function.at("Environment.Variables.PLANS", "{}"))
    return plans


def _says(function: Resource, name: str) -> bool:
    """Say whether the function is told the metric's name, or its code holds it."""
    variables = function.at("Environment.Variables", {})
    return name in variables.values() or f'"{name}"' in _code(function)


def _code(function: Resource) -> str:
    """Read the function's code as it is uploaded."""
    asset = function.stack.template.assets.get(str(function.at("Code.S3Key")))
    found = contents(asset) if asset else ()
    return "\n".join(data.decode("utf-8", "ignore") for _, data in found)


def _alarm(arn: str, scope: Scope) -> Resource | None:
    *_, region, account, _, name = arn.split(":")
    for alarm in scope.resources(ALARM, COMPOSITE):
        template = alarm.stack.template
        here = (template.region, template.account) == (region, account)
        if here and alarm.at("AlarmName") == name:
            return alarm
    return None


def _of_alarm(alarm: Resource) -> Iterator[Measure]:
    for query in alarm.at("Metrics", []):
        metric = query.get("MetricStat", {}).get("Metric")
        if metric:
            yield Measure(
                str(alarm.stack.template.region),
                metric["Namespace"],
                metric["MetricName"],
                {one["Name"]: one["Value"] for one in metric.get("Dimensions", ())},
            )
