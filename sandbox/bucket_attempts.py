"""Attempts by way of the bucket: its lock, versioning, policy, lifecycle, and the bucket itself.

Each function is one attempt; what it is called stands in `tampering.ATTEMPTS`. What an attempt
changes of the bucket it puts back, so that the next one finds the bucket as the stack made it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from sandbox.attempt import Target, preparing
from sandbox.object_attempts import delete_version, delete_version_bypassing


def suspend_versioning(target: Target) -> None:
    target.s3.put_bucket_versioning(
        Bucket=target.bucket, VersioningConfiguration={"Status": "Suspended"}
    )


def disable_lock(target: Target) -> None:
    target.s3.put_object_lock_configuration(
        Bucket=target.bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Disabled"}
    )


def delete_bucket(target: Target) -> None:
    target.s3.delete_bucket(Bucket=target.bucket)


def drop_policy_and_delete(target: Target) -> None:
    s3, bucket = target.s3, target.bucket
    policy = or_none(lambda: s3.get_bucket_policy(Bucket=bucket)["Policy"])
    with preparing("delete the policy"):
        s3.delete_bucket_policy(Bucket=bucket)
    try:
        delete_version(target)
    finally:
        if policy is not None:
            s3.put_bucket_policy(Bucket=bucket, Policy=policy)


def drop_default_and_delete(target: Target) -> None:
    _with_default(target, None, delete_version)


def weaken_default_and_delete(target: Target) -> None:
    _with_default(target, {"Mode": "GOVERNANCE", "Days": 1}, delete_version_bypassing)


def shorten_default(target: Target) -> None:
    _with_default(target, {"Mode": "COMPLIANCE", "Days": 1}, lambda _: None)


def _with_default(
    target: Target, retention: dict[str, Any] | None, then: Callable[[Target], None]
) -> None:
    """Do something under another default retention of the bucket, and put its own back."""
    s3, bucket = target.s3, target.bucket
    rule = {"Rule": {"DefaultRetention": retention}} if retention else {}
    before = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    with preparing("change the default"):
        s3.put_object_lock_configuration(
            Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", **rule}
        )
    try:
        then(target)
    finally:
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=before)


def expire_after_a_day(target: Target) -> None:
    _expire(
        target,
        {"Expiration": {"Days": 1}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}},
    )


def expire_in_the_past(target: Target) -> None:
    _expire(target, {"Expiration": {"Date": datetime(2020, 1, 1, tzinfo=UTC)}})


def _expire(target: Target, expiration: dict[str, Any]) -> None:
    rule = {"ID": "tamper", "Status": "Enabled", "Filter": {"Prefix": ""}, **expiration}
    s3, bucket = target.s3, target.bucket
    before = or_none(lambda: s3.get_bucket_lifecycle_configuration(Bucket=bucket))
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    if before is None:
        s3.delete_bucket_lifecycle(Bucket=bucket)
    else:
        size = "TransitionDefaultMinimumObjectSize"
        s3.put_bucket_lifecycle_configuration(
            Bucket=bucket,
            LifecycleConfiguration={"Rules": before["Rules"]},
            **({size: before[size]} if size in before else {}),
        )


def or_none(get: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever S3 answers
    """Return None where the bucket or the object has no such configuration."""
    try:
        return get()
    except ClientError as error:
        if error.response["Error"]["Code"].startswith("NoSuch"):
            return None
        raise
