"""What conditions prove, and that nothing else does."""

from typing import Any

import pytest

from policies.iam.conditions import bound_to, demanded, hold, narrowed
from policies.templates.values import Reference, Unknown, UnresolvedError

ROOT = "arn:aws:iam::111122223333:root"
A, B = "arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:role/b"


@pytest.mark.parametrize(
    ("conditions", "left"),
    [
        ({}, {A, B}),
        ({"ArnEquals": {"aws:PrincipalArn": A}}, {A}),
        ({"StringLike": {"AWS:principalARN": ["arn:aws:iam::111122223333:role/*"]}}, {A, B}),
        ({"ArnEqualsIfExists": {"aws:PrincipalArn": A}}, {A, B}),
        ({"ForAnyValue:ArnEquals": {"aws:PrincipalArn": A}}, {A, B}),
        ({"ArnNotEquals": {"aws:PrincipalArn": A}}, {A, B}),
        ({"StringEquals": {"aws:username": "a"}}, {A, B}),
    ],
)
def test_only_a_demand_on_who_asks_narrows(conditions: dict[str, Any], left: set[str]) -> None:
    assert narrowed({A, B}, conditions) == left


def test_everybody_and_the_account_become_those_named() -> None:
    named = {"ArnEquals": {"aws:PrincipalArn": [A]}}
    assert narrowed({"*"}, named) == narrowed({ROOT}, named) == {A}
    assert narrowed({"ecs.amazonaws.com"}, named) == {"ecs.amazonaws.com"}


MARK = "<stack/Role.Arn>"


@pytest.mark.parametrize(
    ("conditions", "sure"),
    [
        ({}, True),
        ({"ArnNotEquals": {"aws:PrincipalArn": [B]}}, True),
        ({"ArnNotEquals": {"aws:PrincipalArn": [A, B]}}, False),
        ({"ArnNotEqualsIfExists": {"AWS:principalARN": B}}, True),
        ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}, False),
        ({"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/?"}}, False),
        # Here a wildcard is a character like any other.
        ({"StringNotEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/?"}}, True),
        ({"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/?"}}, False),
        ({"ArnLike": {"aws:PrincipalArn": [B, "arn:aws:iam::*:role/?"]}}, True),
        ({"ArnEquals": {"aws:PrincipalArn": B}}, False),
        # Only AWS knows what a variable is.
        ({"ArnNotEquals": {"aws:PrincipalArn": "${aws:PrincipalTag/friend}"}}, False),
        ({"ArnLike": {"aws:PrincipalArn": "${aws:PrincipalTag/friend}"}}, False),
        ({"Bool": {"aws:SecureTransport": True}}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"BoolIfExists": {"aws:SecureTransport": "true"}}, True),
        ({"Null": {"aws:SecureTransport": "false"}}, False),
        ({"ForAnyValue:ArnNotEquals": {"aws:PrincipalArn": B}}, False),
        ({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}, False),
        # It may not be known, and decides nothing.
        ({"StringNotEquals": {"aws:SourceVpc": Unknown("${V}", "open")}}, False),
        ({"ArnNotEquals": {"aws:PrincipalArn": B, "aws:SourceArn": B}}, False),
        ({"ArnNotEquals": {"aws:PrincipalArn": B}, "Bool": {"aws:SecureTransport": "true"}}, True),
        ({"ArnNotEquals": {"aws:PrincipalArn": A}, "Bool": {"aws:SecureTransport": "true"}}, False),
    ],
)
def test_conditions_hold_for_a_call_or_it_is_not_sure(
    conditions: dict[str, Any], sure: bool
) -> None:
    assert hold(conditions, {"aws:principalarn": A, "aws:securetransport": "true"}) is sure


@pytest.mark.parametrize(
    ("value", "sure"),
    [(A, True), (MARK, False), ("arn:aws:iam::111122223333:role/stack-*", False), ("*", False)],
)
def test_a_name_that_aws_makes_may_fit_a_wildcard(value: str, sure: bool) -> None:
    assert hold({"ArnNotLike": {"aws:PrincipalArn": value}}, {"aws:principalarn": MARK}) is sure


def test_what_would_decide_and_is_open_is_told() -> None:
    for conditions in (
        Unknown("${C}", "open"),
        {"ArnNotEquals": Unknown("${C}", "open")},
        {"ArnNotEquals": {"aws:PrincipalArn": [B, Unknown("${C}", "open")]}},
    ):
        with pytest.raises(UnresolvedError, match="is open"):
            hold(conditions, {"aws:principalarn": A})
    with pytest.raises(UnresolvedError, match="'no list' is no condition"):
        hold({"ArnNotEquals": "no list"}, {"aws:principalarn": A})


@pytest.mark.parametrize(
    ("conditions", "bound"),
    [
        ({"StringEquals": {"aws:PrincipalAccount": "111122223333"}}, True),
        ({"StringEquals": {"aws:sourceaccount": ["111122223333"]}}, True),
        ({"StringEquals": {"aws:SourceAccount": ["111122223333", "999999999999"]}}, False),
        ({"StringLike": {"aws:SourceAccount": "*"}}, False),
        ({"StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-2:111122223333:*"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-2:*:topic"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::anybodys"}}, False),
        ({"ArnLike": {"aws:SourceArn": Reference("arn:aws:s3:::ours", "t", "B", "Arn")}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}, True),
        ({"StringLike": {"aws:PrincipalOrgID": "o-*"}}, False),
        ({"StringEquals": {"aws:ResourceAccount": "111122223333"}}, False),
        ({}, False),
    ],
)
def test_who_asks_is_bound_to_the_account_or_not(conditions: dict[str, Any], bound: bool) -> None:
    assert bound_to("111122223333", conditions) is bound


def test_an_open_value_proves_nothing_silently() -> None:
    for conditions in (
        Unknown("${C}", "open"),
        {"StringEquals": Unknown("${C}", "open")},
        {"StringEquals": {"aws:SourceAccount": Unknown("${C}", "open")}},
    ):
        with pytest.raises(UnresolvedError, match="is open"):
            demanded(conditions, "aws:SourceAccount")
