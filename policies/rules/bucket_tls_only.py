"""Nobody talks to a bucket in the clear, or by a TLS that can be broken."""

from collections.abc import Callable, Iterator

from policies.iam.resource_policies import (
    Conditions,
    Statement,
    conditions,
    covers,
    is_for_everybody,
)
from policies.lookups.buckets import BUCKET, is_about_all, policy_of
from policies.rule import Rule
from policies.templates.scope import Resource, Scope

# A call that only a statement on all of S3 is about.
_ANY_ACTION = "s3:*"
_OLDEST_TLS = 1.2


def _judge(bucket: Resource, _: Scope) -> Iterator[str]:
    denials = [
        conditions(statement)
        for statement in policy_of(bucket)
        if statement.get("Effect") == "Deny" and _is_about_every_call(statement, bucket)
    ]
    if not any(_is_plain_http(denial) for denial in denials):
        yield "its policy does not deny plain HTTP to everybody, for every action and object"
    if not any(_is_old_tls(denial) for denial in denials):
        yield "its policy does not deny TLS below 1.2 to everybody, for every action and object"


def _is_about_every_call(statement: Statement, bucket: Resource) -> bool:
    return (
        is_for_everybody(statement)
        and covers(statement, _ANY_ACTION)
        and is_about_all(statement, bucket)
    )


def _is_plain_http(denial: Conditions) -> bool:
    """Tell by the one condition; another beside it would let some through."""
    return any(
        _only(denial, operator, "aws:securetransport", lambda value: str(value).lower() == "false")
        for operator in ("Bool", "BoolIfExists")
    )


def _is_old_tls(denial: Conditions) -> bool:
    return any(
        _only(denial, operator, "s3:tlsversion", lambda value: float(str(value)) >= _OLDEST_TLS)
        for operator in ("NumericLessThan", "NumericLessThanIfExists")
    )


def _only(denial: Conditions, operator: str, key: str, meets: Callable[[object], bool]) -> bool:
    return denial.keys() == {(operator, key)} and any(map(meets, denial[operator, key]))


RULE = Rule(
    id="bucket-tls-only",
    title="Every bucket refuses plain HTTP and TLS below 1.2",
    why="What travels in the clear is read on the way, credentials of the request included.",
    remedy="Make the bucket with runbook_constructs.private_bucket, whose policy denies both.",
    clauses=(),
    controls=("HIPAA 164.312(e)(1)", "NIST SC-8", "SOC2 CC6.7"),
    types=(BUCKET,),
    judge=_judge,
    waivable=False,
)
