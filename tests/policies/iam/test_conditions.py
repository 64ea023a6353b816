"""What conditions prove, and that nothing else does."""

from typing import Any

import pytest

from policies.iam.conditions import bound_to, demanded, narrowed, spared
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


@pytest.mark.parametrize(
    ("conditions", "who"),
    [
        ({}, []),
        ({"ArnNotEquals": {"aws:PrincipalArn": [A]}}, [A]),
        ({"StringNotLike": {"aws:PrincipalArn": A}}, [A]),
        ({"ArnNotEqualsIfExists": {"aws:PrincipalArn": A}}, None),
        ({"ArnNotEquals": {"aws:PrincipalArn": A, "aws:SourceArn": B}}, None),
        ({"ArnNotEquals": {"aws:PrincipalArn": A}, "Bool": {"aws:SecureTransport": "true"}}, None),
        ({"Bool": {"aws:SecureTransport": "false"}}, None),
    ],
)
def test_a_denial_counts_for_all_but_those_it_spares(
    conditions: dict[str, Any], who: list[str] | None
) -> None:
    assert spared(conditions) == who


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
