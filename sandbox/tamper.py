"""Tampers with every bucket deployed under a COMPLIANCE lock, and judges whether the lock held.

Denied means: S3 refused with an error that fits, and the version is still there with the same
bytes, mode and date. Anything else is a breach, a success of the attempt foremost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.failure import SandboxError
from sandbox.tampering import ATTEMPTS, Attempt, RefusedInBatchError, Target

BODY = b"evidence"
# How far the emulator's clock and ours may be apart.
CLOCK = timedelta(minutes=5)


class Outcome(Enum):
    """How an attempt ended."""

    DENIED = "denied"
    HARMLESS = "permitted, harmless"
    BREACH = "BREACH"


@dataclass(frozen=True)
class Result:
    """What came of one attempt at one bucket; `answer` is S3's error code, or what it did."""

    bucket: str
    attempt: Attempt
    outcome: Outcome
    answer: str


def locked_buckets(s3: Any, buckets: Iterable[str]) -> list[str]:  # noqa: ANN401 - boto3
    """Return those of the buckets that hold new objects in COMPLIANCE mode by default."""
    locked = []
    for bucket in buckets:
        try:
            configuration = s3.get_object_lock_configuration(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ObjectLockConfigurationNotFoundError":
                raise
            continue
        if _default_retention(configuration).get("Mode") == "COMPLIANCE":
            locked.append(bucket)
    return locked


def tamper_with(
    s3: Any,  # noqa: ANN401 - boto3
    bucket: str,
    attempts: Sequence[Attempt] = ATTEMPTS,
) -> list[Result]:
    """Make every attempt, each at an object of its own; the bucket's configuration is put back.

    Raises SandboxError if a new object does not come under the bucket's lock in the first place.
    """
    return [_judge(attempt, _new_target(s3, bucket, attempt)) for attempt in attempts]


def _new_target(s3: Any, bucket: str, attempt: Attempt) -> Target:  # noqa: ANN401 - boto3
    key = f"tamper/{attempt.name.replace(' ', '-')}"
    version = s3.put_object(Bucket=bucket, Key=key, Body=BODY)["VersionId"]
    try:
        retention = s3.get_object_retention(Bucket=bucket, Key=key, VersionId=version)["Retention"]
    except ClientError as error:
        raise SandboxError(f"A new object in {bucket} comes under no lock: {error}") from None
    default = _default_retention(s3.get_object_lock_configuration(Bucket=bucket))
    expected = _after(datetime.now(UTC), default)
    until = retention["RetainUntilDate"]
    if retention["Mode"] != default["Mode"] or abs(until - expected) > CLOCK:
        raise SandboxError(
            f"A new object in {bucket} is held in mode {retention['Mode']} until {until}, "
            f"not in {default['Mode']} until {expected}"
        )
    return Target(s3, bucket, key, version, until)


def _default_retention(configuration: dict[str, Any]) -> dict[str, Any]:
    rule = configuration["ObjectLockConfiguration"].get("Rule", {})
    retention: dict[str, Any] = rule.get("DefaultRetention", {})
    return retention


def _after(start: datetime, retention: dict[str, Any]) -> datetime:
    if "Days" in retention:
        return start + timedelta(days=retention["Days"])
    year = start.year + retention["Years"]
    try:
        return start.replace(year=year)
    except ValueError:  # 29 February
        return start.replace(year=year, month=3, day=1)


def _judge(attempt: Attempt, target: Target) -> Result:
    try:
        attempt.act(target)
    except ClientError as error:
        answer, refused = error.response["Error"]["Code"], True
    except RefusedInBatchError as error:
        answer, refused = error.code, True
    except BotoCoreError as error:
        return Result(target.bucket, attempt, Outcome.BREACH, f"no answer: {error}")
    else:
        answer, refused = attempt.note or "S3 permitted it", False
    damage = _damage(target)
    if damage:
        return Result(target.bucket, attempt, Outcome.BREACH, f"{answer}: {damage}")
    if refused and answer in attempt.refusals:
        return Result(target.bucket, attempt, Outcome.DENIED, answer)
    if not refused and not attempt.refusals:
        return Result(target.bucket, attempt, Outcome.HARMLESS, answer)
    return Result(target.bucket, attempt, Outcome.BREACH, answer)


def _damage(target: Target) -> str:
    """Say what the attempt did to the version; nothing if it is as it was."""
    s3 = target.s3
    try:
        body = s3.get_object(**target.object)["Body"].read()
        retention = s3.get_object_retention(**target.object)["Retention"]
    except (ClientError, BotoCoreError) as error:
        return f"the version cannot be read any more: {error}"
    if body != BODY:
        return "the version has other bytes"
    if retention["Mode"] != "COMPLIANCE":
        return f"the version is in mode {retention['Mode']}"
    if retention["RetainUntilDate"] != target.until:
        return f"the version is retained until {retention['RetainUntilDate']}"
    return ""
