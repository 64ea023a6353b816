"""Amazon S3."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from sandbox.description import (
    Description,
    NotThereError,
    Resource,
    describes,
    present,
    selected,
)

# S3 answers with an error where a bucket has no such configuration.
NOT_CONFIGURED = {
    "NoSuchBucketPolicy",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchTagSet",
    "ObjectLockConfigurationNotFoundError",
    "OwnershipControlsNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
}


@describes("AWS::S3::Bucket")
def bucket(resource: Resource) -> Description:
    """Read every configuration of a bucket."""
    s3, name = resource.client("s3"), resource.physical_id
    versioning = _configuration(s3.get_bucket_versioning, name)
    properties = {
        "BucketName": name,
        "BucketEncryption": _encryption(_configuration(s3.get_bucket_encryption, name)),
        "LifecycleConfiguration": _lifecycle(
            _configuration(s3.get_bucket_lifecycle_configuration, name)
        ),
        "LoggingConfiguration": _logging(_configuration(s3.get_bucket_logging, name)),
        "OwnershipControls": _configuration(s3.get_bucket_ownership_controls, name).get(
            "OwnershipControls"
        ),
        "PublicAccessBlockConfiguration": _configuration(s3.get_public_access_block, name).get(
            "PublicAccessBlockConfiguration"
        ),
        "Tags": _configuration(s3.get_bucket_tagging, name).get("TagSet"),
        "VersioningConfiguration": selected(versioning, "Status") or None,
        **_object_lock(_configuration(s3.get_object_lock_configuration, name)),
    }
    region = resource.endpoint.region
    attributes = {
        "Arn": f"arn:aws:s3:::{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
    }
    return Description(present(properties), attributes)


@describes("AWS::S3::BucketPolicy")
def bucket_policy(resource: Resource) -> Description:
    """Read the policy of the bucket that it is declared for."""
    name = resource.declared("Bucket")
    answer = _configuration(resource.client("s3").get_bucket_policy, name)
    if "Policy" not in answer:
        raise NotThereError(f"bucket {name} has no policy")
    return Description({"Bucket": name, "PolicyDocument": json.loads(answer["Policy"])})


def _configuration(get: Callable[..., dict[str, Any]], bucket: str) -> dict[str, Any]:
    try:
        return get(Bucket=bucket)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in NOT_CONFIGURED:
            return {}
        if code == "NoSuchBucket":
            raise NotThereError(f"no bucket {bucket}") from None
        raise


def _encryption(answer: dict[str, Any]) -> dict[str, Any] | None:
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules")
    if rules is None:
        return None
    return {
        "ServerSideEncryptionConfiguration": [
            present(
                {
                    "BucketKeyEnabled": rule.get("BucketKeyEnabled"),
                    "ServerSideEncryptionByDefault": rule["ApplyServerSideEncryptionByDefault"],
                }
            )
            for rule in rules
        ]
    }


def _logging(answer: dict[str, Any]) -> dict[str, Any] | None:
    enabled = answer.get("LoggingEnabled")
    if enabled is None:
        return None
    return present(
        {
            "DestinationBucketName": enabled["TargetBucket"],
            "LogFilePrefix": enabled["TargetPrefix"],
            "TargetObjectKeyFormat": enabled.get("TargetObjectKeyFormat"),
        }
    )


def _object_lock(answer: dict[str, Any]) -> dict[str, Any]:
    configuration = answer.get("ObjectLockConfiguration")
    if configuration is None:
        return {}
    return {
        "ObjectLockEnabled": configuration["ObjectLockEnabled"] == "Enabled",
        "ObjectLockConfiguration": configuration,
    }


def _lifecycle(answer: dict[str, Any]) -> dict[str, Any] | None:
    if "Rules" not in answer:
        return None
    return {
        "Rules": [_lifecycle_rule(rule) for rule in answer["Rules"]],
        **selected(answer, "TransitionDefaultMinimumObjectSize"),
    }


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    conditions = rule.get("Filter", {})
    conditions = conditions.get("And", conditions)
    expiration = rule.get("Expiration", {})
    transitions = rule.get("Transitions")
    noncurrent = rule.get("NoncurrentVersionTransitions")
    return present(
        {
            "Id": rule.get("ID"),
            "Status": rule["Status"],
            "Prefix": conditions.get("Prefix") or None,
            "TagFilters": conditions.get("Tags"),
            "ObjectSizeGreaterThan": conditions.get("ObjectSizeGreaterThan"),
            "ObjectSizeLessThan": conditions.get("ObjectSizeLessThan"),
            "AbortIncompleteMultipartUpload": rule.get("AbortIncompleteMultipartUpload"),
            "ExpirationInDays": expiration.get("Days"),
            "ExpiredObjectDeleteMarker": expiration.get("ExpiredObjectDeleteMarker"),
            "NoncurrentVersionExpiration": rule.get("NoncurrentVersionExpiration"),
            "NoncurrentVersionTransitions": noncurrent
            and [_transition(step, "NoncurrentDays") for step in noncurrent],
            "Transitions": transitions and [_transition(step, "Days") for step in transitions],
        }
    )


def _transition(step: dict[str, Any], days: str) -> dict[str, Any]:
    return present(
        {
            "StorageClass": step["StorageClass"],
            "TransitionInDays": step.get(days),
            "NewerNoncurrentVersions": step.get("NewerNoncurrentVersions"),
        }
    )
