"""ROVN-DEP-7: tasks stand in two zones at least, and none of them is missed in a deployment."""

from collections.abc import Iterator

from policies.lookups.services import ECS_SERVICE, referred
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import number

_SUBNETS = "NetworkConfiguration.AwsvpcConfiguration.Subnets"
_HEALTHY = "DeploymentConfiguration.MinimumHealthyPercent"


def _judge(service: Resource, scope: Scope) -> Iterator[str]:
    subnets = [referred(subnet, scope) for subnet in service.at(_SUBNETS, [])]
    zones = sorted({subnet.at("AvailabilityZone", "no zone of its own") for subnet in subnets})
    if len(zones) < 2:
        yield f"its subnets are in {', '.join(zones) or 'no zone'}, not in two zones"
    # ECS takes ENABLED for a new service, and for an old one what it had.
    balancing = service.at("AvailabilityZoneRebalancing")
    if balancing != "ENABLED":
        yield f"AvailabilityZoneRebalancing is {balancing}, not ENABLED"
    healthy = number(service.at(_HEALTHY, 100))
    if healthy < 100:
        yield f"MinimumHealthyPercent is {healthy}: a deployment stops tasks too early"


RULE = Rule(
    id="service-zones",
    title="Every ECS service runs in at least two availability zones",
    why="When a zone fails, all requests fail with it.",
    remedy="Name at least two availability_zones in the environment file; "
    "runbook_constructs.web_service uses all of them.",
    clauses=("ROVN-DEP-7",),
    controls=("HIPAA 164.308(a)(7)(i)", "NIST CP-10", "NIST SC-5", "SOC2 A1.2"),
    types=(ECS_SERVICE,),
    judge=_judge,
)
