"""The ways S3 offers to be rid of a locked object, or of its lock, before its time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

# What S3 answers when it refuses, as opposed to failing or not knowing the call.
LOCKED = frozenset({"AccessDenied"})
NO_SUCH_STATE = frozenset({"AccessDenied", "InvalidBucketState"})
NO_SUCH_REQUEST = frozenset({"AccessDenied", "InvalidRequest", "MalformedXML"})
NOT_EMPTY = frozenset({"AccessDenied", "BucketNotEmpty"})


class RefusedInBatchError(Exception):
    """DeleteObjects answers 200 and tells of each refusal inside."""

    def __init__(self, code: str) -> None:
        """Keep the error code of the one object."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Target:
    """A version under lock, in a bucket with the configuration that the stack gave it."""

    s3: Any
    bucket: str
    key: str
    version: str
    until: datetime

    @property
    def object(self) -> dict[str, str]:
        """Name the version in a call's arguments."""
        return {"Bucket": self.bucket, "Key": self.key, "VersionId": self.version}


@dataclass(frozen=True)
class Attempt:
    """One way to try. `refusals` are the codes by which S3 may refuse it.

    An attempt without refusals is one that S3 permits by design to those with the permission: it
    must leave the version, its mode and its date as they are, and `note` says what it does do.
    """

    name: str
    act: Callable[[Target], None]
    refusals: frozenset[str] = frozenset()
    note: str = ""


def delete_version(target: Target) -> None:
    """Delete the version."""
    target.s3.delete_object(**target.object)


def delete_version_bypassing(target: Target) -> None:
    """Delete the version with the header that lifts GOVERNANCE."""
    target.s3.delete_object(**target.object, BypassGovernanceRetention=True)


def delete_in_batch(target: Target) -> None:
    """Delete the version by DeleteObjects."""
    _batch(target, {})


def delete_in_batch_bypassing(target: Target) -> None:
    """Delete the version by DeleteObjects with the header."""
    _batch(target, {"BypassGovernanceRetention": True})


def _batch(target: Target, header: dict[str, bool]) -> None:
    entry = {"Key": target.key, "VersionId": target.version}
    answer = target.s3.delete_objects(Bucket=target.bucket, Delete={"Objects": [entry]}, **header)
    if answer.get("Errors"):
        raise RefusedInBatchError(answer["Errors"][0]["Code"])


def retain_less(target: Target) -> None:
    """Bring the retain-until date to tomorrow."""
    _retain(target, "COMPLIANCE", _tomorrow(), {})


def retain_less_bypassing(target: Target) -> None:
    """Bring the date to tomorrow with the header."""
    _retain(target, "COMPLIANCE", _tomorrow(), {"BypassGovernanceRetention": True})


def retain_a_second_less(target: Target) -> None:
    """Bring the date one second forward."""
    _retain(target, "COMPLIANCE", target.until - timedelta(seconds=1), {})


def retain_until_yesterday(target: Target) -> None:
    """Set a date that has passed."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    _retain(target, "COMPLIANCE", yesterday, {"BypassGovernanceRetention": True})


def weaken_mode(target: Target) -> None:
    """Change COMPLIANCE to GOVERNANCE until the same date."""
    _retain(target, "GOVERNANCE", target.until, {})


def weaken_mode_bypassing(target: Target) -> None:
    """Change the mode with the header."""
    _retain(target, "GOVERNANCE", target.until, {"BypassGovernanceRetention": True})


def remove_retention(target: Target) -> None:
    """Put an empty retention, which removes one of GOVERNANCE."""
    target.s3.put_object_retention(**target.object, Retention={}, BypassGovernanceRetention=True)


def _retain(target: Target, mode: str, until: datetime, header: dict[str, bool]) -> None:
    retention = {"Mode": mode, "RetainUntilDate": until}
    target.s3.put_object_retention(**target.object, Retention=retention, **header)


def _tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


def toggle_legal_hold(target: Target) -> None:
    """Put a legal hold, lift it, and delete: lifting the hold must not lift the retention."""
    target.s3.put_object_legal_hold(**target.object, LegalHold={"Status": "ON"})
    target.s3.put_object_legal_hold(**target.object, LegalHold={"Status": "OFF"})
    delete_version(target)


def suspend_versioning(target: Target) -> None:
    """Suspend the bucket's versioning."""
    target.s3.put_bucket_versioning(
        Bucket=target.bucket, VersioningConfiguration={"Status": "Suspended"}
    )


def disable_lock(target: Target) -> None:
    """Turn the bucket's object lock off."""
    target.s3.put_object_lock_configuration(
        Bucket=target.bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Disabled"}
    )


def delete_bucket(target: Target) -> None:
    """Delete the bucket."""
    target.s3.delete_bucket(Bucket=target.bucket)


def drop_policy_and_delete(target: Target) -> None:
    """Remove the bucket's policy, then delete: the lock must not depend on the policy."""
    policy = _or_none(lambda: target.s3.get_bucket_policy(Bucket=target.bucket)["Policy"])
    target.s3.delete_bucket_policy(Bucket=target.bucket)
    try:
        delete_version(target)
    finally:
        if policy is not None:
            target.s3.put_bucket_policy(Bucket=target.bucket, Policy=policy)


def weaken_default_and_delete(target: Target) -> None:
    """Drop the default retention, then delete: it is for objects to come."""
    _with_default(target, {"ObjectLockEnabled": "Enabled"}, delete_version)


def delete_without_version(target: Target) -> None:
    """Delete the key."""
    target.s3.delete_object(Bucket=target.bucket, Key=target.key)


def overwrite(target: Target) -> None:
    """Put other bytes under the same key."""
    target.s3.put_object(Bucket=target.bucket, Key=target.key, Body=b"overwritten")


def shorten_default(target: Target) -> None:
    """Let the default retention be one day."""
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}
    _with_default(target, {"ObjectLockEnabled": "Enabled", "Rule": rule}, lambda _: None)


def expire_by_lifecycle(target: Target) -> None:
    """Put a lifecycle that expires everything after a day."""
    rule = {
        "ID": "tamper",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Days": 1},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
    }
    s3, bucket = target.s3, target.bucket
    before = _or_none(lambda: s3.get_bucket_lifecycle_configuration(Bucket=bucket))
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


def _with_default(
    target: Target, configuration: dict[str, Any], then: Callable[[Target], None]
) -> None:
    """Do something under another lock configuration of the bucket, and put its own back."""
    s3, bucket = target.s3, target.bucket
    before = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=configuration)
    try:
        then(target)
    finally:
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=before)


def _or_none(get: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever S3 answers
    """Return None where the bucket has no such configuration."""
    try:
        return get()
    except ClientError as error:
        if error.response["Error"]["Code"].startswith("NoSuch"):
            return None
        raise


ATTEMPTS: Sequence[Attempt] = (
    Attempt("delete the version", delete_version, LOCKED),
    Attempt("delete the version, bypass header", delete_version_bypassing, LOCKED),
    Attempt("delete it in a batch", delete_in_batch, LOCKED),
    Attempt("delete it in a batch, bypass header", delete_in_batch_bypassing, LOCKED),
    Attempt("retain until tomorrow only", retain_less, LOCKED),
    Attempt("retain until tomorrow only, bypass header", retain_less_bypassing, LOCKED),
    Attempt("retain one second less", retain_a_second_less, LOCKED),
    Attempt(
        "retain until yesterday, bypass header",
        retain_until_yesterday,
        LOCKED | {"InvalidArgument"},
    ),
    Attempt("mode GOVERNANCE until the same date", weaken_mode, LOCKED),
    Attempt("mode GOVERNANCE, bypass header", weaken_mode_bypassing, LOCKED),
    Attempt("remove the retention, bypass header", remove_retention, NO_SUCH_REQUEST),
    Attempt("legal hold on, off, then delete the version", toggle_legal_hold, LOCKED),
    Attempt("drop the bucket policy, then delete the version", drop_policy_and_delete, LOCKED),
    Attempt("drop the default lock, then delete the version", weaken_default_and_delete, LOCKED),
    Attempt("suspend versioning", suspend_versioning, NO_SUCH_STATE),
    Attempt("turn object lock off", disable_lock, NO_SUCH_REQUEST),
    Attempt("delete the bucket", delete_bucket, NOT_EMPTY),
    Attempt(
        "delete the key without a version",
        delete_without_version,
        note="adds a delete marker; the version stays",
    ),
    Attempt("overwrite the key", overwrite, note="adds a version; the old one stays"),
    Attempt(
        "default retention of one day",
        shorten_default,
        note="S3 lets those with the permission do it, for objects to come; this one's date stays",
    ),
    Attempt(
        "lifecycle that expires all after a day",
        expire_by_lifecycle,
        note="S3 takes the rule, and never expires a locked version (no emulator runs it)",
    ),
)
