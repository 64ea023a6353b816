"""An attempt counts as denied only if S3 refused it and the version is as it was."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.failure import SandboxError
from sandbox.tamper import Outcome, locked_buckets, tamper_with
from sandbox.tampering import ATTEMPTS, LOCKED, Attempt, RefusedInBatchError, Target


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Operation")


@dataclass
class LockingS3:
    """The four calls by which the judgement looks at S3; the attempts spoil what they answer."""

    retention: dict[str, Any] | None = None
    default: dict[str, Any] | None = field(
        default_factory=lambda: {"Mode": "COMPLIANCE", "Years": 7}
    )
    body: bytes = b""
    gone: bool = False

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> dict[str, str]:  # noqa: N803
        self.body = Body
        now = datetime.now(UTC)
        if self.default and self.retention is None:
            until = now.replace(year=now.year + self.default["Years"], microsecond=0)
            self.retention = {"Mode": self.default["Mode"], "RetainUntilDate": until}
        return {"VersionId": "v1"}

    def get_object(self, **_object: str) -> dict[str, Any]:
        if self.gone:
            raise refusal("NoSuchVersion")
        return {"Body": io.BytesIO(self.body)}

    def get_object_retention(self, **_object: str) -> dict[str, Any]:
        if self.retention is None:
            raise refusal("NoSuchObjectLockConfiguration")
        return {"Retention": dict(self.retention)}

    def get_object_lock_configuration(self, *, Bucket: str) -> dict[str, Any]:  # noqa: N803
        if self.default is None:
            raise refusal("ObjectLockConfigurationNotFoundError")
        return {"ObjectLockConfiguration": {"Rule": {"DefaultRetention": self.default}}}


def deny(target: Target) -> None:
    raise refusal("AccessDenied")


def deny_in_batch(target: Target) -> None:
    raise RefusedInBatchError("AccessDenied")


def fail(target: Target) -> None:
    raise refusal("InternalError")


def permit(target: Target) -> None:
    """S3 did it, and nothing of the version changed."""


def delete(target: Target) -> None:
    target.s3.gone = True


def shorten(target: Target) -> None:
    target.s3.retention["RetainUntilDate"] -= timedelta(seconds=1)


def weaken(target: Target) -> None:
    target.s3.retention["Mode"] = "GOVERNANCE"


def rewrite(target: Target) -> None:
    target.s3.body = b"other"


def shorten_and_deny(target: Target) -> None:
    shorten(target)
    deny(target)


@pytest.mark.parametrize(
    ("attempt", "outcome", "answer"),
    [
        (Attempt("deny", deny, LOCKED), Outcome.DENIED, "AccessDenied"),
        (Attempt("batch", deny_in_batch, LOCKED), Outcome.DENIED, "AccessDenied"),
        (Attempt("other error", fail, LOCKED), Outcome.BREACH, "InternalError"),
        (Attempt("permitted", permit, LOCKED), Outcome.BREACH, "S3 permitted it"),
        (Attempt("deleted", delete, LOCKED), Outcome.BREACH, "cannot be read any more"),
        (Attempt("shortened", shorten, LOCKED), Outcome.BREACH, "retained until"),
        (Attempt("weakened", weaken, LOCKED), Outcome.BREACH, "in mode GOVERNANCE"),
        (Attempt("rewritten", rewrite, LOCKED), Outcome.BREACH, "other bytes"),
        (Attempt("denied, yet done", shorten_and_deny, LOCKED), Outcome.BREACH, "retained until"),
        (Attempt("by design", permit, note="adds a marker"), Outcome.HARMLESS, "adds a marker"),
        (Attempt("by design, harmful", delete, note="adds"), Outcome.BREACH, "cannot be read"),
        (Attempt("by design, refused", deny, note="adds"), Outcome.BREACH, "AccessDenied"),
    ],
    ids=lambda value: value.name if isinstance(value, Attempt) else "",
)
def test_judges(attempt: Attempt, outcome: Outcome, answer: str) -> None:
    [result] = tamper_with(LockingS3(), "bucket", [attempt])
    assert result.outcome is outcome
    assert answer in result.answer


def test_an_object_that_comes_under_no_lock_is_an_error() -> None:
    with pytest.raises(SandboxError, match="comes under no lock"):
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


def test_every_way_that_s3_offers_is_tried() -> None:
    tried = {attempt.act.__name__ for attempt in ATTEMPTS if attempt.refusals}
    assert tried == {
        "delete_bucket",
        "delete_in_batch",
        "delete_in_batch_bypassing",
        "delete_version",
        "delete_version_bypassing",
        "disable_lock",
        "drop_policy_and_delete",
        "remove_retention",
        "retain_a_second_less",
        "retain_less",
        "retain_less_bypassing",
        "retain_until_yesterday",
        "suspend_versioning",
        "toggle_legal_hold",
        "weaken_default_and_delete",
        "weaken_mode",
        "weaken_mode_bypassing",
    }
