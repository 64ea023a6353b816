"""ROVN-HLT-1: 200 on the health path is what makes a task healthy."""

from collections.abc import Iterator

from policies.lookups.services import (
    TASK_DEFINITION,
    consumer_of,
    ecs_services,
    main_container,
    target_groups_of,
)
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import switch
from runbook.model.services import Service

# Where AWS asks unless a port is named.
_TRAFFIC = "traffic-port"
_TARGET_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"


def _served(resource: Resource, scope: Scope) -> Service | None:
    """Find the service whose target group or task definition it is."""
    if resource.type == TASK_DEFINITION:
        return scope.environment.services.get(consumer_of(resource, scope) or "")
    for _, model, service in ecs_services(scope):
        if resource in target_groups_of(service, scope):
            return model
    return None


def _concerns(resource: Resource, scope: Scope) -> bool:
    return _served(resource, scope) is not None


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    model = _served(resource, scope)
    if model is None:
        return
    if resource.type == TASK_DEFINITION:
        yield from _task(resource, model, scope)
    else:
        yield from _target_group(resource, model)


def _target_group(group: Resource, model: Service) -> Iterator[str]:
    if switch(group.at("HealthCheckEnabled", default=True)) is not True:
        yield "it does not check the health of its targets"
    path = group.at("HealthCheckPath", "/")
    if path != model.health_path:
        yield f"it asks for {path}, not for {model.health_path}"
    port = str(group.at("HealthCheckPort", _TRAFFIC))
    if port not in (_TRAFFIC, str(model.port)):
        yield f"it asks at port {port}, not where requests go"
    codes = str(group.at("Matcher.HttpCode", "200"))
    if codes != "200":
        yield f"it takes {codes} for healthy, not 200"


def _task(definition: Resource, model: Service, scope: Scope) -> Iterator[str]:
    main = main_container(definition, scope)
    command = main.at("HealthCheck.Command") if main else None
    wanted = ["CMD", *model.health_command]
    if command != wanted:
        yield f"the container's health command is {command}, not {wanted}"
    # ECS leaves the health of other containers out of the task's.
    if main and switch(main.at("Essential", default=True)) is not True:
        yield f"{main.name} is not essential: the task stays healthy without it"


RULE = Rule(
    id="health-path",
    title="A task is healthy when health_path answers 200 and its health_command succeeds",
    why="A check that asks for something else sends requests to tasks that cannot serve them.",
    remedy="Set health_path and health_command of the service in the environment file.",
    clauses=("ROVN-HLT-1",),
    controls=("NIST SC-5", "SOC2 A1.1"),
    types=(TASK_DEFINITION, _TARGET_GROUP),
    concerns=_concerns,
    judge=_judge,
)
