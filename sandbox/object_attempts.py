"""Attempts by S3's operations on objects: to delete the version, to weaken its lock, to change it.

Each function is one attempt; what it is called stands in `tampering.ATTEMPTS`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.attempt import RefusedInBatchError, Target, preparing

BYPASS = {"BypassGovernanceRetention": True}
OTHER_KEY = "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-000000000000"


def delete_version(target: Target) -> None:
    target.s3.delete_object(**target.object)


def delete_version_bypassing(target: Target) -> None:
    target.s3.delete_object(**target.object, **BYPASS)


def delete_in_batch(target: Target) -> None:
    _batch(target, [_entry(target)])


def delete_in_batch_bypassing(target: Target) -> None:
    _batch(target, [_entry(target)], **BYPASS)


def delete_in_quiet_batch(target: Target) -> None:
    _batch(target, [_entry(target)], quiet=True, **BYPASS)


def delete_key_and_version_in_batch(target: Target) -> None:
    _batch(target, [{"Key": target.key}, _entry(target)], **BYPASS)


def _entry(target: Target) -> dict[str, str]:
    return {"Key": target.key, "VersionId": target.version}


def _batch(
    target: Target, entries: list[dict[str, str]], *, quiet: bool = False, **header: bool
) -> None:
    delete = {"Objects": entries, "Quiet": quiet}
    answer = target.s3.delete_objects(Bucket=target.bucket, Delete=delete, **header)
    if answer.get("Errors"):
        raise RefusedInBatchError(answer["Errors"][0]["Code"])


def delete_under_marker(target: Target) -> None:
    with preparing("delete marker"):
        delete_without_version(target)
    delete_version_bypassing(target)


def delete_without_version(target: Target) -> None:
    target.s3.delete_object(Bucket=target.bucket, Key=target.key)


def delete_version_null(target: Target) -> None:
    target.s3.delete_object(Bucket=target.bucket, Key=target.key, VersionId="null", **BYPASS)


def retain_less(target: Target) -> None:
    _retain(target, "COMPLIANCE", tomorrow())


def retain_less_bypassing(target: Target) -> None:
    _retain(target, "COMPLIANCE", tomorrow(), **BYPASS)


def retain_less_without_version(target: Target) -> None:
    target.s3.put_object_retention(
        Bucket=target.bucket,
        Key=target.key,
        Retention={"Mode": "COMPLIANCE", "RetainUntilDate": tomorrow()},
        **BYPASS,
    )


def retain_a_second_less(target: Target) -> None:
    _retain(target, "COMPLIANCE", target.until - timedelta(seconds=1))


def retain_until_yesterday(target: Target) -> None:
    _retain(target, "COMPLIANCE", datetime.now(UTC) - timedelta(days=1), **BYPASS)


def weaken_mode(target: Target) -> None:
    _retain(target, "GOVERNANCE", target.until)


def weaken_mode_bypassing(target: Target) -> None:
    _retain(target, "GOVERNANCE", target.until, **BYPASS)


def weaken_mode_until_later(target: Target) -> None:
    _retain(target, "GOVERNANCE", target.until + timedelta(days=1), **BYPASS)


def remove_retention(target: Target) -> None:
    target.s3.put_object_retention(**target.object, Retention={}, **BYPASS)


def retain_in_mode_without_date(target: Target) -> None:
    target.s3.put_object_retention(**target.object, Retention={"Mode": "GOVERNANCE"}, **BYPASS)


def retain_until_date_without_mode(target: Target) -> None:
    retention = {"RetainUntilDate": tomorrow()}
    target.s3.put_object_retention(**target.object, Retention=retention, **BYPASS)


def _retain(target: Target, mode: str, until: datetime, **header: bool) -> None:
    retention = {"Mode": mode, "RetainUntilDate": until}
    target.s3.put_object_retention(**target.object, Retention=retention, **header)


def tomorrow() -> datetime:
    """Return the shortest retention that S3 would take for a day's work."""
    return datetime.now(UTC) + timedelta(days=1)


def hold_and_delete(target: Target) -> None:
    _hold_on_and_off(target)
    delete_version(target)


def hold_and_retain_less(target: Target) -> None:
    _hold_on_and_off(target)
    retain_less(target)


def _hold_on_and_off(target: Target) -> None:
    for status in ("ON", "OFF"):
        with preparing(f"legal hold {status}"):
            target.s3.put_object_legal_hold(**target.object, LegalHold={"Status": status})


def change_encryption(target: Target) -> None:
    target.s3.update_object_encryption(
        **target.object, ObjectEncryption={"SSEKMS": {"KMSKeyArn": OTHER_KEY}}
    )


def annotate(target: Target) -> None:
    target.s3.put_object_annotation(
        **target.object, AnnotationName="tamper", AnnotationPayload=b"another story"
    )


def overwrite(target: Target) -> None:
    _put(target, {})


def overwrite_in_governance(target: Target) -> None:
    _put(target, {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": target.until})


def overwrite_for_a_day(target: Target) -> None:
    _put(target, {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": tomorrow()})


def overwrite_in_mode_without_date(target: Target) -> None:
    _put(target, {"ObjectLockMode": "COMPLIANCE"})


def overwrite_until_date_without_mode(target: Target) -> None:
    _put(target, {"ObjectLockRetainUntilDate": tomorrow()})


def _put(target: Target, lock: dict[str, Any]) -> None:
    target.s3.put_object(Bucket=target.bucket, Key=target.key, Body=b"overwritten", **lock)


def tag_and_untag(target: Target) -> None:
    tags = {"TagSet": [{"Key": "tamper", "Value": "yes"}]}
    target.s3.put_object_tagging(**target.object, Tagging=tags)
    target.s3.delete_object_tagging(**target.object)


def restore(target: Target) -> None:
    target.s3.restore_object(**target.object, RestoreRequest={"Days": 1})


def open_acl(target: Target) -> None:
    target.s3.put_object_acl(**target.object, ACL="public-read")
