"""The secrets: ROVN-SEC-1 and ROVN-SEC-3, as far as they can be kept before rotation is built."""

import json
from typing import Any

import pytest

from runbook.model.environment import Environment
from tests.assembly import Assembly, plain

SECRET, POLICY = "AWS::SecretsManager::Secret", "AWS::SecretsManager::ResourcePolicy"


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-secrets"


@pytest.fixture
def secrets(assembly: Assembly, stack: str, environment: Environment) -> dict[str, dict[str, Any]]:
    """Map each secret's name, as the environment file has it, to its resource."""
    return {
        resource["Properties"]["Name"].removeprefix(f"{environment.name}/"): resource
        for resource in assembly.of_type(stack, SECRET).values()
    }


@pytest.mark.clause("ROVN-SEC-3")
def test_every_secret_of_the_file_is_there_with_its_plan(
    environment: Environment, secrets: dict[str, dict[str, Any]]
) -> None:
    assert set(secrets) == set(environment.secrets)
    for name, secret in environment.secrets.items():
        tags = {tag["Key"]: tag["Value"] for tag in secrets[name]["Properties"]["Tags"]}
        assert tags["runbook:mechanism"] == secret.mechanism
        assert tags["runbook:rotation-days"] == str(secret.rotation_days)
        assert tags["runbook:owner"] == secret.owner


@pytest.mark.clause("ROVN-SEC-3")
def test_cadences_are_90_days_and_180_for_signing_keys(environment: Environment) -> None:
    cadences = {name: secret.rotation_days for name, secret in environment.secrets.items()}
    assert cadences.pop("jwt-signing-keys") == 180
    assert set(cadences.values()) == {90}
    assert {"anthropic", "persona", "checkr", "workos", "stripe"} <= {
        name.removesuffix("-api-key") for name in cadences
    }
    assert {"mcp-inbound-token", "mcp-outbound-token", "database-master"} <= set(cadences)


def test_no_value_is_in_the_template(
    environment: Environment, secrets: dict[str, dict[str, Any]]
) -> None:
    """ROVN-SEC-1: a database credential and a token are generated, the rest is still to come."""
    generated = {"database_master", "database_user", "generated_token"}
    for name, secret in environment.secrets.items():
        properties = secrets[name]["Properties"]
        assert "SecretString" not in properties
        assert ("GenerateSecretString" in properties) is (secret.mechanism in generated)


def test_database_credentials_are_long_and_survive_a_connection_string(
    environment: Environment, secrets: dict[str, dict[str, Any]]
) -> None:
    users = {}
    for name, secret in environment.secrets.items():
        if not secret.mechanism.startswith("database_"):
            continue
        generate = secrets[name]["Properties"]["GenerateSecretString"]
        assert generate["PasswordLength"] == 32
        assert generate["GenerateStringKey"] == "password"
        assert set("/@\" '%:?#&") <= set(generate["ExcludeCharacters"])
        users[name] = json.loads(generate["SecretStringTemplate"])
    assert users == {
        "database-master": {"username": "postgres"},
        "database-application": {"username": "application"},
        "database-migrations": {"username": "migrations"},
    }


def test_every_secret_is_encrypted_kept_and_guarded(
    assembly: Assembly,
    environment: Environment,
    stack: str,
    secrets: dict[str, dict[str, Any]],
) -> None:
    policies = {
        policy["Properties"]["SecretId"]["Ref"]: policy["Properties"]
        for policy in assembly.of_type(stack, POLICY).values()
    }
    assert set(policies) == set(assembly.of_type(stack, SECRET))
    for resource in secrets.values():
        assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
        assert resource["UpdateReplacePolicy"] == "Retain"
        assert plain(resource["Properties"]["KmsKeyId"]) == "<SecretsKey.Arn>"
    for properties in policies.values():
        assert properties["BlockPublicPolicy"] is True
        assert properties["ResourcePolicy"]["Statement"] == [
            {
                "Sid": "DenyOtherAccounts",
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Action": "secretsmanager:*",
                "Resource": "*",
                "Condition": {
                    "StringNotEquals": {"aws:PrincipalAccount": environment.account},
                    "Bool": {"aws:PrincipalIsAWSService": "false"},
                },
            },
            {
                "Sid": "DenyDeletionWithoutRecovery",
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Action": "secretsmanager:DeleteSecret",
                "Resource": "*",
                "Condition": {"Bool": {"secretsmanager:ForceDeleteWithoutRecovery": "true"}},
            },
        ]


def test_the_key_is_used_through_secrets_manager_only(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    (key,) = assembly.of_type(stack, "AWS::KMS::Key").values()
    by_sid = {s["Sid"]: s for s in key["Properties"]["KeyPolicy"]["Statement"]}
    assert set(by_sid) == {"Administer", "UseThroughServices"}
    assert by_sid["UseThroughServices"]["Condition"]["StringEquals"] == {
        "kms:CallerAccount": environment.account,
        "kms:ViaService": [f"secretsmanager.{environment.region}.amazonaws.com"],
    }
