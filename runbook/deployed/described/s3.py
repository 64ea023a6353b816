"""Amazon S3."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from runbook.deployed.description import (
    Description,
    NotThereError,
    Resource,
    describes,
    present,
    selected,
)
from runbook.deployed.equivalence import ANYTHING

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
# What decides how long an object lives, who may remove it, and how it is kept and watched.
CLOSED = frozenset(
    {
        "BucketEncryption",
        "LifecycleConfiguration",
        "LoggingConfiguration",
        "NotificationConfiguration",
        "ObjectLockConfiguration",
        "ObjectLockEnabled",
    }
)
RULE = "BucketEncryption.ServerSideEncryptionConfiguration[*]"
DEFAULTS = {
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [
            {
                "BucketKeyEnabled": False,
                "ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
            }
        ]
    },
    f"{RULE}.BucketKeyEnabled": False,
    "LifecycleConfiguration.TransitionDefaultMinimumObjectSize": "all_storage_classes_128K",
    "LifecycleConfiguration.Rules[*].Id": ANYTHING,
    "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"},
    "ObjectLockConfiguration.ObjectLockEnabled": "Enabled",
}


@describes("AWS::S3::Bucket")
def bucket(resource: Resource) -> Description:
    """Read a bucket's configurations, but for its website, CORS, replication and ACLs."""
    s3, name, region = resource.client("s3"), resource.physical_id, resource.place.region
    _refuse_other_region(s3, name, region)
    versioning = _configuration(s3.get_bucket_versioning, name)
    properties = {
        "BucketName": name,
        "BucketEncryption": _encryption(_configuration(s3.get_bucket_encryption, name)),
        "LifecycleConfiguration": _lifecycle(
            _configuration(s3.get_bucket_lifecycle_configuration, name)
        ),
        "LoggingConfiguration": _logging(_configuration(s3.get_bucket_logging, name)),
        "NotificationConfiguration": _notification(
            _configuration(s3.get_bucket_notification_configuration, name)
        ),
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
    attributes = {
        "Arn": f"arn:aws:s3:::{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
    }
    return Description(present(properties), attributes, closed=CLOSED, defaults=DEFAULTS)


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


def _notification(answer: dict[str, Any]) -> dict[str, Any] | None:
    """Return who is told of a bucket's events; others than EventBridge as S3 spells them."""
    told = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    if "EventBridgeConfiguration" in told:
        told["EventBridgeConfiguration"] = {"EventBridgeEnabled": True}
    return told or None


def _refuse_other_region(s3: Any, bucket: str, region: str) -> None:  # noqa: ANN401 - boto3
    """Ask where a bucket is: S3 leads a client of any region to it."""
    location = _configuration(s3.get_bucket_location, bucket).get("LocationConstraint")
    # S3 says nothing for its first region, and EU for its second.
    found = {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}.get(location, location)
    if found != region:
        raise NotThereError(f"bucket {bucket} is in {found}, not in {region}")


def _encryption(answer: dict[str, Any]) -> dict[str, Any] | None:
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules")
    if rules is None:
        return None
    names = {"ApplyServerSideEncryptionByDefault": "ServerSideEncryptionByDefault"}
    return {"ServerSideEncryptionConfiguration": [_renamed(rule, names) for rule in rules]}


def _logging(answer: dict[str, Any]) -> dict[str, Any] | None:
    enabled = answer.get("LoggingEnabled")
    if enabled is None:
        return None
    return _renamed(
        enabled, {"TargetBucket": "DestinationBucketName", "TargetPrefix": "LogFilePrefix"}
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
    """Spell a rule as CloudFormation does; keep a member unknown here, so that it is seen."""
    rest = dict(rule)
    conditions = rest.pop("Filter", {})
    conditions = _renamed(conditions.get("And", conditions), {"Tags": "TagFilters"})
    if "Tag" in conditions:
        conditions["TagFilters"] = [conditions.pop("Tag")]
    expiration = _renamed(
        rest.pop("Expiration", {}), {"Days": "ExpirationInDays", "Date": "ExpirationDate"}
    )
    if "ExpirationDate" in expiration:
        expiration["ExpirationDate"] = _date(expiration["ExpirationDate"])
    noncurrent = [
        _renamed(step, {"NoncurrentDays": "TransitionInDays"})
        for step in rest.pop("NoncurrentVersionTransitions", [])
    ]
    steps = [_transition(step) for step in rest.pop("Transitions", [])]
    return {
        **_renamed(rest, {"ID": "Id"}),
        # An empty prefix and none are both every object.
        **{name: value for name, value in conditions.items() if value != ""},
        **expiration,
        **({"NoncurrentVersionTransitions": noncurrent} if noncurrent else {}),
        **({"Transitions": steps} if steps else {}),
    }


def _transition(step: dict[str, Any]) -> dict[str, Any]:
    renamed = _renamed(step, {"Days": "TransitionInDays", "Date": "TransitionDate"})
    if "TransitionDate" in renamed:
        renamed["TransitionDate"] = _date(renamed["TransitionDate"])
    return renamed


def _date(date: datetime) -> str:
    """S3 acts at midnight UTC; CloudFormation writes that as 2030-01-01T00:00:00Z."""
    return f"{date:%Y-%m-%dT%H:%M:%SZ}"


def _renamed(source: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """Spell members as CloudFormation does, and leave all others as they are."""
    return {names.get(name, name): value for name, value in source.items()}
