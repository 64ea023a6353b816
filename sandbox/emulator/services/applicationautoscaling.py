"""Application Auto Scaling: scalable targets and policies of ECS services.

moto's knows ECS services of its own only, and makes the same alarms whatever a policy tracks.
Here nothing scales by load: no metric is evaluated, so no alarm is told.
"""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

from runbook.deployed.spelling import as_request
from sandbox.emulator.client import client
from sandbox.emulator.own_calls import Caller, Members, RefusedError, answers
from sandbox.emulator.patching import PATCHES
from sandbox.emulator.resource_types import ADDED, AddedType, Created, Properties
from sandbox.emulator.services.ecs import want

SERVICE = "application-autoscaling"
IDENTITY = ("ServiceNamespace", "ResourceId", "ScalableDimension")
Key = tuple[str, ...]

# By account, region and identity; policies by their name beyond that.
TARGETS: dict[Key, Members] = {}
POLICIES: dict[Key, Members] = {}
# By the target's ARN.
TAGS: dict[str, dict[str, str]] = {}

PATCHES.needs("ministack.services.ecs", "_services")


def _request(operation: str, properties: Properties) -> dict[str, Any]:
    shape = client(SERVICE).meta.service_model.operation_model(operation).input_shape
    request: dict[str, Any] = as_request(shape, properties)
    return request


# --- AWS::ApplicationAutoScaling::ScalableTarget ---


def create_target(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Register the target; Ref gives what identifies it."""
    given = {
        name: value
        for name, value in properties.items()
        if name not in ("ScheduledActions", "Tags")
    }
    client(SERVICE).register_scalable_target(
        **_request("RegisterScalableTarget", given), Tags=_tags(properties)
    )
    identity = f"{given['ResourceId']}|{given['ScalableDimension']}|{given['ServiceNamespace']}"
    return identity, {"Id": identity}


def _tags(properties: Properties) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}


def update_target(
    identity: str, old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Register it again, which changes one that there is."""
    updated = create_target(logical_id, new, stack)
    dropped = sorted(_tags(old).keys() - _tags(new).keys())
    if dropped and updated[0] == identity:
        resource, dimension, namespace = identity.split("|")
        [target] = client(SERVICE).describe_scalable_targets(
            ServiceNamespace=namespace, ResourceIds=[resource], ScalableDimension=dimension
        )["ScalableTargets"]
        arn = target["ScalableTargetARN"]
        client(SERVICE).untag_resource(ResourceARN=arn, TagKeys=dropped)
    return updated


def delete_target(identity: str, _properties: Properties) -> None:
    """Deregister the target."""
    resource, dimension, namespace = identity.split("|")
    client(SERVICE).deregister_scalable_target(
        ResourceId=resource, ScalableDimension=dimension, ServiceNamespace=namespace
    )


ADDED["AWS::ApplicationAutoScaling::ScalableTarget"] = AddedType(
    create_target, update_target, delete_target
)


# --- AWS::ApplicationAutoScaling::ScalingPolicy ---


def _identified(properties: Properties) -> Properties:
    """Return the properties with the identity of the target that they may name by its Ref."""
    given = {name: value for name, value in properties.items() if name != "ScalingTargetId"}
    if "ScalingTargetId" in properties:
        parts = properties["ScalingTargetId"].split("|")
        given |= dict(
            zip(("ResourceId", "ScalableDimension", "ServiceNamespace"), parts, strict=True)
        )
    return given


def create_policy(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Put the policy on its target; Ref gives its ARN and what it scales."""
    request = _request("PutScalingPolicy", _identified(properties))
    arn = client(SERVICE).put_scaling_policy(**request)["PolicyARN"]
    return f"{arn}|{request['ScalableDimension']}", {"Arn": arn}


def update_policy(
    _identity: str, _old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Put it again: of the same name and target it keeps its ARN, else it is another one."""
    return create_policy(logical_id, new, stack)


def delete_policy(_identity: str, properties: Properties) -> None:
    """Delete the policy."""
    given = _identified(properties)
    client(SERVICE).delete_scaling_policy(
        PolicyName=given["PolicyName"], **{name: given[name] for name in IDENTITY}
    )


ADDED["AWS::ApplicationAutoScaling::ScalingPolicy"] = AddedType(
    create_policy, update_policy, delete_policy, tagged=False
)


# --- The service's calls ---


def _key(caller: Caller, request: Members, *more: str) -> Key:
    given = (request.get(name, "") for name in (*IDENTITY, *more))
    return (caller.account, caller.region, *given)


def _of_namespace(caller: Caller, request: Members, records: dict[Key, Members]) -> list[Members]:
    start = (caller.account, caller.region, request["ServiceNamespace"])
    return [record for key, record in records.items() if key[:3] == start]


@answers("application-autoscaling", "RegisterScalableTarget")
def register(caller: Caller, request: Members) -> Members:
    """Keep a target, and let its service want no fewer tasks than allowed, and no more."""
    from ministack.services import ecs

    if request["ServiceNamespace"] != "ecs":
        raise RefusedError("ValidationException", "the sandbox scales ECS services only")
    _, cluster, name = request["ResourceId"].split("/")
    service = ecs._services.get_scoped(caller.account, caller.region, f"{cluster}/{name}")
    if service is None or service["status"] != "ACTIVE":
        raise RefusedError("ValidationException", f"there is no ECS service {cluster}/{name}")
    key = _key(caller, request)
    before = TARGETS.get(
        key,
        {
            "CreationTime": time.time(),
            "RoleARN": f"arn:aws:iam::{caller.account}:role/aws-service-role/"
            "ecs.application-autoscaling.amazonaws.com/"
            "AWSServiceRoleForApplicationAutoScaling_ECSService",
            "ScalableTargetARN": caller.arn(SERVICE, f"scalable-target/{uuid4().hex}"),
        },
    )
    target = before | {name: value for name, value in request.items() if name != "Tags"}
    TARGETS[key] = target
    TAGS.setdefault(target["ScalableTargetARN"], {}).update(request.get("Tags", {}))
    count = service["desiredCount"]
    within = min(max(count, target["MinCapacity"]), target["MaxCapacity"])
    if within != count:
        want(service, within)
    return {"ScalableTargetARN": target["ScalableTargetARN"]}


@answers("application-autoscaling", "DescribeScalableTargets")
def describe_targets(caller: Caller, request: Members) -> Members:
    """Tell the targets, of the given resources if any are given."""
    wanted = request.get("ResourceIds")
    found = _of_namespace(caller, request, TARGETS)
    return {"ScalableTargets": [t for t in found if not wanted or t["ResourceId"] in wanted]}


@answers("application-autoscaling", "DeregisterScalableTarget")
def deregister(caller: Caller, request: Members) -> Members:
    """Forget a target, and its policies with it, as AWS does."""
    key = _existing(TARGETS, _key(caller, request))
    TAGS.pop(TARGETS.pop(key)["ScalableTargetARN"])
    for policy in [policy for policy in POLICIES if policy[: len(key)] == key]:
        del POLICIES[policy]
    return {}


@answers("application-autoscaling", "TagResource")
def tag(_caller: Caller, request: Members) -> Members:
    """Add tags."""
    _tags_of(request).update(request["Tags"])
    return {}


@answers("application-autoscaling", "UntagResource")
def untag(_caller: Caller, request: Members) -> Members:
    """Remove tags."""
    for key in request["TagKeys"]:
        _tags_of(request).pop(key, None)
    return {}


@answers("application-autoscaling", "ListTagsForResource")
def list_tags(_caller: Caller, request: Members) -> Members:
    """Tell the tags."""
    return {"Tags": _tags_of(request)}


def _tags_of(request: Members) -> dict[str, str]:
    arn = request["ResourceARN"]
    if arn not in TAGS:
        raise RefusedError("ResourceNotFoundException", f"there is no {arn}")
    return TAGS[arn]


@answers("application-autoscaling", "PutScalingPolicy")
def put_policy(caller: Caller, request: Members) -> Members:
    """Keep the policy of a target that there is."""
    _existing(TARGETS, _key(caller, request))
    key = _key(caller, request, "PolicyName")
    place = f"resource/{request['ServiceNamespace']}/{request['ResourceId']}"
    made = {
        "Alarms": [],
        "CreationTime": time.time(),
        "PolicyARN": caller.arn(
            "autoscaling",
            f"scalingPolicy:{uuid4()}:{place}:policyName/{request['PolicyName']}",
        ),
    }
    known = ("Alarms", "CreationTime", "PolicyARN")
    kept = {name: POLICIES[key][name] for name in known} if key in POLICIES else made
    POLICIES[key] = kept | request
    return {"PolicyARN": kept["PolicyARN"], "Alarms": kept["Alarms"]}


@answers("application-autoscaling", "DescribeScalingPolicies")
def describe_policies(caller: Caller, request: Members) -> Members:
    """Tell the policies, of the given names or resource if those are given."""
    names, resource = request.get("PolicyNames"), request.get("ResourceId")
    found = [
        policy
        for policy in _of_namespace(caller, request, POLICIES)
        if (not names or policy["PolicyName"] in names) and resource in (None, policy["ResourceId"])
    ]
    return {"ScalingPolicies": found}


@answers("application-autoscaling", "DeleteScalingPolicy")
def remove_policy(caller: Caller, request: Members) -> Members:
    """Forget the policy."""
    del POLICIES[_existing(POLICIES, _key(caller, request, "PolicyName"))]
    return {}


def _existing(records: dict[Key, Members], key: Key) -> Key:
    if key not in records:
        what = " ".join(key[2:])
        raise RefusedError("ObjectNotFoundException", f"nothing is registered as {what}")
    return key
