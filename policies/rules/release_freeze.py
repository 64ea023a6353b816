"""ROVN-MIG-1: releases can be frozen, and no program of the stacks lifts a freeze."""

import json
from collections.abc import Iterator

from policies.iam.grants import holds_policies, outsiders
from policies.rule import ANY, Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import known

PARAMETER = "AWS::SSM::Parameter"
ACTIONS = ("ssm:DeleteParameter", "ssm:DeleteParameters", "ssm:PutParameter")


def _name(scope: Scope) -> str:
    return f"/{scope.environment.name}/release-freeze"


def _is_freeze(resource: Resource, scope: Scope) -> bool:
    return bool(resource.type == PARAMETER and resource.at("Name") == _name(scope))


def _concerns(resource: Resource, scope: Scope) -> bool:
    return _is_freeze(resource, scope) or holds_policies(resource, scope)


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    if resource.type == PARAMETER:
        yield from _value(resource)
        return
    environment = scope.environment
    place = f"arn:aws:ssm:{environment.region}:{environment.account}"
    # CloudFormation makes it, and has no reason to write it again.
    may = scope.principals.builders
    yield from outsiders(resource, scope, ACTIONS, may, [f"{place}:parameter{_name(scope)}"])


def _value(parameter: Resource) -> Iterator[str]:
    if (kind := parameter.at("Type")) != "String":
        yield f"it is a {kind}, not a String: the gate reads no other"
    try:
        value = json.loads(str(known(parameter.at("Value", ""))))
    except ValueError:
        value = None
    if not isinstance(value, dict) or not isinstance(value.get("frozen"), bool):
        yield 'its value is no JSON object with "frozen" true or false: every release is refused'


def _required(scope: Scope) -> Iterator[str]:
    if not any(_is_freeze(found, scope) for found in scope.resources(PARAMETER)):
        yield f"no parameter is called {_name(scope)}"


RULE = Rule(
    id="release-freeze",
    title="Each environment has its freeze of releases, which CloudFormation makes and only "
    "break-glass roles change",
    why="In an incident releases must stand still. A program that may write the freeze may lift "
    "it.",
    remedy="Leave the parameter to stacks.release_gate_stack, and take ssm:PutParameter out of the "
    "policy, or name other parameters in it.",
    clauses=("ROVN-MIG-1",),
    controls=("HIPAA 164.308(a)(6)(ii)", "NIST CM-3", "NIST IR-4", "SOC2 CC7.4"),
    types=ANY,
    concerns=_concerns,
    judge=_judge,
    required=_required,
    waivable=False,
)
