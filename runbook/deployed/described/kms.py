"""AWS KMS."""

from __future__ import annotations

import json

from runbook.deployed.description import Description, NotThereError, Resource, describes, present
from runbook.deployed.intrinsics import UnresolvableError


@describes("AWS::KMS::Key")
def key(resource: Resource) -> Description:
    """Read a key, its policy, its rotation and its tags; one that cannot be used is not there."""
    kms, key_id = resource.client("kms"), resource.physical_id
    try:
        metadata = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    except kms.exceptions.NotFoundException:
        raise NotThereError(f"no key {key_id}") from None
    state = metadata["KeyState"]
    if state != "Enabled" and not (state == "Disabled" and _declared_disabled(resource)):
        raise NotThereError(f"{key_id} is {state}")
    rotation = kms.get_key_rotation_status(KeyId=key_id)
    policy = kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]
    tags = kms.list_resource_tags(KeyId=key_id)["Tags"]
    properties = {
        "Description": metadata["Description"],
        "Enabled": metadata["Enabled"],
        "EnableKeyRotation": rotation["KeyRotationEnabled"],
        "KeyPolicy": json.loads(policy),
        "KeySpec": metadata["KeySpec"],
        "KeyUsage": metadata["KeyUsage"],
        "MultiRegion": metadata.get("MultiRegion"),
        "Origin": metadata["Origin"],
        "RotationPeriodInDays": rotation.get("RotationPeriodInDays"),
        "Tags": [{"Key": tag["TagKey"], "Value": tag["TagValue"]} for tag in tags],
    }
    return Description(present(properties), {"Arn": metadata["Arn"], "KeyId": metadata["KeyId"]})


def _declared_disabled(resource: Resource) -> bool:
    try:
        return str(resource.declared("Enabled")).lower() == "false"
    except UnresolvableError:
        return False


@describes("AWS::KMS::Alias")
def alias(resource: Resource) -> Description:
    """Read which key an alias names, in the form it was declared in: ARN or id."""
    kms = resource.client("kms")
    found = [
        entry
        for page in kms.get_paginator("list_aliases").paginate()
        for entry in page["Aliases"]
        if entry["AliasName"] == resource.physical_id
    ]
    if not found:
        raise NotThereError(f"no alias {resource.physical_id}")
    target = found[0].get("TargetKeyId", "")
    if str(resource.declared("TargetKeyId")).startswith("arn:"):
        target = kms.describe_key(KeyId=target)["KeyMetadata"]["Arn"]
    return Description({"AliasName": found[0]["AliasName"], "TargetKeyId": target})
