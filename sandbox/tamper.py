"""Tampers with every bucket deployed under a COMPLIANCE lock, and judges whether the lock held.

Denied means: S3 refused with an error that fits, the version is still there as it was, and the
same attempt went through at a control that the lock does not hold. Anything else is a breach or no
evidence, a success of the attempt foremost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.attempt import Attempt, NotTriedError, Outcome, RefusedInBatchError, Target
from sandbox.bucket_attempts import or_none
from sandbox.newborn import BODY, default_retention, encryption_of, new_control, new_target
from sandbox.tampering import ATTEMPTS

FAILING = frozenset({Outcome.BREACH, Outcome.UNPROVED})


@dataclass(frozen=True)
class Answer:
    """What S3 did: `code` and `operation` of its refusal, or neither if it permitted."""

    code: str = ""
    operation: str = ""

    def __str__(self) -> str:
        """Say it as the table does."""
        return f"{self.code} to {self.operation}" if self.code else "S3 permitted it"


@dataclass(frozen=True)
class Result:
    """What came of one attempt at one bucket; `answer` is S3's, `control` that at the control."""

    bucket: str
    attempt: Attempt
    outcome: Outcome
    answer: str
    control: str = ""


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
        if default_retention(configuration).get("Mode") == "COMPLIANCE":
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
    results = []
    for attempt in attempts:
        key = f"tamper/{attempt.name.replace(' ', '-')}"
        results.append(_judge(attempt, new_target(s3, bucket, key, attempt.birth)))
    return results


def _judge(attempt: Attempt, target: Target) -> Result:
    try:
        answer = _act(attempt, target)
        control = _act(attempt, new_control(target, attempt.control)) if attempt.control else None
        outcome, text = _outcome(attempt, target, answer, control)
    except BotoCoreError as error:
        return Result(target.bucket, attempt, Outcome.BREACH, f"no answer: {error}")
    except NotTriedError as error:
        damage = _damage(target)
        outcome = Outcome.BREACH if damage else Outcome.UNPROVED
        return Result(target.bucket, attempt, outcome, damage or str(error))
    shown = ""
    if attempt.control and control:
        word = "refused too" if control.code else "permitted"
        shown = f"{attempt.control.value}: {word}"
    return Result(target.bucket, attempt, outcome, text, shown)


def _act(attempt: Attempt, target: Target) -> Answer:
    try:
        attempt.act(target)
    except ClientError as error:
        return Answer(error.response["Error"]["Code"], error.operation_name)
    except RefusedInBatchError as error:
        return Answer(error.code, "DeleteObjects")
    return Answer()


def _outcome(
    attempt: Attempt, target: Target, answer: Answer, control: Answer | None
) -> tuple[Outcome, str]:
    """Judge what S3 answered, and what it answered at the control."""
    damage = _damage(target)
    if damage:
        return Outcome.BREACH, f"{answer}: {damage}"
    if bool(answer.code) != bool(attempt.refusals) or (
        answer.code and answer.code not in attempt.refusals
    ):
        return Outcome.BREACH, str(answer)
    if attempt.expected is Outcome.DENIED and control and control.code:
        return Outcome.UNPROVED, f"the control is refused, too, {control}"
    if attempt.expected is Outcome.REFUSED and control and control.code != answer.code:
        return Outcome.UNPROVED, f"{answer}, but at the control: {control}"
    if attempt.expected is Outcome.LEFT_TO_POLICY:
        return _left_to_policy(attempt, target)
    if attempt.expected is Outcome.REFUSED:
        return Outcome.REFUSED, answer.code
    return attempt.expected, str(answer) if answer.code else attempt.note


def _left_to_policy(attempt: Attempt, target: Target) -> tuple[Outcome, str]:
    """Look whether the bucket's policy has the statement that denies the attempt on AWS."""
    text = or_none(lambda: target.s3.get_bucket_policy(Bucket=target.bucket)["Policy"])
    statements = json.loads(text)["Statement"] if text else []
    for statement in statements:
        if statement.get("Sid") == attempt.statement and statement["Effect"] == "Deny":
            return Outcome.LEFT_TO_POLICY, "denied on AWS by the bucket policy"
    return Outcome.BREACH, f"S3 permitted it, and no statement {attempt.statement} denies it"


def _damage(target: Target) -> str:
    """Say what the attempt did to the version; nothing if it is as it was."""
    s3 = target.s3
    try:
        answer = s3.get_object(**target.object)
        body = answer["Body"].read()
        retention = s3.get_object_retention(**target.object)["Retention"]
        listed = s3.list_object_versions(Bucket=target.bucket, Prefix=target.key)
    except (ClientError, BotoCoreError) as error:
        return f"the version cannot be read any more: {error}"
    if body != BODY:
        return "the version has other bytes"
    if retention["Mode"] != "COMPLIANCE":
        return f"the version is in mode {retention['Mode']}"
    if retention["RetainUntilDate"] != target.until:
        return f"the version is retained until {retention['RetainUntilDate']}"
    if encryption_of(answer) != target.encryption:
        return f"the version is encrypted by {encryption_of(answer)}, not {target.encryption}"
    versions = [(entry["Key"], entry["VersionId"]) for entry in listed.get("Versions", [])]
    if (target.key, target.version) not in versions:
        return "the version is not listed any more"
    return ""
