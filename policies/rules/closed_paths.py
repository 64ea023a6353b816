"""ROVN-HLT-2: the load balancer itself answers what nobody may reach from the internet.

It compares paths as they were sent. What decodes them first is held by ``closed-paths-decoded``.
"""

import re
from collections.abc import Iterator
from typing import Any

from policies.lookups.services import ecs_services, referred, target_groups_of
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import number
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
    there = _forwarded(resource, scope)
    served = [
        model
        for _, model, service in ecs_services(scope)
        if any(group in there for group in target_groups_of(service, scope))
    ]
    # The test listener is open to the environment's own addresses alone (docs/decisions/0020).
    test_port = scope.environment.load_balancer.test_port
    if not served or number(_listener_of(resource, scope).at("Port")) == test_port:
        return []
    return served


def _forwarded(resource: Resource, scope: Scope) -> list[Resource]:
    """List the target groups that a listener or rule leads to."""
    actions = resource.at("DefaultActions", []) + resource.at("Actions", [])
    return [
        referred(group["TargetGroupArn"], scope)
        for action in actions
        for group in (action, *action.get("ForwardConfig", {}).get("TargetGroups", []))
        if "TargetGroupArn" in group
    ]


def _strangers(resource: Resource, scope: Scope) -> list[Resource]:
    """List the target groups that a listener or rule leads to, and that are no service's."""
    ours = [
        group for _, _, service in ecs_services(scope) for group in target_groups_of(service, scope)
    ]
    return [group for group in _forwarded(resource, scope) if group not in ours]


def _concerns(resource: Resource, scope: Scope) -> bool:
    served = _served(resource, scope)
    closing = any(model.ingress.closed_paths for model in served)
    return closing or bool(_strangers(resource, scope))


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    listener = _listener_of(resource, scope)
    before = _LAST if resource is listener else number(resource.at("Priority"))
    hosts = _hosts(resource)
    for group in _strangers(resource, scope):
        yield f"{group} is of no service of the environment file: what it leads to is unseen"
    for model in _served(resource, scope):
        patterns = [
            pattern
            for rule in scope.resources(_LISTENER_RULE)
            if scope.target(rule.at("ListenerArn")) is listener
            if number(rule.at("Priority")) < before
            if _refuses(rule)
            for pattern in _patterns(rule, hosts)
        ]
        for path in model.ingress.closed_paths:
            if not any(_covers(pattern, path) for pattern in patterns):
                yield f"{path} reaches {model.name}: no rule before it answers with a 4xx"
        if model.ingress.closed_paths and resource.at("Transforms", []):
            yield "its Transforms rewrite what was compared: a path may become a closed one"


def _refuses(rule: Resource) -> bool:
    kinds = [action["Type"] for action in rule.at("Actions", [])]
    code = rule.at("Actions.0.FixedResponseConfig.StatusCode", "")
    return kinds == ["fixed-response"] and str(code).startswith("4")


def _values(condition: dict[str, Any]) -> list[str]:
    own = condition.get(_CONFIGS.get(condition["Field"], ""), {}).get("Values", [])
    return [*own, *condition.get("Values", [])]


def _hosts(resource: Resource) -> list[str]:
    """List the host names that it takes requests for; without a condition, any."""
    for condition in resource.at("Conditions", []):
        if condition["Field"] == "host-header":
            # An expression may take any name.
            return _values(condition) or ["*"]
    return ["*"]


def _patterns(rule: Resource, hosts: list[str]) -> list[str]:
    """List the paths that a rule takes of all these hosts; none if it asks for more."""
    paths: list[list[str]] = []
    for condition in rule.at("Conditions", []):
        kind, values = condition["Field"], _values(condition)
        if kind == "path-pattern":
            paths.append(values)
        elif kind != "host-header" or not all(
            any(_covers(value, host) for value in values) for host in hosts
        ):
            return []
    # All conditions have to hold: two of paths leave out what only one of them takes.
    return paths.pop() if len(paths) == 1 else []


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
