"""Policies are found in whatever form they stand; what may hold one and cannot be read fails."""

import json

import pytest

from policies.iam.policy_documents import statements_in
from policies.templates.scope import scopes_of
from policies.templates.values import UnresolvedError
from runbook.model.loader import load_environment
from tests.policies.rules.access import allow
from tests.policies.rules.harness import Json, template

ALLOWS = allow("s3:GetObject")


def found(document: object, kind: str = "AWS::IAM::Policy") -> list[Json]:
    resource = {"Type": kind, "Properties": {"PolicyDocument": document}}
    body = template("app", {"Thing": resource})
    scope = next(iter(scopes_of(load_environment("rovn/production"), [body], whole=False)))
    return [statement for _, statement in statements_in(next(scope.resources()))]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"Statement": ALLOWS}),
        json.dumps({"Statement": ALLOWS}).replace("Statement", "\\u0053tatement"),
        f"\n  {json.dumps({'Statement': [ALLOWS]}, indent=2)}\n",
    ],
)
def test_a_policy_in_text_is_read(text: str) -> None:
    assert found(text) == [ALLOWS]


@pytest.mark.parametrize(
    "document",
    [
        '{"Statement": [{"Sid": "a\tb", "Effect": "Allow", "Action": "*", "Resource": "*"}]}',
        '{"Statement": [], "Statement": []}',
        '{"\\u0053tatement": ',
        "{{resolve:secretsmanager:policy:SecretString}}",
        {"statement": [ALLOWS]},
        {"Statement": {"effect": "Allow", "action": "*", "resource": "*"}},
        {"Statement": ALLOWS | {"Actions": "*"}},
    ],
)
def test_a_policy_that_cannot_be_read_fails(document: object) -> None:
    with pytest.raises(UnresolvedError):
        found(document)


def test_a_statement_of_a_firewall_is_none() -> None:
    match = {"ByteMatchStatement": {"SearchString": "/metrics"}}
    assert found({"Rules": [{"Statement": match}]}, "AWS::WAFv2::WebACL") == []
