"""Requests judged by a policy, as IAM judges them."""

import pytest

from policies.iam.resource_policies import Request, lets, matches, statements
from policies.templates.values import Unknown, UnresolvedError

READ = Request("sns.amazonaws.com", "s3:GetObject", "arn:aws:s3:::b/o", {"aws:SourceAccount": "1"})


def statement(**changed: object) -> dict[str, object]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": "*",
    } | changed


def denial(**changed: object) -> dict[str, object]:
    return statement(**changed) | {"Effect": "Deny"}


def read(*given: dict[str, object]) -> bool:
    return lets({"Statement": list(given)}, READ)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"Principal": "*"},
        {"Principal": {"AWS": "*"}},
        {"Principal": {"Service": ["a.amazonaws.com", "sns.amazonaws.com"]}},
        {"Action": ["s3:Put*", "S3:get*"]},
        {"Action": None, "NotAction": "s3:PutObject"},
        {"Resource": ["arn:aws:s3:::b/*"]},
        {"Resource": None, "NotResource": "arn:aws:s3:::other/*"},
        {"Condition": {"StringEquals": {"AWS:SourceAccount": ["2", "1"]}}},
        {"Condition": {"StringEqualsIfExists": {"aws:SourceAccount": "1"}}},
    ],
)
def test_what_is_allowed(changed: dict[str, object]) -> None:
    assert read(statement(**changed))
    # The same words deny it, whatever else allows it.
    assert not read(statement(), denial(**changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"Principal": {"Service": "other.amazonaws.com"}},
        {"Principal": {"AWS": "111122223333"}},
        {"Action": "s3:PutObject"},
        {"Action": None, "NotAction": "s3:Get*"},
        {"Resource": "arn:aws:s3:::b"},
        {"Resource": None, "NotResource": "arn:aws:s3:::b/*"},
        {"Condition": {"StringEquals": {"aws:SourceAccount": "2"}}},
    ],
)
def test_what_a_statement_is_not_about(changed: dict[str, object]) -> None:
    assert not read(statement(**changed))
    assert read(statement(), denial(**changed))


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
        {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}},
        {"StringNotEquals": {"aws:SourceAccount": "2"}},
        {"ForAnyValue:StringEquals": {"aws:SourceAccount": "1"}},
        {"Null": {"aws:SourceAccount": "false"}},
    ],
)
def test_what_nobody_can_judge_counts_against_it(condition: dict[str, object]) -> None:
    assert not read(statement(Condition=condition))
    assert not read(statement(), denial(Condition=condition))


def test_exceptions_of_principals_allow_nothing_and_deny() -> None:
    but = {"Principal": None, "NotPrincipal": {"AWS": "111122223333"}}
    assert not read(statement(**but))
    assert not read(statement(), denial(**but))


def test_nothing_is_allowed_by_default() -> None:
    assert not lets(None, READ)
    assert not lets({}, READ)
    assert not read()


def test_a_policy_may_be_text_or_hold_one_statement() -> None:
    assert statements('{"Statement": {"Effect": "Allow"}}') == [{"Effect": "Allow"}]
    with pytest.raises(UnresolvedError, match="no JSON"):
        statements("Allow")


def test_what_is_open_is_not_judged() -> None:
    unknown = Unknown("${Some}", "nobody knows")
    for key in ("Principal", "Action", "Resource", "Condition", "Effect"):
        with pytest.raises(UnresolvedError):
            read(statement(**{key: unknown}))


def test_patterns_are_those_of_iam() -> None:
    assert matches("a*c?", "abbcd")
    assert not matches("a.c", "abc")
    assert not matches("[ab]", "a")
