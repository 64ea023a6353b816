"""ROVN-HLT-3: Route 53 asks each service from three regions or more, beside the canary."""

from collections.abc import Iterator
from typing import Any

from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import closed, number, switch
from runbook.model.ingress import PRODUCTION_PORT
from runbook.model.services import Service

Json = Any
CHECK = "AWS::Route53::HealthCheck"
FEWEST_REGIONS, INTERVAL_SECONDS = 3, 30
# How long it has to last, the alarm decides: a checker that waits, too, makes it longer unseen.
THRESHOLD = 1
# Where Route 53 asks from if nobody says so: all of them.
_EVERYWHERE = (
    *("ap-northeast-1", "ap-southeast-1", "ap-southeast-2", "eu-west-1"),
    *("sa-east-1", "us-east-1", "us-west-1", "us-west-2"),
)
_CONFIG = "HealthCheckConfig"
# What makes of a check something else than asking this one address and taking the answer for it.
_ELSE = (
    "AlarmIdentifier",
    "ChildHealthChecks",
    "HealthThreshold",
    "InsufficientDataHealthStatus",
    "IPAddress",
    "RoutingControlArn",
    "SearchString",
)


def _asked(check: Resource, scope: Scope) -> Service | None:
    """Find the service whose host name it asks."""
    hostname = check.at(f"{_CONFIG}.FullyQualifiedDomainName")
    services = scope.environment.services.values()
    return next((service for service in services if service.ingress.hostname == hostname), None)


def _judge(check: Resource, scope: Scope) -> Iterator[str]:
    config = closed(check.at(_CONFIG, {}))
    service = _asked(check, scope)
    if service is None:
        found = config.get("FullyQualifiedDomainName", "no host name")
        yield f"it asks {found}, which is no service's"
        return
    wanted: dict[str, Json] = {
        "EnableSNI": True,
        "FailureThreshold": THRESHOLD,
        "Inverted": False,
        "MeasureLatency": True,
        "Port": PRODUCTION_PORT,
        "RequestInterval": INTERVAL_SECONDS,
        "ResourcePath": service.health_path,
        "Type": "HTTPS",
    }
    for key, value in wanted.items():
        found = switch(number(config.get(key, _defaults(key))))
        if found != value:
            yield f"{key} is {found}, not {value}"
    for key in _ELSE:
        if key in config:
            yield f"{key} is set: it does not only ask the service"
    yield from _regions(config)


def _defaults(key: str) -> Json:
    """Give what Route 53 takes for what is not written."""
    return {
        "EnableSNI": True,
        "FailureThreshold": 3,
        "Inverted": False,
        "MeasureLatency": False,
        "Port": PRODUCTION_PORT,
        "RequestInterval": 30,
        "ResourcePath": "/",
    }.get(key)


def _regions(config: dict[str, Json]) -> Iterator[str]:
    regions = set(config.get("Regions", _EVERYWHERE))
    if len(regions) < FEWEST_REGIONS:
        named = ", ".join(sorted(regions)) or "no region"
        yield f"it asks from {named}: {FEWEST_REGIONS} are the least that find a quorum"


def _required(scope: Scope) -> Iterator[str]:
    asked = [_asked(check, scope) for check in scope.resources(CHECK)]
    for name, service in scope.environment.services.items():
        if service not in asked:
            yield f"no health check of Route 53 asks {name}: the canary alone would see an outage"


RULE = Rule(
    id="second-vantage",
    title="Route 53 asks each service's health path by TLS every 30 seconds, from three regions or "
    "more",
    why="A canary in the service's own region goes down with it, and says nothing: then somebody "
    "elsewhere has to see that nobody is reached.",
    remedy="Leave health checks to stacks/probe_stack.py; host name and path stand in the "
    "environment file.",
    clauses=("ROVN-HLT-3",),
    controls=("HIPAA 164.308(a)(7)(ii)(C)", "NIST CA-7", "NIST CP-2", "SOC2 A1.1"),
    types=(CHECK,),
    judge=_judge,
    required=_required,
    waivable=False,
)
