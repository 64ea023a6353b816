"""messages-encrypted."""

import pytest

from policies.rules.messages_encrypted import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

TOPIC, QUEUE = "AWS::SNS::Topic", "AWS::SQS::Queue"
NOTHING = "rovn/production has nothing that the rule looks at"


def not_ours(key: object) -> str:
    return f"KmsMasterKeyId is {key}, not a key of this environment and region"


def said(kind: str, **given: object) -> str:
    resources: Json = {
        "It": {"Type": kind, "Properties": given},
        "Key": {"Type": "AWS::KMS::Key"},
        "Alias": {
            "Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": "alias/ours", "TargetKeyId": {"Ref": "Key"}},
        },
    }
    return verdicts(RULE, template("records", resources))["It"]


@pytest.mark.parametrize("kind", [TOPIC, QUEUE])
@pytest.mark.parametrize(
    ("key", "message"),
    [
        ({"Fn::GetAtt": ["Key", "Arn"]}, "pass"),
        ({"Ref": "Key"}, "pass"),
        ("alias/ours", "pass"),
        ("alias/aws/sns", not_ours("alias/aws/sns")),
        ("alias/aws/sqs", not_ours("alias/aws/sqs")),
        (
            OPEN,
            "KmsMasterKeyId: ${SomeParameter} is open: the parameter SomeParameter is given when "
            "it is deployed",
        ),
    ],
)
def test_a_key_of_the_environment_encrypts_it(kind: str, key: object, message: str) -> None:
    assert said(kind, KmsMasterKeyId=key) == message


@pytest.mark.parametrize("kind", [TOPIC, QUEUE])
def test_none_at_all_fails(kind: str) -> None:
    assert said(kind) == not_ours(None)


def test_the_key_that_sqs_keeps_itself_fails() -> None:
    assert said(QUEUE, SqsManagedSseEnabled=True) == not_ours(None)


def test_a_key_of_another_region_fails() -> None:
    key: Json = {"Type": "AWS::KMS::Key", "Properties": {}}
    key_alias = {"AliasName": "alias/ours", "TargetKeyId": {"Ref": "Key"}}
    away = {"Key": key, "Alias": {"Type": "AWS::KMS::Alias", "Properties": key_alias}}
    topic = {"It": {"Type": TOPIC, "Properties": {"KmsMasterKeyId": "alias/ours"}}}
    found = verdicts(
        RULE, template("records", topic), template("backup-copy", away, region="us-west-2")
    )
    assert found["It"] == not_ours("alias/ours")


def test_other_resources_are_not_looked_at() -> None:
    found = verdicts(RULE, template("records", {"Key": {"Type": "AWS::KMS::Key"}}))
    assert found == {None: NOTHING}


@pytest.mark.parametrize(
    ("part", "kind", "name"),
    [
        ("delivery", TOPIC, "ApprovalsTopic"),
        ("records", QUEUE, "ReleasesQueue"),
        ("records", QUEUE, "DeadLetters"),
    ],
)
def test_only_this_rule_sees_one_without_a_key(real: Real, part: str, kind: str, name: str) -> None:
    def spoil(body: Json) -> None:
        del properties(body, kind, name)["KmsMasterKeyId"]

    assert real.caught(part, spoil) == {(RULE.id, name)}
