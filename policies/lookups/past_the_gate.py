"""What takes the release gate away, or goes past it, as CloudTrail tells EventBridge of it."""

from collections.abc import Mapping
from typing import Any

from policies.templates.scope import Scope

Json = Any
Event = Mapping[str, Json]
_BY_HAND = "203.0.113.7"
_CLOUDFORMATION = "cloudformation.amazonaws.com"


def attacks(scope: Scope) -> dict[str, Event]:
    """Map what somebody does by hand to its event: each of these has to page."""
    environment, principals = scope.environment, scope.principals
    slug, place = environment.slug, f"{environment.region}:{environment.account}"
    cluster = {"cluster": f"arn:aws:ecs:{place}:cluster/{slug}"}
    balancing = f"arn:aws:elasticloadbalancing:{place}"
    rule = f"{balancing}:listener-rule/app/{slug}/0123456789abcdef/0123456789abcdef/0123"
    listener = f"{balancing}:listener/app/{slug}/0123456789abcdef/0123456789abcdef"
    found: dict[str, Event] = {
        f"the {what} of a service are changed": _update(
            {"cluster": slug, "deploymentConfiguration": changed}
        )
        for what, changed in _CHANGES.items()
    }
    rolling = {"deploymentConfiguration": {"strategy": "ROLLING"}}
    found |= {
        "a service is left without hooks": _update({"cluster": slug}, hooks=[]),
        "a service is left without hooks, its cluster named by its ARN": _update(cluster, hooks=[]),
        "a service is left without blue/green": _update(cluster, strategy="ROLLING"),
        "a refused call tries another strategy": _call(
            "ecs", "UpdateService", {**cluster, **rolling}, errorCode="AccessDenied"
        ),
        "a service gets other target groups": _update(
            {**cluster, "loadBalancers": [{"targetGroupArn": "one"}]}
        ),
        "a service is deleted": _call("ecs", "DeleteService", cluster),
        "a service is created": _call("ecs", "CreateService", {"cluster": slug}),
        "a task set is created": _call("ecs", "CreateTaskSet", {"cluster": slug}),
        "traffic is shifted by hand": _call(
            "elasticloadbalancing", "ModifyRule", {"ruleArn": rule}
        ),
        "a listener is changed": _call(
            "elasticloadbalancing", "ModifyListener", {"listenerArn": listener}
        ),
        "a rule of the detector is shut off": _call(
            "events", "DisableRule", {"name": principals.named("detector-configuration")}
        ),
        "a rule of the detector loses its target": _call(
            "events", "RemoveTargets", {"rule": principals.named("detector-configuration")}
        ),
    }
    for key in principals.gated:
        roles = principals.gate_roles(key)
        hook, machine = (arn.rpartition("/")[2] for arn in (roles.hook, roles.machine))
        found[f"the gate of {key} gets other code"] = _call(
            "lambda", "UpdateFunctionCode20150331v2", {"functionName": hook}
        )
        found[f"the gate of {key} is deleted, named by its ARN"] = _call(
            "lambda",
            "DeleteFunction20150331",
            {"functionName": f"arn:aws:lambda:{place}:function:{hook}"},
        )
        found[f"the migrations of {key} get another order"] = _call(
            "states",
            "UpdateStateMachine",
            {"stateMachineArn": f"arn:aws:states:{place}:stateMachine:{machine}"},
        )
    return found


def releases(scope: Scope) -> dict[str, Event]:
    """Map what every release does to its event: a page for each would be read by nobody."""
    slug = scope.environment.slug
    configuration = {"deploymentConfiguration": {"strategy": "BLUE_GREEN"}}
    return {
        "a release by CloudFormation": _update(
            {"cluster": slug, **configuration}, sourceIPAddress=_CLOUDFORMATION
        ),
        "a known-good revision put back": _update({"cluster": slug}),
    }


# Each kind of thing that a deployment configuration holds.
_CHANGES: Mapping[str, Json] = {
    "strategy and bake time": {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0},
    "time-outs of hooks": {"lifecycleHooks": [{"timeoutConfiguration": {"action": "CONTINUE"}}]},
    "stages of hooks": {"lifecycleHooks": [{"lifecycleStages": ["POST_SCALE_UP"]}]},
    "alarms": {"alarms": {"enable": False, "rollback": False, "alarmNames": []}},
    "circuit breaker's settings": {"deploymentCircuitBreaker": {"rollback": False}},
    "numbers of tasks": {"maximumPercent": 200, "minimumHealthyPercent": 0},
}


_GATED = ({"hookTargetArn": "one"},)


def _update(
    parameters: Json, *, hooks: Json = _GATED, strategy: str = "BLUE_GREEN", **more: Json
) -> Event:
    """Write a call, and with which hooks and strategy it left the service."""
    left = {"strategy": strategy, "lifecycleHooks": list(hooks)}
    answer = {"service": {"deploymentConfiguration": left}}
    return _call("ecs", "UpdateService", parameters, responseElements=answer, **more)


def _call(service: str, name: str, parameters: Json, **more: Json) -> Event:
    detail = {
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "sourceIPAddress": _BY_HAND,
        "requestParameters": parameters,
    }
    return {
        "source": f"aws.{service}",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": detail | more,
    }
