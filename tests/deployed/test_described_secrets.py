"""Describers of secrets and databases say what is there, and nothing of a secret's value."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runbook.deployed.described.secretsmanager import _generation
from runbook.deployed.description import NotThereError, Resource
from runbook.deployed.intrinsics import UnresolvableError
from sandbox.endpoint import Endpoint
from tests.deployed.answers import Answers

SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - the name of a type
SCHEDULE = "AWS::SecretsManager::RotationSchedule"
ATTACHMENT = "AWS::SecretsManager::SecretTargetAttachment"
ARN = "arn:aws:secretsmanager:us-test-1:111122223333:secret:a/b-AbCdEf"
CANARY = "Canary7f3b+"
GENERATED = {
    "ExcludeCharacters": "@/",
    "ExcludeNumbers": False,
    "GenerateStringKey": "password",
    "PasswordLength": 11,
    "RequireEachIncludedType": True,
    "SecretStringTemplate": '{"username": "application"}',
}


def value(**members: object) -> tuple[str, dict[str, Any]]:
    return "get_secret_value", {"ARN": ARN, "SecretString": json.dumps(members)}


def described(answers: list[tuple[str, dict[str, Any] | str]], rules: object) -> dict[str, Any]:
    found = {"ARN": ARN, "Name": "a/b", "KmsKeyId": "k"}
    description = Answers("secretsmanager", [("describe_secret", found), *answers]).describe(
        SECRET, ARN, GenerateSecretString=rules
    )
    assert description.attributes == {"Id": ARN}
    assert CANARY not in repr(description)
    return dict(description.properties)


def test_a_value_generated_as_declared() -> None:
    answers = [value(username="application", password=CANARY, host="h")]
    assert described(list(answers), GENERATED) == {
        "GenerateSecretString": GENERATED,
        "KmsKeyId": "k",
        "Name": "a/b",
    }


@pytest.mark.parametrize(
    ("password", "rules", "lost"),
    [
        (CANARY + "@", {}, {"ExcludeCharacters"}),
        (CANARY, {"ExcludePunctuation": True}, {"ExcludePunctuation"}),
        (CANARY, {"ExcludeNumbers": "true"}, {"ExcludeNumbers"}),
        (CANARY, {"ExcludeLowercase": True}, {"ExcludeLowercase"}),
        (CANARY, {"ExcludeUppercase": True}, {"ExcludeUppercase"}),
        (CANARY, {"IncludeSpace": True}, {"RequireEachIncludedType"}),
        ("canary 7f3b", {"IncludeSpace": False}, {"IncludeSpace", "RequireEachIncludedType"}),
        ("canarycanar", {}, {"RequireEachIncludedType"}),
        (7, {}, set(GENERATED)),
    ],
)
def test_a_value_that_does_not_keep_the_rules(
    password: object, rules: dict[str, Any], lost: set[str]
) -> None:
    declared = GENERATED | rules
    answers = [value(username="application", password=password)]
    shown = described(list(answers), declared)["GenerateSecretString"]
    assert declared.keys() - shown.keys() == lost


def test_a_value_of_another_length_template_or_key() -> None:
    shown = described([value(username="root", password=CANARY[:5])], GENERATED)
    assert shown["GenerateSecretString"]["PasswordLength"] == 5
    assert "SecretStringTemplate" not in shown["GenerateSecretString"]
    shown = described([value(username="application", other=CANARY)], GENERATED)
    assert shown["GenerateSecretString"] == {}
    text: dict[str, Any] = {"SecretString": CANARY}
    assert described([("get_secret_value", text)], GENERATED)["GenerateSecretString"] == {}
    shown = described([("get_secret_value", text)], {"PasswordLength": 11})
    assert shown["GenerateSecretString"] == {"PasswordLength": 11}
    shown = described([("get_secret_value", "ResourceNotFoundException")], GENERATED)
    assert "GenerateSecretString" not in shown


def test_how_a_value_was_generated_is_over_once_it_has_rotated() -> None:
    found = {"ARN": ARN, "Name": "a/b", "LastRotatedDate": 1}
    description = Answers("secretsmanager", [("describe_secret", found)]).describe(SECRET, ARN)
    assert description.superseded == {"GenerateSecretString"}
    assert "GenerateSecretString" not in description.properties


@pytest.mark.parametrize(
    ("live", "declared", "told"),
    [
        (
            {"ScheduleExpression": "rate(90 days)", "AutomaticallyAfterDays": 90},
            {"ScheduleExpression": "rate(90 days)"},
            {"ScheduleExpression": "rate(90 days)"},
        ),
        ({"AutomaticallyAfterDays": 90}, {"AutomaticallyAfterDays": 90}, None),
        (
            {"AutomaticallyAfterDays": 90},
            {"ScheduleExpression": "rate(90 days)"},
            {"AutomaticallyAfterDays": 90},
        ),
    ],
)
def test_a_schedule_is_told_by_the_rules_that_it_was_given(
    live: dict[str, Any], declared: dict[str, Any], told: dict[str, Any] | None
) -> None:
    found = {"ARN": ARN, "RotationEnabled": True, "RotationLambdaARN": "f", "RotationRules": live}
    description = Answers("secretsmanager", [("describe_secret", found)]).describe(
        SCHEDULE, ARN, RotationRules=declared
    )
    assert description.properties == {
        "RotationLambdaARN": "f",
        "RotationRules": told or live,
        "SecretId": ARN,
    }


def test_a_secret_declared_without_a_value_is_not_asked_for_it() -> None:
    def declared(name: str) -> object:
        raise UnresolvableError(name)

    endpoint = Endpoint("http://127.0.0.1:9", "111122223333", "us-test-1")
    assert _generation(Resource(SECRET, ARN, endpoint, declared)) is None


@pytest.mark.parametrize(
    ("type_", "answers"),
    [
        (SECRET, [("describe_secret", "ResourceNotFoundException")]),
        (SECRET, [("describe_secret", {"ARN": ARN, "DeletedDate": 1})]),
        (SCHEDULE, [("describe_secret", "ResourceNotFoundException")]),
        (SCHEDULE, [("describe_secret", {"ARN": ARN, "RotationEnabled": False})]),
        (SCHEDULE, [("describe_secret", {"ARN": ARN, "RotationEnabled": True, "DeletedDate": 1})]),
        ("AWS::SecretsManager::ResourcePolicy", [("get_resource_policy", {"ARN": ARN})]),
        (
            "AWS::SecretsManager::ResourcePolicy",
            [("get_resource_policy", "ResourceNotFoundException")],
        ),
    ],
)
def test_what_is_not_there(type_: str, answers: list[tuple[str, dict[str, Any] | str]]) -> None:
    with pytest.raises(NotThereError, match="a/b-AbCdEf"):
        Answers("secretsmanager", answers).describe(type_, ARN)


@pytest.mark.parametrize(
    ("type_", "operation", "code"),
    [
        ("AWS::RDS::DBInstance", "describe_db_instances", "DBInstanceNotFound"),
        ("AWS::RDS::DBParameterGroup", "describe_db_parameter_groups", "DBParameterGroupNotFound"),
        ("AWS::RDS::DBSubnetGroup", "describe_db_subnet_groups", "DBSubnetGroupNotFoundFault"),
    ],
)
def test_what_is_not_there_in_rds(type_: str, operation: str, code: str) -> None:
    with pytest.raises(NotThereError, match="the-name"):
        Answers("rds", [(operation, code)]).describe(type_, "the-name")


def test_an_attachment_to_what_is_not_read() -> None:
    with pytest.raises(UnresolvableError, match="AWS::RDS::DBCluster"):
        Answers("rds", []).describe(
            ATTACHMENT, ARN, TargetType="AWS::RDS::DBCluster", TargetId="the-cluster"
        )


def test_an_attachment_to_a_database_that_has_gone() -> None:
    with pytest.raises(NotThereError, match="no database the-name"):
        Answers("rds", [("describe_db_instances", "DBInstanceNotFound")]).describe(
            ATTACHMENT, ARN, TargetType="AWS::RDS::DBInstance", TargetId="the-name"
        )


class Account(Endpoint):
    """A place whose secrets are somebody's."""

    reads_secret_values = False


def test_in_an_account_no_value_is_read() -> None:
    place = Account("http://127.0.0.1:9", "111122223333", "us-test-3")
    described = {"ARN": ARN, "Name": "rovn/production/x"}
    answers = Answers("secretsmanager", [("describe_secret", described)], place)
    rules = {"PasswordLength": 40}
    description = answers.describe(SECRET, ARN, GenerateSecretString=rules)
    assert description.withheld == {"GenerateSecretString"}
    assert "GenerateSecretString" not in description.properties
