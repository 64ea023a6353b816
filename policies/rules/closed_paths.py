"""ROVN-HLT-2: the load balancer itself answers what nobody may reach from the internet.

It compares paths as they were sent. What decodes them first is held by ``closed-paths-decoded``.
"""

import re
from collections.abc import Iterator
from typing import Any

from policies.resource import Resource
from policies.rule import Rule
from policies.scope import Scope
from policies.services import ecs_services, referred, target_groups_of
from runbook.model.services import Service

_LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
_LISTENER_RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
_CONFIGS = {"host-header": "HostHeaderConfig", "path-pattern": "PathPatternConfig"}
# A listener's default actions come after all of its rules.
_LAST = float("inf")


def _listener_of(resource: Resource, scope: Scope) -> Resource:
    if resource.type == _LISTENER:
        return resource
    return referred(resource.at("ListenerArn"), scope)


def _served(resource: Resource, scope: Scope) -> list[Service]:
    """List the services that a listener or rule sends requests from the internet to."""
    forwarded = _forwarded(resource.at("DefaultActions", []) + resource.at("Actions", []))
    there = [scope.target(value) for value in forwarded]
    served = [
        model
        for _, model, service in ecs_services(scope)
        if any(group in there for group in target_groups_of(service, scope))
    ]
    # The test listener is open to the environment's own addresses alone (docs/decisions/0020).
    test_port = scope.environment.load_balancer.test_port
    if not served or _listener_of(resource, scope).at("Port") == test_port:
        return []
    return served


def _forwarded(actions: list[dict[str, Any]]) -> list[Any]:
    """List the target groups that actions lead to."""
    return [
        group["TargetGroupArn"]
        for action in actions
        for group in (action, *action.get("ForwardConfig", {}).get("TargetGroups", []))
        if "TargetGroupArn" in group
    ]


def _concerns(resource: Resource, scope: Scope) -> bool:
    return any(model.ingress.closed_paths for model in _served(resource, scope))


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    listener = _listener_of(resource, scope)
    before = _LAST if resource is listener else resource.at("Priority")
    for model in _served(resource, scope):
        patterns = [
            pattern
            for rule in scope.resources(_LISTENER_RULE)
            if scope.target(rule.at("ListenerArn")) is listener and rule.at("Priority") < before
            if _refuses(rule)
            for pattern in _patterns(rule, model.ingress.hostname)
        ]
        for path in model.ingress.closed_paths:
            if not any(_covers(pattern, path) for pattern in patterns):
                yield f"{path} reaches {model.name}: no rule before it answers with a 4xx"


def _refuses(rule: Resource) -> bool:
    kinds = [action["Type"] for action in rule.at("Actions", [])]
    code = rule.at("Actions.0.FixedResponseConfig.StatusCode", "")
    return kinds == ["fixed-response"] and str(code).startswith("4")


def _patterns(rule: Resource, hostname: str) -> list[str]:
    """List the paths that a rule takes whatever else a request holds; none if it asks for more."""
    paths: list[str] = []
    for condition in rule.at("Conditions", []):
        kind = condition["Field"]
        own = condition.get(_CONFIGS.get(kind, ""), {}).get("Values", [])
        values = own + condition.get("Values", [])
        if kind == "path-pattern":
            paths += values
        elif kind != "host-header" or hostname not in values:
            return []
    return paths


def _covers(pattern: str, path: str) -> bool:
    """Whether a pattern takes every path of another, by the load balancer's own comparison.

    It tells capital letters from small ones; ``*`` is any text, ``?`` is one character.
    """
    wild = {"*": ".*", "?": r"[^*]"}
    return bool(re.fullmatch("".join(wild.get(c) or re.escape(c) for c in pattern), path))


RULE = Rule(
    id="closed-paths",
    title="Before a service is reached from the internet, its closed paths are answered with a 4xx",
    why="What raises errors on purpose, or shows the inside, is a gift to whoever finds it.",
    remedy="List the path under closed_paths of the service's ingress in the environment file; "
    "runbook_constructs.target_groups closes it.",
    clauses=("ROVN-HLT-2",),
    controls=("NIST AC-4", "NIST SC-7", "SOC2 CC6.6"),
    types=(_LISTENER, _LISTENER_RULE),
    concerns=_concerns,
    judge=_judge,
)
