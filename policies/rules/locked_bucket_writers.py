"""No writer voids a record under lock by its own date, mode or key (docs/decisions/0007)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from policies.iam.resource_policies import (
    Conditions,
    Statement,
    conditions,
    covers,
    is_for_everybody,
)
from policies.lookups.buckets import BUCKET, is_about_all, policy_of, takes_trail
from policies.lookups.keys import key_behind
from policies.rule import Rule
from policies.rules.audit_bucket_lock import OUTPUT as AUDIT
from policies.templates.scope import Resource, Scope

_WRITE, _RETAIN = "s3:PutObject", "s3:PutObjectRetention"
_DAYS = "s3:object-lock-remaining-retention-days"
_MODE = "s3:object-lock-mode"
_ENCRYPTION = "s3:x-amz-server-side-encryption"
_KEY = f"{_ENCRYPTION}-aws-kms-key-id"
_OWN_KEY = f"{_ENCRYPTION}-customer-algorithm"
_OF_S3 = {"aws:kms", "AES256"}
Meets = Callable[[list[Any]], bool]
# The conditions of a denial, and what their values have to be.
Shape = Mapping[tuple[str, str], Meets]


def _is_under_lock(bucket: Resource, scope: Scope) -> bool:
    return scope.target(scope.output("audit", AUDIT)) is bucket or takes_trail(bucket, scope)


def _judge(bucket: Resource, scope: Scope) -> Iterator[str]:
    days = scope.environment.buckets.audit.longest_days
    denials = [
        statement
        for statement in policy_of(bucket)
        if statement.get("Effect") == "Deny"
        and is_for_everybody(statement)
        and is_about_all(statement, bucket)
    ]
    for what, actions, shape in (
        (f"a retention of less than {days} days", (_WRITE, _RETAIN), _shorter_than(days)),
        ("a mode other than COMPLIANCE", (_WRITE, _RETAIN), _other_than(_MODE, {"COMPLIANCE"})),
        ("an encryption that is not S3's", (_WRITE,), _other_than(_ENCRYPTION, _OF_S3)),
        ("a key that is not the bucket's", (_WRITE,), _other_key(bucket)),
        ("KMS without naming a key", (_WRITE,), _UNNAMED_KEY),
        ("a key that the writer brings", (_WRITE,), {("Null", _OWN_KEY): _is_false}),
    ):
        for action in actions:
            if not any(_denies(denial, action, shape) for denial in denials):
                yield f"its policy does not deny everybody {action} with {what}"


def _denies(statement: Statement, action: str, shape: Shape) -> bool:
    found: Conditions = conditions(statement)
    return (
        covers(statement, action)
        and found.keys() == shape.keys()
        and all(shape[key](values) for key, values in found.items())
    )


def _is_false(values: list[Any]) -> bool:
    return [str(value).lower() for value in values] == ["false"]


def _is_true(values: list[Any]) -> bool:
    return [str(value).lower() for value in values] == ["true"]


def _shorter_than(days: int) -> Shape:
    return {("NumericLessThan", _DAYS): lambda values: any(int(v) >= days for v in values)}


def _other_than(key: str, allowed: set[str]) -> Shape:
    """Hold when a request carries the key with a value that is not among these."""
    return {
        ("Null", key): _is_false,
        ("StringNotEquals", key): lambda values: set(values) <= allowed,
    }


def _other_key(bucket: Resource) -> Shape:
    default = "BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault"
    own = key_behind(bucket.at(f"{default}.KMSMasterKeyID"), bucket)
    return {
        ("Null", _KEY): _is_false,
        ("StringNotEquals", _KEY): lambda values: (
            own is not None and all(key_behind(value, bucket) is own for value in values)
        ),
    }


_UNNAMED_KEY: Shape = {
    ("Null", _KEY): _is_true,
    ("StringEquals", _ENCRYPTION): lambda values: "aws:kms" in values,
}


RULE = Rule(
    id="locked-bucket-writers",
    title="A bucket under lock refuses a shorter date, a weaker mode and a foreign key",
    why="A date on the object wins over the bucket's default, and a record under a key that "
    "somebody else can delete is as good as deleted.",
    remedy="Make the bucket with runbook_constructs.locked_bucket, whose policy denies them.",
    clauses=("ROVN-BCK-2",),
    controls=("HIPAA 164.312(c)(1)", "NIST AU-9", "SOC2 CC7.3"),
    types=(BUCKET,),
    concerns=_is_under_lock,
    judge=_judge,
    waivable=False,
)
