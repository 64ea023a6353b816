"""Two values are alike only where CloudFormation or IAM itself reads them alike."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.deployed.equivalence import ABSENT, ANYTHING, Examination, Mismatch

DENY: dict[str, Any] = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": ["s3:PutObject", "s3:GetObject"],
    "Resource": "arn:aws:s3:::b/*",
    "Condition": {"Bool": {"aws:SecureTransport": False}},
}
SAME_DENY: dict[str, Any] = {
    "Effect": "Deny",
    "Principal": {"AWS": "*"},
    "Action": ["s3:GetObject", "s3:PutObject"],
    "Resource": ["arn:aws:s3:::b/*"],
    "Condition": {"Bool": {"aws:SecureTransport": ["false"]}},
}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def mismatches(declared: object, live: object, *unordered: str) -> list[Mismatch]:
    examination = Examination(frozenset(unordered))
    examination.compare("P", declared, live)
    return examination.mismatches


@pytest.mark.parametrize(
    ("declared", "live"),
    [
        (90, "90"),
        ("90", 90),
        (90.0, 90),
        (True, "true"),
        ("false", False),
        ({"A": 1}, {"A": "1", "Default": "of AWS"}),
        ([], []),
        ([{"Key": "b", "Value": "1"}, {"Key": "a", "Value": "2"}],
         [{"Key": "a", "Value": "2"}, {"Key": "aws:cloudformation:stack-name", "Value": "s"},
          {"Key": "b", "Value": "1"}]),
        (policy(DENY), policy(SAME_DENY)),
        ({"Statement": {"Geo": {"B": 1, "A": 2}}}, {"Statement": {"Geo": {"A": "2", "B": "1"}}}),
        (policy(DENY), {"Version": "2012-10-17", "Statement": SAME_DENY}),
    ],
)  # fmt: skip
def test_alike(declared: object, live: object) -> None:
    assert mismatches(declared, live) == []


@pytest.mark.parametrize(
    ("declared", "live"),
    [
        (90, 91),
        (True, "yes"),
        (True, 1),
        ("a", ["a"]),
        ("a", None),
        ({"A": 1}, {}),
        ({"A": 1}, "A"),
        ({"A": []}, {}),
        (["a"], []),
        (["a"], ["a", "b"]),
        (["a", "b"], ["b", "a"]),
        ([{"Key": "a", "Value": "1"}], [{"Key": "a", "Value": "2"}]),
        ([{"Key": "a", "Value": "1"}], [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]),
        ([{"Key": "a", "Value": "1"}], []),
        (policy(DENY), policy(DENY, DENY)),
        (policy(DENY), policy({**DENY, "Effect": "Allow"})),
        (policy(DENY), policy({**DENY, "Sid": "Added"})),
        (policy(DENY), policy({**DENY, "Principal": {"Service": "*"}})),
        (policy(DENY), policy({**DENY, "Condition": {}})),
        (policy(DENY), {"Version": "2008-10-17", "Statement": [DENY]}),
        ({"Statement": {"Not": {"A": "1"}}}, {"Statement": {"Not": {"A": "2"}}}),
        (policy(DENY), "no policy"),
        ("no policy", policy(DENY)),
    ],
)
def test_not_alike(declared: object, live: object) -> None:
    assert mismatches(declared, live)


def test_order_means_nothing_where_the_description_says_so() -> None:
    assert mismatches(["a", "b"], ["b", "a"], "P") == []
    assert mismatches([{"X": 1, "Y": "2"}], [{"Y": 2, "X": "1"}], "P") == []
    assert mismatches(["a", "b"], ["b", "b"], "P")
    assert mismatches([{"X": 1}], [{"X": 1, "Y": 2}], "P"), "a rule with more to it is another rule"
    one = [{"Name": "n", "Document": policy(DENY)}]
    assert mismatches(one, [{"Document": policy(SAME_DENY), "Name": "n"}], "P") == []
    assert mismatches({"L": ["a", "b"]}, {"L": ["b", "a"]}, "P"), "the path must be the list's own"


def beyond(declared: object, live: object, **defaults: object) -> list[Mismatch]:
    """Compare below a closed path."""
    examination = Examination(
        closed=frozenset({"P.Rules"}),
        defaults={f"P.Rules[*].{name}": value for name, value in defaults.items()},
    )
    examination.compare("P", {"Rules": [declared]}, {"Rules": [live], "Open": 1})
    return examination.mismatches


def test_a_closed_path_holds_no_more_than_is_declared() -> None:
    assert beyond({"A": 1}, {"A": 1, "B": 2}) == [Mismatch("P.Rules[0].B", ABSENT, 2)]
    assert beyond({"A": {"X": 1}}, {"A": {"X": 1, "Y": 0}}) == [
        Mismatch("P.Rules[0].A.Y", ABSENT, 0)
    ]
    assert beyond({"A": 1}, {"A": 1, "B": "nothing"})
    assert beyond({"A": 1}, {"A": 1, "B": False})


def test_nothing_and_the_values_of_aws_are_no_more_than_is_declared() -> None:
    assert beyond({"A": 1}, {"A": 1, "B": [], "C": {}, "D": None, "E": ""}) == []
    assert beyond({"A": 1}, {"A": 1, "B": "false"}, B=False) == []
    assert beyond({"A": 1}, {"A": 1, "B": True}, B=False)
    assert beyond({"A": 1}, {"A": 1, "B": "chosen"}, B=ANYTHING) == []
    assert beyond({"A": 1}, {"A": 2}, A=2), "a default says nothing against the template"


@pytest.mark.parametrize(
    "malformed",
    [
        policy({**DENY, "Condition": "Bool"}),
        policy({**DENY, "Condition": {"Bool": "aws:SecureTransport"}}),
        policy({**DENY, "Condition": ["Bool"]}),
        policy({**DENY, "Action": {"s3": None}}),
        {"Version": "2012-10-17", "Statement": "Deny"},
        {"Version": "2012-10-17", "Statement": [DENY, "Deny"]},
        {"Version": "2012-10-17", "Statement": None},
        {"Version": ["2012-10-17"], "Statement": [DENY]},
        [{"Key": 1, "Value": {"a": 2}}],
    ],
)
def test_what_is_malformed_is_a_mismatch_and_no_failure(malformed: object) -> None:
    assert mismatches(policy(DENY), malformed)
    assert mismatches(malformed, policy(DENY))
    assert mismatches(malformed, [{"Key": "a", "Value": "1"}])


def test_names_the_place_and_both_values() -> None:
    declared = {"Rules": [{"Status": "Enabled"}, {"Status": "Enabled"}]}
    live = {"Rules": [{"Status": "Enabled"}, {}]}
    assert mismatches(declared, live) == [Mismatch("P.Rules[1].Status", "Enabled", ABSENT)]


def test_counts_every_single_value() -> None:
    examination = Examination()
    examination.compare("P", {"A": 1, "B": [1, {"C": []}], "D": policy(DENY)}, {"A": 1})
    assert examination.values == 3, "A, and one for each part that is not there"
    examination = Examination()
    value = {"A": 1, "B": [1, {"C": []}], "D": policy(DENY)}
    examination.compare("P", value, value)
    assert examination.values == 3 + 7
