"""One statement and one call: what is sure of it, and what stays open."""

import json
from typing import Any

import pytest

from runbook_constructs.secret_readers.handler.conditions import (
    NOT_BY_A_SERVICE,
    NOT_BY_SECRETS_MANAGER,
    holds,
)
from runbook_constructs.secret_readers.handler.statements import (
    Call,
    Statement,
    UnreadableError,
    granting,
    statements,
)

Json = Any
ME = "arn:aws:iam::123456789012:role/me"
FACTS = {
    "aws:principalarn": ME,
    "aws:principalaccount": "123456789012",
    "aws:principalisawsservice": "false",
    "kms:viaservice": NOT_BY_SECRETS_MANAGER,
}
GET = "secretsmanager:GetSecretValue"
SECRET = "arn:aws:secretsmanager:us-east-2:123456789012:secret:rovn/production/x-AbCdEf"  # noqa: S105
VIA, ARN = "kms:ViaService", "aws:PrincipalArn"
OURS, THEIRS = "secretsmanager.us-east-2.amazonaws.com", "s3.us-east-2.amazonaws.com"


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, True),
        (None, True),
        ({"ArnEquals": {ARN: ME}}, True),
        ({"ArnEquals": {ARN: ["arn:aws:iam::123456789012:role/other"]}}, False),
        ({"ArnLike": {"AWS:principalARN": "arn:aws:iam::*:role/*"}}, True),
        ({"ArnNotEquals": {ARN: ME}}, False),
        ({"ArnNotLike": {ARN: "arn:aws:iam::*:role/other"}}, True),
        # Nobody knows what IAM makes of half an ARN.
        ({"ArnNotLike": {ARN: "*"}}, None),
        ({"StringEquals": {ARN: "arn:aws:iam::123456789012:role/${aws:username}"}}, None),
        ({"StringNotEquals": {ARN: "arn:aws:iam::123456789012:role/${aws:username}"}}, None),
        ({"StringNotEquals": {ARN: ["${aws:x}", ME]}}, False),
        ({"StringLike": {ARN: "*/m?"}}, True),
        ({"StringEqualsIgnoreCase": {ARN: ME.upper()}}, True),
        ({"StringNotEqualsIgnoreCase": {ARN: ME.upper()}}, False),
        ({"StringEqualsIfExists": {"aws:PrincipalAccount": "999999999999"}}, False),
        ({"Bool": {"aws:PrincipalIsAWSService": "false"}}, True),
        ({"Bool": {"aws:PrincipalIsAWSService": True}}, False),
        ({"Null": {ARN: "false"}}, True),
        ({"Null": {ARN: "true"}}, False),
        # What nobody knows here.
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, None),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, None),
        ({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, None),
        ({"ForAllValues:ArnEquals": {ARN: "x"}}, None),
        ({"NumericLessThan": {ARN: "1"}}, None),
        (["odd"], None),
        ({"StringEquals": "odd"}, None),
        # All conditions have to hold; one that surely does not ends it.
        ({"Bool": {"aws:ViaAWSService": "true"}, "ArnEquals": {ARN: "arn:a:b:c:d:e"}}, False),
        ({"Bool": {"aws:ViaAWSService": "true"}, "ArnEquals": {ARN: ME}}, None),
        # Only by way of Secrets Manager is only by way of the secret's own policy.
        ({"StringEquals": {VIA: OURS}}, False),
        ({"StringLike": {VIA: "secretsmanager.*.amazonaws.com"}}, False),
        ({"StringEquals": {VIA: [OURS, THEIRS]}}, None),
        ({"StringLike": {VIA: "s*"}}, None),
        ({"StringEqualsIfExists": {VIA: OURS}}, None),
        ({"StringNotEquals": {VIA: OURS}}, None),
        ({"StringEqualsIgnoreCase": {VIA: OURS}}, None),
        ({"StringEquals": {VIA: []}}, None),
        ({"Null": {VIA: "true"}}, None),
    ],
)
def test_conditions(conditions: Json, expected: bool | None) -> None:
    assert holds(conditions, FACTS) is expected


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"StringEquals": {VIA: THEIRS}}, False),
        ({"StringEquals": {VIA: [OURS, THEIRS]}}, False),
        ({"StringLike": {VIA: "s3.*.amazonaws.com"}}, False),
        ({"StringLike": {VIA: "s*"}}, None),
        ({"StringLike": {VIA: [THEIRS, "*"]}}, None),
        ({"StringEquals": {VIA: "${aws:x}.amazonaws.com"}}, None),
        ({"StringEqualsIfExists": {VIA: THEIRS}}, None),
        ({"ForAnyValue:StringEquals": {VIA: THEIRS}}, None),
        ({"StringNotEquals": {VIA: THEIRS}}, None),
        ({"StringNotLike": {VIA: "s3.*"}}, None),
        ({"Null": {VIA: "false"}}, None),
    ],
)
def test_a_service_decrypts_what_is_its_own(conditions: Json, expected: bool | None) -> None:
    """Where no service is to help, another one is as good as Secrets Manager."""
    assert holds(conditions, {**FACTS, "kms:viaservice": NOT_BY_A_SERVICE}) is expected


@pytest.mark.parametrize(
    ("body", "allows"),
    [
        ({"Action": GET, "Resource": SECRET}, True),
        ({"Action": "SECRETSMANAGER:getsecretvalue", "Resource": "*"}, True),
        (
            {"Action": ["s3:*", "secretsmanager:Get*"], "Resource": ["x", f"{SECRET[:-6]}??????"]},
            True,
        ),
        ({"Action": "secretsmanager:Get?", "Resource": "*"}, False),
        ({"Action": GET, "Resource": SECRET.upper()}, False),
        ({"Action": GET, "Resource": SECRET[:-7]}, False),
        ({"NotAction": "iam:*", "Resource": "*"}, True),
        ({"NotAction": ["iam:*", "secretsmanager:*"], "Resource": "*"}, False),
        ({"Action": "*", "NotResource": "arn:aws:s3:::*"}, True),
        ({"Action": "*", "NotResource": ["arn:aws:secretsmanager:*"]}, False),
        # A variable may stand for the very thing, or for another.
        ({"Action": GET, "Resource": "arn:aws:secretsmanager:*:*:secret:${aws:x}"}, True),
        ({"Action": "*", "NotResource": "arn:aws:secretsmanager:*:*:secret:${aws:x}"}, True),
        ({"Action": GET}, False),
    ],
)
def test_what_a_statement_is_about(body: Json, allows: bool) -> None:
    call = Call(GET, SECRET, FACTS)
    assert Statement("x", {"Effect": "Allow", **body}).may_allow(call) is allows
    certain = allows and "${" not in json.dumps(body)
    refuses = Statement("x", {"Effect": "Deny", **body})
    assert refuses.surely_denies(call) is certain
    assert not refuses.may_allow(call)
    everything = Statement("all", {"Effect": "Allow", "Action": "*", "Resource": "*"})
    assert granting([everything, refuses], call) == ([] if certain else [everything])


def test_a_denial_with_an_open_condition_denies_nothing() -> None:
    body = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    mfa = {"Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}
    call = Call(GET, SECRET, FACTS)
    assert Statement("x", body).surely_denies(call)
    assert not Statement("x", {**body, **mfa}).surely_denies(call)


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ({"Principal": "*"}, ["*"]),
        ({"Principal": {"AWS": "*"}}, ["*"]),
        ({"Principal": {"AWS": ["999999999999", ME]}}, ["arn:aws:iam::999999999999:root", ME]),
        ({"Principal": {"Service": "lambda.amazonaws.com"}}, ["lambda.amazonaws.com"]),
        ({"NotPrincipal": {"AWS": ME}}, ["*"]),
        ({}, ["*"]),
        ({"Principal": "*", "Condition": {"ArnLike": {ARN: [ME]}}}, [ME]),
        ({"Principal": "*", "Condition": {"ArnNotLike": {ARN: [ME]}}}, ["*"]),
    ],
)
def test_whom_a_policy_on_a_resource_names(principal: Json, expected: list[str]) -> None:
    assert Statement("x", {"Effect": "Allow", **principal}).holders("123456789012") == expected


@pytest.mark.parametrize(
    "document", ["no JSON", "[]", {}, None, {"Statement": "x"}, {"Statement": ["x"]}]
)
def test_another_form_is_unreadable_and_not_repeated(document: Json) -> None:
    with pytest.raises(
        UnreadableError, match=r"^here: a policy has a form that is not known here$"
    ):
        statements(document, "here")


def test_a_statement_is_named_by_its_sid_or_its_place() -> None:
    said = statements({"Statement": [{"Sid": "One"}, {"Sid": ""}]}, "policy p")
    assert [one.label for one in said] == ["policy p, statement One", "policy p, statement 2"]
    assert statements('{"Statement": {"Sid": "Two"}}', "p")[0].label == "p, statement Two"


@pytest.mark.parametrize("odd", [{"Action": 1}, {"Action": GET, "Resource": {"Ref": "x"}}])
def test_what_is_no_text_is_unreadable(odd: Json) -> None:
    with pytest.raises(UnreadableError):
        Statement("x", {"Effect": "Allow", **odd}).may_allow(Call(GET, SECRET))
