"""key-grants-logs (ROVN-LOG-1)."""

import pytest

from policies.rules.key_grants_logs import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

ARN = "arn:aws:logs:us-east-2:111122223333:log-group:/ecs/some"
CONTEXT = "kms:EncryptionContext:aws:logs:arn"
ACTIONS = (
    "kms:Decrypt, kms:DescribeKey, kms:Encrypt, kms:GenerateDataKey, "
    "kms:GenerateDataKeyWithoutPlaintext, kms:ReEncryptFrom, kms:ReEncryptTo"
)
NOTHING = f"Key does not let logs.us-east-2.amazonaws.com call {ACTIONS} for {ARN}"


def grant(**changed: object) -> Json:
    return {
        "Effect": "Allow",
        "Principal": {"Service": "logs.us-east-2.amazonaws.com"},
        "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:Gen*", "kms:Describe*"],
        "Resource": "*",
        "Condition": {"ArnEquals": {CONTEXT: ARN}},
    } | changed


def key(*statements: Json) -> Json:
    document = {"Statement": list(statements)}
    return {"Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document}}}


def group(under: object = None, name: object = "/ecs/some") -> Json:
    properties = {"LogGroupName": name, "KmsKeyId": under or {"Fn::GetAtt": ["Key", "Arn"]}}
    return {"Group": {"Type": "AWS::Logs::LogGroup", "Properties": properties}}


def said(*statements: Json) -> str:
    return verdicts(RULE, template("platform", {**key(*statements), **group()}))["Group"]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"Action": "kms:*"},
        {"Principal": {"Service": ["sns.amazonaws.com", "logs.us-east-2.amazonaws.com"]}},
        {"Condition": {"ArnLike": {CONTEXT: "arn:aws:logs:*:111122223333:log-group:/ecs/*"}}},
        {"Condition": {"StringEquals": {CONTEXT.lower(): ["arn:of:others", ARN]}}},
    ],
)
def test_a_key_that_lets_logs_in_passes(changed: Json) -> None:
    assert said(grant(**changed)) == "pass"


def test_a_group_without_a_fixed_name_needs_a_pattern() -> None:
    any_group = {"ArnLike": {CONTEXT: "arn:aws:logs:us-east-2:111122223333:log-group:*"}}
    resources = {**key(grant(Condition=any_group)), **group(name=None)}
    assert verdicts(RULE, template("platform", resources))["Group"] == "pass"


@pytest.mark.parametrize(
    "changed",
    [
        {"Effect": "Deny"},
        {"Principal": {"Service": "logs.eu-west-1.amazonaws.com"}},
        {"Principal": {"Service": "logs.amazonaws.com"}},
        {"Action": "kms:CreateGrant"},
        {"Condition": {"ArnEquals": {CONTEXT: f"{ARN}-other"}}},
        {"Condition": {"ArnEquals": {CONTEXT: ARN}, "StringEquals": {"aws:PrincipalOrgID": "o"}}},
    ],
)
def test_a_key_that_does_not_fails(changed: Json) -> None:
    assert said(grant(**changed)) == NOTHING


def test_a_missing_action_is_named() -> None:
    assert said(grant(Action=["kms:E*", "kms:D*", "kms:G*", "kms:ReEncryptTo"])) == (
        f"Key does not let logs.us-east-2.amazonaws.com call kms:ReEncryptFrom for {ARN}"
    )


def test_a_denial_wins() -> None:
    assert said(grant(), grant(Effect="Deny", Condition={})) == NOTHING


def test_a_grant_for_every_log_group_of_the_world_fails() -> None:
    assert said(grant(Condition={})) == (
        "Key lets logs.us-east-2.amazonaws.com use it for log groups of other accounts, too"
    )


def test_the_key_may_stand_in_another_stack() -> None:
    exported = {"Key": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}, "Export": {"Name": "key"}}}
    there = template("data", key(grant()), Outputs=exported)
    here = template("platform", group({"Fn::ImportValue": "key"}))
    assert verdicts(RULE, there, here)["Group"] == "pass"
    silent = template("data", key(), Outputs=exported)
    assert verdicts(RULE, silent, here)["Group"] == NOTHING


def test_an_open_value_fails() -> None:
    assert "${SomeParameter} is open" in said(grant(Action=OPEN))
    assert "${SomeParameter} is open" in said(grant(Condition={"ArnEquals": {CONTEXT: OPEN}}))
    found = verdicts(RULE, template("platform", {**key(grant()), **group(OPEN)}))
    assert "${SomeParameter} is open" in found["Group"]


def test_a_group_under_another_key_is_not_looked_at() -> None:
    resources = {"Group": {"Type": "AWS::Logs::LogGroup"}}
    assert verdicts(RULE, template("platform", resources)) == {"Group": "not_applicable"}


def test_only_this_rule_sees_a_log_group_that_nothing_reaches(real: Real) -> None:
    def spoil(body: Json) -> None:
        statements = properties(body, "AWS::KMS::Key", "LogsKey")["KeyPolicy"]["Statement"]
        (let_in,) = (s for s in statements if "Service" in s["Principal"])
        let_in["Principal"]["Service"] = "logs.amazonaws.com"

    assert real.caught("platform", spoil) == {("key-grants-logs", "WebAclLog")}
