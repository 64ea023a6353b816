"""ROVN-MIG-1, ALL-3: no release takes traffic past its gate."""

from collections.abc import Iterator

from policies.lookups.services import ECS_SERVICE, ecs_services
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import number
from runbook.model.gate import Gate

_HOOKS = "DeploymentConfiguration.LifecycleHooks"
_FUNCTION = "AWS::Lambda::Function"


def _gates(service: Resource, scope: Scope) -> Iterator[tuple[str, Gate]]:
    """Give the service's key and the gate that the environment file wants before it, if any."""
    for key, model, one in ecs_services(scope):
        if one is service and model.gate:
            yield key, model.gate


def _is_gated(service: Resource, scope: Scope) -> bool:
    return bool(list(_gates(service, scope)))


def _judge(service: Resource, scope: Scope) -> Iterator[str]:
    for key, gate in _gates(service, scope):
        yield from _hooks(service, key, gate, scope)


def _hooks(service: Resource, key: str, gate: Gate, scope: Scope) -> Iterator[str]:
    roles = scope.principals.gate_roles(key)
    wanted = {
        "PRE_SCALE_UP": (roles.hook, gate.timeout_minutes),
        "POST_TEST_TRAFFIC_SHIFT": (roles.probe, gate.probe_timeout_minutes),
    }
    hooks = [f"{_HOOKS}.{place}" for place in range(len(service.at(_HOOKS, [])))]
    for stage, (role, minutes) in wanted.items():
        there = [hook for hook in hooks if stage in service.at(f"{hook}.LifecycleStages", [])]
        if len(there) != 1:
            yield f"{len(there)} hooks stand at {stage}, not 1"
        for hook in there:
            yield from _function(service, hook, stage, role.rpartition("/")[2], scope)
            yield from _timeout(service, hook, stage, minutes)
            caller = service.at(f"{hook}.RoleArn")
            if caller != roles.invoke:
                yield f"at {stage} it is called by {caller}, not by {roles.invoke}"


def _function(service: Resource, hook: str, stage: str, name: str, scope: Scope) -> Iterator[str]:
    """Want the function that the stage is for, and that it is there."""
    kind = service.at(f"{hook}.TargetType", "AWS_LAMBDA")
    if kind != "AWS_LAMBDA":
        yield f"the hook at {stage} is a {kind}: it asks no function"
    environment = scope.environment
    arn = f"arn:aws:lambda:{environment.region}:{environment.account}:function:{name}"
    target = service.at(f"{hook}.HookTargetArn")
    if target != arn:
        yield f"at {stage} {target} is asked, not {arn}"
    if scope.whole and name not in [f.at("FunctionName") for f in scope.resources(_FUNCTION)]:
        yield f"no function is called {name}, so {stage} ends every release"


def _timeout(service: Resource, hook: str, stage: str, minutes: int) -> Iterator[str]:
    """Want no answer to be a no, and in the time of the environment file."""
    given = service.at(f"{hook}.TimeoutConfiguration.TimeoutInMinutes")
    if given is None or number(given) != minutes:
        yield f"the hook at {stage} has {given} minutes, not {minutes}"
    action = service.at(f"{hook}.TimeoutConfiguration.Action")
    if action != "ROLLBACK":
        yield f"without an answer {stage} ends in {action}, not in ROLLBACK"


RULE = Rule(
    id="release-hooks",
    title="Every blue/green service asks its gate before its first task and before it takes "
    "traffic, and no answer is a no",
    why="A release without the gate serves patients on a schema it cannot read, or before anybody "
    "has seen it answer.",
    remedy="Leave the hooks to runbook_constructs.web_service; [services.<key>.gate] of the "
    "environment file says how long they may take.",
    clauses=("ROVN-MIG-1", "ROVN-DEP-4", "ALL-3"),
    controls=("NIST CM-3", "NIST SI-10", "SOC2 CC8.1"),
    types=(ECS_SERVICE,),
    concerns=_is_gated,
    judge=_judge,
    waivable=False,
)
