"""Denied: S3 refused, the version is as it was, and the attempt works where nothing is locked."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import MagicMock

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.session import Session

from sandbox.attempt import (
    Attempt,
    Birth,
    Control,
    NotTriedError,
    Outcome,
    RefusedInBatchError,
    Target,
    preparing,
)
from sandbox.failure import SandboxError
from sandbox.newborn import new_target
from sandbox.tamper import locked_buckets, tamper_with
from sandbox.tampering import ATTEMPTS
from sandbox.untried_operations import REASONS, untried

WRITING = re.compile(r"Put|Delete|Update|Restore|Copy|Complete|Create")
POLICY = {"Statement": [{"Sid": "DenyIt", "Effect": "Deny"}, {"Sid": "Grant", "Effect": "Allow"}]}


def refusal(code: str, operation: str = "Operation") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


def in_years(years: int) -> datetime:
    """Return the same moment some years from now; on 29 February that of the day after."""
    now = datetime.now(UTC).replace(microsecond=0)
    if (now.month, now.day) == (2, 29):
        now = now.replace(month=3, day=1)
    return now.replace(year=now.year + years)


@dataclass
class LockingS3:
    """The calls by which the judgement looks at S3; the attempts spoil what they answer.

    All versions are one; `controlled` tells whether the newest is a control.
    """

    retention: dict[str, Any] | None = None
    default: dict[str, Any] | None = field(
        default_factory=lambda: {"Mode": "COMPLIANCE", "Years": 7}
    )
    body: bytes = b""
    key: str = "key-1"
    gone: bool = False
    listed: bool = True
    controlled: bool = False
    name: str = ""

    def put_object(self, *, Key: str, Body: bytes, **arguments: Any) -> dict[str, str]:  # noqa: ANN401, N803
        self.controlled = "ObjectLockMode" in arguments
        if not self.controlled:
            self.body, self.name = Body, Key
        if self.default and self.retention is None:
            until = in_years(self.default["Years"])
            self.retention = {"Mode": self.default["Mode"], "RetainUntilDate": until}
        return {"VersionId": "v1"}

    def head_object(self, **_object: str) -> dict[str, Any]:
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.key}

    def get_object(self, **_object: str) -> dict[str, Any]:
        if self.gone:
            raise refusal("NoSuchVersion")
        return self.head_object() | {"Body": io.BytesIO(self.body)}

    def list_object_versions(self, **_arguments: str) -> dict[str, Any]:
        return {"Versions": [{"Key": self.name, "VersionId": "v1"}] if self.listed else []}

    def get_object_retention(self, **_object: str) -> dict[str, Any]:
        if self.retention is None:
            raise refusal("NoSuchObjectLockConfiguration")
        return {"Retention": dict(self.retention)}

    def put_object_retention(self, **_arguments: object) -> None:
        """Unlock a control."""

    def get_bucket_policy(self, **_bucket: str) -> dict[str, str]:
        return {"Policy": json.dumps(POLICY)}

    def get_object_lock_configuration(self, *, Bucket: str) -> dict[str, Any]:  # noqa: N803
        if self.default is None:
            raise refusal("ObjectLockConfigurationNotFoundError")
        return {"ObjectLockConfiguration": {"Rule": {"DefaultRetention": self.default}}}


def deny(target: Target) -> None:
    if not target.s3.controlled:
        raise refusal("AccessDenied", "DeleteObject")


def deny_everywhere(target: Target) -> None:
    raise refusal("AccessDenied")


def deny_the_first_step(target: Target) -> None:
    with preparing("the first"):
        deny_everywhere(target)


def deny_in_batch(target: Target) -> None:
    raise RefusedInBatchError("AccessDenied")


def fail(target: Target) -> None:
    raise refusal("InternalError")


def permit(target: Target) -> None:
    """S3 did it, and nothing of the version changed."""


def delete(target: Target) -> None:
    target.s3.gone = True


def hide(target: Target) -> None:
    target.s3.listed = False


def encrypt(target: Target) -> None:
    target.s3.key = "key-2"


def shorten(target: Target) -> None:
    target.s3.retention["RetainUntilDate"] -= timedelta(seconds=1)


def weaken(target: Target) -> None:
    target.s3.retention["Mode"] = "GOVERNANCE"


def rewrite(target: Target) -> None:
    target.s3.body = b"other"


def shorten_and_deny(target: Target) -> None:
    shorten(target)
    deny_everywhere(target)


def by_design(act: Callable[[Target], None]) -> Attempt:
    return Attempt("by design", act, Outcome.HARMLESS, frozenset(), note="adds a marker")


def anyway(act: Callable[[Target], None]) -> Attempt:
    return Attempt("anyway", act, Outcome.REFUSED, control=Control.GOVERNANCE)


def by_policy(act: Callable[[Target], None], statement: str) -> Attempt:
    return Attempt("policy", act, Outcome.LEFT_TO_POLICY, frozenset(), statement=statement)


@pytest.mark.parametrize(
    ("attempt", "outcome", "answer"),
    [
        (Attempt("deny", deny), Outcome.DENIED, "AccessDenied to DeleteObject"),
        (Attempt("batch", deny_in_batch), Outcome.DENIED, "AccessDenied to DeleteObjects"),
        (Attempt("other error", fail), Outcome.BREACH, "InternalError"),
        (Attempt("permitted", permit), Outcome.BREACH, "S3 permitted it"),
        (Attempt("deleted", delete), Outcome.BREACH, "cannot be read any more"),
        (Attempt("hidden", hide), Outcome.BREACH, "not listed any more"),
        (Attempt("other key", encrypt), Outcome.BREACH, "is encrypted by"),
        (Attempt("shortened", shorten), Outcome.BREACH, "retained until"),
        (Attempt("weakened", weaken), Outcome.BREACH, "in mode GOVERNANCE"),
        (Attempt("rewritten", rewrite), Outcome.BREACH, "other bytes"),
        (Attempt("denied, yet done", shorten_and_deny), Outcome.BREACH, "retained until"),
        (by_design(permit), Outcome.HARMLESS, "adds a marker"),
        (by_design(delete), Outcome.BREACH, "cannot be read"),
        (by_design(deny), Outcome.BREACH, "AccessDenied"),
        (Attempt("steps", deny_the_first_step), Outcome.UNPROVED, "at the step “the first”"),
        (anyway(deny_everywhere), Outcome.REFUSED, "AccessDenied"),
        (anyway(deny), Outcome.UNPROVED, "at the control: S3 permitted it"),
        (anyway(permit), Outcome.BREACH, "S3 permitted it"),
        (by_policy(permit, "DenyIt"), Outcome.LEFT_TO_POLICY, "denied on AWS"),
        (by_policy(permit, "Grant"), Outcome.BREACH, "no statement Grant denies it"),
        (by_policy(permit, "Gone"), Outcome.BREACH, "no statement Gone denies it"),
        (by_policy(weaken, "DenyIt"), Outcome.BREACH, "in mode GOVERNANCE"),
    ],
    ids=lambda value: value.name if isinstance(value, Attempt) else "",
)
def test_judges(attempt: Attempt, outcome: Outcome, answer: str) -> None:
    [result] = tamper_with(LockingS3(), "bucket", [attempt])
    assert result.outcome is outcome
    assert answer in result.answer


@pytest.mark.parametrize("control", list(Control))
def test_a_denial_without_the_lock_is_no_evidence(control: Control) -> None:
    [result] = tamper_with(LockingS3(), "bucket", [Attempt("a", deny, control=control)])
    assert (result.outcome, result.control) == (Outcome.DENIED, f"{control.value}: permitted")
    [result] = tamper_with(LockingS3(), "bucket", [Attempt("a", deny_everywhere, control=control)])
    assert (result.outcome, result.control) == (Outcome.UNPROVED, f"{control.value}: refused too")


def test_every_denial_has_a_control_or_says_why_not() -> None:
    for attempt in ATTEMPTS:
        if attempt.expected in (Outcome.DENIED, Outcome.REFUSED):
            assert attempt.control or attempt.note, attempt.name
            assert attempt.refusals, attempt.name
        else:
            assert attempt.note, attempt.name
            assert not attempt.refusals, attempt.name
        assert bool(attempt.statement) is (attempt.expected is Outcome.LEFT_TO_POLICY)
    assert {attempt.birth for attempt in ATTEMPTS} == set(Birth)
    assert len({attempt.name for attempt in ATTEMPTS}) == len(ATTEMPTS)


def test_an_object_that_comes_under_no_lock_is_an_error() -> None:
    with pytest.raises(SandboxError, match=r"PutObject, comes under no lock"):
        tamper_with(LockingS3(default=None), "bucket")


def test_an_object_that_is_held_shorter_than_the_default_is_an_error() -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    s3 = LockingS3(retention={"Mode": "COMPLIANCE", "RetainUntilDate": tomorrow})
    with pytest.raises(SandboxError, match="is held in mode COMPLIANCE until"):
        tamper_with(s3, "bucket")


@pytest.mark.parametrize(
    ("default", "expected"),
    [
        ({"Mode": "COMPLIANCE", "Years": 7}, ["bucket"]),
        ({"Mode": "GOVERNANCE", "Years": 7}, []),
        ({}, []),
        (None, []),
    ],
)
def test_finds_the_buckets_under_a_compliance_lock(
    default: dict[str, Any] | None, expected: list[str]
) -> None:
    assert locked_buckets(LockingS3(default=default), ["bucket"]) == expected


def operations_tried() -> set[str]:
    """Let every birth and every attempt speak to an S3 that only listens."""
    s3 = MagicMock()
    s3.get_bucket_lifecycle_configuration.return_value = {"Rules": []}
    target = Target(s3, "bucket", "key", "version", datetime.now(UTC))
    for birth in Birth:
        with pytest.raises((SandboxError, KeyError, TypeError)):
            new_target(s3, "bucket", "key", birth)
    for attempt in ATTEMPTS:
        try:
            attempt.act(target)
        except (RefusedInBatchError, NotTriedError):
            continue
    return {call[0] for call in s3.method_calls}


def test_every_writing_operation_of_s3_is_tried_or_has_a_reason() -> None:
    model = Session().get_service_model("s3")
    writing = {name for name in model.operation_names if WRITING.match(name)}
    calls = operations_tried()
    tried = {name for name in model.operation_names if xform_name(name) in calls}
    reasoned = list(untried())
    assert len(reasoned) == len(set(reasoned))
    assert writing - tried - set(reasoned) == set(), "neither tried nor reasoned away"
    assert set(reasoned) - writing == set(), "S3 has no such operation"
    assert set(reasoned) & tried == set(), "tried, so no reason is needed"
    assert all(REASONS)
