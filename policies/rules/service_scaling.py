"""ROVN-DEP-7: autoscaling alone says how many tasks there are, between the file's limits."""

from collections.abc import Iterator

from policies.lookups.services import ECS_SERVICE, ecs_services, is_in_file
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import number, switch
from runbook.model.services import Service

_TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
_TRACKING = "TargetTrackingScalingPolicyConfiguration"
_METRIC = "PredefinedMetricSpecification.PredefinedMetricType"
_CPU = "ECSServiceAverageCPUUtilization"
_NAMES = ("ResourceId", "ScalableDimension", "ServiceNamespace")
_ONE_ZONE_EACH = 2


def _resource_id(service: Resource) -> str:
    cluster = str(service.at("Cluster", "default")).rpartition("/")[2]
    return f"service/{cluster}/{service.at('ServiceName')}"


def _counts(target: Resource, service: Resource) -> bool:
    kind = (target.at("ServiceNamespace"), target.at("ScalableDimension"))
    if kind != ("ecs", "ecs:service:DesiredCount"):
        return False
    return bool(target.at("ResourceId") == _resource_id(service))


def _scaled(target: Resource, scope: Scope) -> Service | None:
    """Find the service whose tasks a target counts."""
    found = (model for _, model, service in ecs_services(scope) if _counts(target, service))
    return next(found, None)


def _concerns(resource: Resource, scope: Scope) -> bool:
    if resource.type == ECS_SERVICE:
        return is_in_file(resource, scope)
    return _scaled(resource, scope) is not None


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    judge = _service if resource.type == ECS_SERVICE else _target
    yield from judge(resource, scope)


def _service(service: Resource, scope: Scope) -> Iterator[str]:
    count = service.at("DesiredCount")
    if count is not None:
        yield f"DesiredCount {count} would set the tasks back with each change of the stack"
    if not any(_counts(target, service) for target in scope.resources(_TARGET)):
        yield f"nothing scales {_resource_id(service)}"


def _is_for(policy: Resource, target: Resource, scope: Scope) -> bool:
    """Whether a policy moves this target, which it names in one piece or in three."""
    if policy.at("ScalingTargetId") is not None:
        return scope.target(policy.at("ScalingTargetId")) is target
    return all(policy.at(name) == target.at(name) for name in _NAMES)


def _target(target: Resource, scope: Scope) -> Iterator[str]:
    model = _scaled(target, scope)
    if model is None:
        return
    low, high = number(target.at("MinCapacity")), number(target.at("MaxCapacity"))
    if (low, high) != (model.min_tasks, model.max_tasks):
        yield f"it keeps {low} to {high} tasks, not {model.min_tasks} to {model.max_tasks}"
    if low < _ONE_ZONE_EACH:
        yield f"{low} task cannot stand in two zones"
    for name, held in target.at("SuspendedState", {}).items():
        if switch(held) is not False:
            yield f"{name} is {held}: nothing adds or takes away tasks"
    kept = [
        number(policy.at(f"{_TRACKING}.TargetValue"))
        for policy in scope.resources("AWS::ApplicationAutoScaling::ScalingPolicy")
        if _is_for(policy, target, scope) and policy.at(f"{_TRACKING}.{_METRIC}") == _CPU
        if switch(policy.at(f"{_TRACKING}.DisableScaleIn", default=False)) is False
    ]
    if model.cpu_target_percent not in kept:
        yield f"no scaling policy keeps its CPU near {model.cpu_target_percent} percent"
    for each in range(len(target.at("ScheduledActions", []))):
        action = f"ScheduledActions.{each}.ScalableTargetAction"
        floor = number(target.at(f"{action}.MinCapacity", model.min_tasks))
        ceiling = number(target.at(f"{action}.MaxCapacity", model.max_tasks))
        if not model.min_tasks <= ceiling <= model.max_tasks:
            yield f"a scheduled action lets it have {ceiling} tasks at most, outside the file's"
        if floor < model.min_tasks:
            yield f"a scheduled action lets it fall to {floor} tasks, below {model.min_tasks}"


RULE = Rule(
    id="service-scaling",
    title="Autoscaling alone counts a service's tasks, between min_tasks and max_tasks of the file",
    why="One task is one zone; and a count written beside autoscaling takes tasks away at a peak.",
    remedy="Set min_tasks (at least 2), max_tasks and cpu_target_percent in the environment file, "
    "and no DesiredCount.",
    clauses=("ROVN-DEP-7",),
    controls=("HIPAA 164.308(a)(7)(i)", "NIST SC-5", "SOC2 A1.1"),
    types=(ECS_SERVICE, _TARGET),
    concerns=_concerns,
    judge=_judge,
)
