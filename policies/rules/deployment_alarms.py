"""ROVN-DEP-4: what callers see ends a deployment, and brings the old tasks back."""

from collections.abc import Iterator

from policies.lookups.catalogue import ALARM
from policies.lookups.services import ECS_SERVICE, is_in_file, model_of
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import closed
from runbook.alarms.web import deployment_alarms

_ALARMS = "DeploymentConfiguration.Alarms"


def _judge(service: Resource, scope: Scope) -> Iterator[str]:
    found = model_of(service, scope)
    if found is None:
        return
    key, _ = found
    wanted = deployment_alarms(scope.environment, key)
    names = closed(service.at(f"{_ALARMS}.AlarmNames", []))
    for name in wanted:
        if name not in names:
            yield f"its deployments do not end when {name} rings"
        yield from _stands_first(name, service)
    for name in names:
        if name not in wanted:
            yield f"its deployments end when {name} rings, which is not of {key}"
    for switch, what in (("Enable", "ECS does not look at them"), ("Rollback", "the new stay")):
        if (value := service.at(f"{_ALARMS}.{switch}")) is not True:
            yield f"{switch} is {value}: {what}"


def _stands_first(name: str, service: Resource) -> Iterator[str]:
    """Want the alarm in the service's own stack and made before it, since ECS names it."""
    alarms = service.stack.resources.items()
    own = [
        logical_id
        for logical_id, alarm in alarms
        if alarm.type == ALARM and alarm.at("AlarmName") == name
    ]
    after = service.body.get("DependsOn", [])
    waits = [after] if isinstance(after, str) else after
    if not own:
        yield f"{name} does not stand in its stack"
    elif own[0] not in waits:
        yield f"it does not wait for {name}, and ECS refuses an alarm that is not there"


RULE = Rule(
    id="deployment-alarms",
    title="Errors, failing health checks and slowness end a deployment, and ECS goes back",
    why="A release that answers its probe can still fail real requests: within the bake time going "
    "back takes seconds, and nobody has to be awake.",
    remedy="Leave the alarms to stacks/service_stack.py and runbook_constructs.web_service; which "
    "they are, runbook/alarms/web.py says.",
    clauses=("ROVN-DEP-4",),
    controls=("NIST CM-3", "NIST SI-4", "SOC2 CC8.1"),
    types=(ECS_SERVICE,),
    concerns=is_in_file,
    judge=_judge,
    waivable=False,
)
