"""The one state machine that may force a new deployment, and the one shape that it may do so in.

A restart is no deploy: the call names a cluster and a service, and nothing of what runs there.
"""

import json
from collections.abc import Mapping
from typing import Any

from policies.templates.scope import Resource, Scope
from policies.templates.values import Unknown

Json = Any
MACHINE = "AWS::StepFunctions::StateMachine"
_FORCE = "ForceNewDeployment"
_UPDATE = "arn:aws:states:::aws-sdk:ecs:updateService"


def is_restart_machine(resource: Resource, scope: Scope) -> bool:
    """Say whether a resource is the state machine that follows rotations, by its name."""
    name = scope.principals.secret_restart.rpartition("/")[2]
    return resource.type == MACHINE and resource.at("StateMachineName") == name


def steps(resource: Resource) -> Mapping[str, Json]:
    """Read the states of a state machine's definition; none when it is no JSON throughout.

    A definition that CloudFormation fills in later is not read: nobody knows what it will be.
    """
    text = resource.properties.get("DefinitionString")
    if isinstance(text, Unknown) or not isinstance(text, str):
        return {}
    if "DefinitionSubstitutions" in resource.properties:
        return {}
    try:
        states = json.loads(text)["States"]
    except (KeyError, TypeError, ValueError):
        return {}
    return states if isinstance(states, dict) else {}


def restarts(state: Json, cluster: str) -> bool:
    """Say whether a state asks for new tasks of what runs in this cluster, and for nothing else."""
    if not isinstance(state, dict) or state.get("Resource") != _UPDATE:
        return False
    given = state.get("Parameters")
    wanted = {"Cluster": cluster, "Service.$": "$.service", _FORCE: True}
    return isinstance(given, dict) and given == wanted and given[_FORCE] is True


def without_restarts(resource: Resource, scope: Scope) -> dict[str, Json] | None:
    """Write the body of that state machine without the switch in such states; None for others."""
    if not is_restart_machine(resource, scope):
        return None
    states = steps(resource)
    cluster = scope.environment.slug
    if not any(restarts(state, cluster) for state in states.values()):
        return None
    definition = json.loads(resource.properties["DefinitionString"])
    for state in definition["States"].values():
        if restarts(state, cluster):
            del state["Parameters"][_FORCE]
    properties = {**resource.properties, "DefinitionString": json.dumps(definition)}
    return {**resource.body, "Properties": properties}
