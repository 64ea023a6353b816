"""Application Auto Scaling."""

from __future__ import annotations

from typing import Any

from runbook.deployed.description import (
    Description,
    NotThereError,
    Resource,
    describes,
    present,
    selected,
)
from runbook.deployed.equivalence import ANYTHING

SUSPENSIONS = (
    "DynamicScalingInSuspended",
    "DynamicScalingOutSuspended",
    "ScheduledScalingSuspended",
)
CONFIGURATION = "TargetTrackingScalingPolicyConfiguration"


@describes("AWS::ApplicationAutoScaling::ScalableTarget")
def scalable_target(resource: Resource) -> Description:
    """Read a scalable target."""
    identity, dimension, namespace = resource.physical_id.split("|")
    client = resource.client("application-autoscaling")
    answer = client.describe_scalable_targets(
        ServiceNamespace=namespace, ResourceIds=[identity], ScalableDimension=dimension
    )
    if not answer["ScalableTargets"]:
        raise NotThereError(f"no scalable target {identity}")
    found = answer["ScalableTargets"][0]
    tags = client.list_tags_for_resource(ResourceARN=found["ScalableTargetARN"])["Tags"]
    properties = {
        **selected(
            found,
            "MaxCapacity",
            "MinCapacity",
            "ResourceId",
            "RoleARN",
            "ScalableDimension",
            "ServiceNamespace",
            "SuspendedState",
        ),
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }
    suspended = frozenset({"SuspendedState"})
    defaults: dict[str, Any] = {f"SuspendedState.{name}": False for name in SUSPENSIONS}
    defaults["SuspendedState"] = dict.fromkeys(SUSPENSIONS, False)
    return Description(
        properties, {"Id": resource.physical_id}, closed=suspended, defaults=defaults
    )


@describes("AWS::ApplicationAutoScaling::ScalingPolicy")
def scaling_policy(resource: Resource) -> Description:
    """Read a scaling policy by its ARN; its target in the form that it is declared in."""
    arn, dimension = resource.physical_id.rsplit("|", 1)
    namespace = arn.split(":resource/")[1].split("/")[0]
    client = resource.client("application-autoscaling")
    pages = client.get_paginator("describe_scaling_policies").paginate(ServiceNamespace=namespace)
    found = [
        policy
        for page in pages
        for policy in page["ScalingPolicies"]
        if policy["PolicyARN"] == arn and policy["ScalableDimension"] == dimension
    ]
    if not found:
        raise NotThereError(f"no scaling policy {arn}")
    policy = found[0]
    target = "|".join(policy[name] for name in ("ResourceId", "ScalableDimension"))
    properties = {
        **selected(
            policy,
            CONFIGURATION,
            "PolicyName",
            "PolicyType",
            "ResourceId",
            "ScalableDimension",
            "ServiceNamespace",
            "StepScalingPolicyConfiguration",
        ),
        "ScalingTargetId": f"{target}|{namespace}",
    }
    return Description(
        present(properties),
        {"Arn": arn},
        closed=frozenset({CONFIGURATION, "StepScalingPolicyConfiguration"}),
        defaults={
            f"{CONFIGURATION}.DisableScaleIn": False,
            f"{CONFIGURATION}.ScaleInCooldown": ANYTHING,
            f"{CONFIGURATION}.ScaleOutCooldown": ANYTHING,
        },
    )
