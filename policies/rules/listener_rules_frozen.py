"""ROVN-DEP-4: no template moves the traffic that ECS has moved."""

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from policies.lookups.services import ecs_services, referred
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope

FILE = "frozen_listener_rules.toml"
_RULES = {"production": "ProductionListenerRule", "test": "TestListenerRule"}
# A new listener makes a new rule; tags are written by themselves.
_NOT_HELD = {"ListenerArn", "Tags"}
# A target group that differs in one of these is a new one, and the rule is written again for it.
_GROUPS = "groups"
_REPLACES = ("IpAddressType", "Name", "Port", "Protocol", "ProtocolVersion", "TargetType")
_ADVANCED = "LoadBalancers.0.AdvancedConfiguration"


@cache
def frozen() -> dict[str, Any]:
    """Read what each rule was first deployed with: environment, service, rule, properties."""
    return tomllib.loads((files("policies") / FILE).read_text(encoding="utf-8"))


def _held(rule: Resource, scope: Scope) -> tuple[str, str, Resource] | None:
    """Find the service that a rule leads to, and which of its two rules it is."""
    for key, model, service in ecs_services(scope):
        for which, name in _RULES.items() if model.strategy == "blue_green" else ():
            if scope.target(service.at(f"{_ADVANCED}.{name}")) is rule:
                return key, which, service
    return None


def _concerns(rule: Resource, scope: Scope) -> bool:
    return _held(rule, scope) is not None


def _judge(rule: Resource, scope: Scope) -> Iterator[str]:
    held = _held(rule, scope)
    if held is None:
        return
    key, which, service = held
    first = _of(scope).get(key, {}).get(which)
    if first is None:
        yield f"policies/{FILE} has no values for {scope.environment.name} {key} {which}"
        return
    groups = {
        "first": referred(service.at("LoadBalancers.0.TargetGroupArn"), scope),
        "alternate": referred(service.at(f"{_ADVANCED}.AlternateTargetGroupArn"), scope),
    }
    now = {name: _written(rule.at(name), groups, scope) for name in rule.properties}
    for name in sorted((now.keys() | first.keys()) - _NOT_HELD):
        if now.get(name) != first.get(name):
            yield f"{name} is {now.get(name)}, and was first deployed as {first.get(name)}"
    identities = _of(scope).get(key, {}).get(_GROUPS, {})
    for name, group in groups.items():
        found, wanted = _identity(group), identities.get(name)
        if found != wanted:
            yield f"its {name} target group is {found}, and was first deployed as {wanted}"


def _identity(group: Resource) -> dict[str, Any]:
    """Tell by what CloudFormation takes it for the same group: its logical id counts here."""
    given = {name: group.at(name) for name in _REPLACES if name in group.properties}
    return {"LogicalId": group.logical_id, **given}


def _written(value: Any, groups: dict[str, Resource], scope: Scope) -> Any:  # noqa: ANN401 - JSON is any value
    """Write a property as the file does, target groups by what they are to the service."""
    match value:
        case dict():
            return {key: _written(item, groups, scope) for key, item in value.items()}
        case list():
            return [_written(item, groups, scope) for item in value]
        case str():
            target = scope.target(value)
            names = (name for name, group in groups.items() if group is target)
            return next(names, str(value))
    return value


def _of(scope: Scope) -> dict[str, Any]:
    values: dict[str, Any] = frozen().get(scope.environment.name, {})
    return values


def _required(scope: Scope) -> Iterator[str]:
    """Tell which rules were deployed, and are gone or are no longer the service's."""
    there = {
        (key, which)
        for key, _, service in ecs_services(scope)
        for which, name in _RULES.items()
        if scope.target(service.at(f"{_ADVANCED}.{name}"))
    }
    for key, rules in _of(scope).items():
        for which in sorted(rules.keys() - {_GROUPS}):
            if (key, which) not in there:
                yield f"policies/{FILE} holds the {which} rule of {key}, and there is none"


RULE = Rule(
    id="listener-rules-frozen",
    title="The listener rules of blue/green services stay as they were first deployed",
    why="ECS moves their weights; CloudFormation writes them back with any change of the rule, "
    "and sends every request to a colour without tasks.",
    remedy=f"Take the change back, or follow the steps at the top of policies/{FILE}.",
    clauses=("ROVN-DEP-4",),
    controls=("NIST CM-3", "SOC2 CC8.1"),
    types=("AWS::ElasticLoadBalancingV2::ListenerRule",),
    concerns=_concerns,
    judge=_judge,
    required=_required,
)
