"""The secrets and who is let at them: ROVN-SEC-1, ROVN-SEC-3, ROVN-SEC-6."""

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


@pytest.mark.clause("ROVN-SEC-1")
def test_no_value_is_in_the_template(
    environment: Environment, secrets: dict[str, dict[str, Any]]
) -> None:
    """ROVN-SEC-1: what a machine can make is generated, a vendor's key is still to come."""
    for name in environment.secrets:
        properties = secrets[name]["Properties"]
        assert "SecretString" not in properties
        assert ("GenerateSecretString" in properties) is (name in environment.rotating_secrets)


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
        "database-application": {"username": "application_a"},
        "database-migrations": {"username": "migrations_a"},
    }


@pytest.mark.clause("ROVN-SEC-3")
def test_the_first_value_is_what_the_first_rotation_reads(
    environment: Environment, secrets: dict[str, dict[str, Any]]
) -> None:
    shapes = {
        "generated_token": ("token", {"previous": "", "previous_until": ""}),
        "signing_key": ("seed", {"keys": []}),
    }
    for name, secret in environment.secrets.items():
        if secret.mechanism in shapes:
            generate = secrets[name]["Properties"]["GenerateSecretString"]
            key, beside = shapes[secret.mechanism]
            assert generate["GenerateStringKey"] == key
            assert json.loads(generate["SecretStringTemplate"]) == beside
            assert generate["PasswordLength"] >= 32


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
    # A secret that is kept without its policy would be open to every IAM policy of the account.
    for policy in assembly.of_type(stack, POLICY).values():
        assert policy["DeletionPolicy"] == "RetainExceptOnCreate"
        assert policy["UpdateReplacePolicy"] == "Retain"
    for properties in policies.values():
        assert properties["BlockPublicPolicy"] is True
        others, deletion = properties["ResourcePolicy"]["Statement"][:2]
        assert others["Condition"] == {
            "StringNotEquals": {"aws:PrincipalAccount": environment.account},
            "Bool": {"aws:PrincipalIsAWSService": "false"},
        }
        assert (others["Sid"], others["Action"]) == ("DenyOtherAccounts", "secretsmanager:*")
        for statement in (others, deletion):
            assert (statement["Effect"], statement["Resource"]) == ("Deny", "*")
            assert statement["Principal"] == {"AWS": "*"}
        assert deletion["Sid"] == "DenyDeletionWithoutRecovery"
        assert deletion["Action"] == "secretsmanager:DeleteSecret"
        assert deletion["Condition"] == {
            "Bool": {"secretsmanager:ForceDeleteWithoutRecovery": "true"}
        }


def guards(assembly: Assembly, stack: str) -> dict[str, dict[str, Any]]:
    """Map each secret's short name to the statements of its policy, by their Sid."""
    policies = {}
    for policy in assembly.of_type(stack, POLICY).values():
        secret = assembly.template(stack)["Resources"][policy["Properties"]["SecretId"]["Ref"]]
        name = secret["Properties"]["Name"].split("/")[-1]
        statements = policy["Properties"]["ResourcePolicy"]["Statement"]
        policies[name] = {statement["Sid"]: statement for statement in statements}
    return policies


def exempt(statement: dict[str, Any]) -> list[str]:
    """Name those whom a denial spares, without the account's part of their ARNs."""
    assert statement["Effect"] == "Deny"
    assert statement["Principal"] == {"AWS": "*"}
    assert statement["Resource"] == "*"
    assert set(statement["Condition"]) == {"ArnNotEquals"}
    arns = statement["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
    assert not any(character in arn for arn in arns for character in "*?")
    return [arn.split(":role/")[1] for arn in ([arns] if isinstance(arns, str) else arns)]


@pytest.mark.clause("ROVN-SEC-6")
def test_only_its_consumers_and_break_glass_read_a_secret(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    """ROVN-SEC-6: an identity's own policy never suffices."""
    slug = environment.slug
    cfn = f"cdk-hnb659fds-cfn-exec-role-{environment.account}-{environment.region}"
    found = guards(assembly, stack)
    assert set(found) == set(environment.secrets)
    for name, by_sid in found.items():
        read = by_sid["DenyReaders"]
        assert read["Action"] == "secretsmanager:GetSecretValue"
        rotates = [f"{slug}-rotate-{name}"] if name in environment.rotating_secrets else []
        if name == "database-master":
            # Who rotates users logs in as the master.
            users = [f"{slug}-rotate-database-{user}" for user in ("application", "migrations")]
            assert exempt(read) == [cfn, *rotates, *users, "break-glass"]
        elif name == environment.alerting.pager_secret:
            # CloudFormation resolves the reference to it, where topics are.
            away = cfn.replace(environment.region, "us-east-1")
            assert exempt(read) == [cfn, away, "break-glass"]
        else:
            roles = [
                f"{slug}-{consumer.replace('/', '-')}-execution"
                for consumer in environment.secrets[name].consumers
            ]
            assert roles
            assert exempt(read) == [*roles, *rotates, "break-glass"]


def test_only_its_rotation_and_break_glass_replace_a_value(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    cfn = f"cdk-hnb659fds-cfn-exec-role-{environment.account}-{environment.region}"
    for name, by_sid in guards(assembly, stack).items():
        write = by_sid["DenyWriters"]
        assert write["Action"] == [
            "secretsmanager:PutSecretValue",
            "secretsmanager:UpdateSecretVersionStage",
        ]
        # The instance's address joins the master's credential.
        creates = [cfn] if name == "database-master" else []
        rotates = [f"{environment.slug}-rotate-{name}"]
        rotates = rotates if name in environment.rotating_secrets else []
        expected = [*creates, *rotates, "break-glass"]
        assert exempt(write) == expected


def test_the_guard_guards_itself(assembly: Assembly, environment: Environment, stack: str) -> None:
    cfn = f"cdk-hnb659fds-cfn-exec-role-{environment.account}-{environment.region}"
    for by_sid in guards(assembly, stack).values():
        edit = by_sid["DenyEditors"]
        assert set(edit["Action"]) == {
            "secretsmanager:CancelRotateSecret",
            "secretsmanager:DeleteResourcePolicy",
            "secretsmanager:PutResourcePolicy",
            "secretsmanager:ReplicateSecretToRegions",
            "secretsmanager:RotateSecret",
            "secretsmanager:UpdateSecret",
        }
        assert exempt(edit) == [cfn, "break-glass"]


def test_every_policy_fits(assembly: Assembly, stack: str) -> None:
    """Secrets Manager takes 20,480 characters."""
    for policy in assembly.of_type(stack, POLICY).values():
        assert len(json.dumps(policy["Properties"]["ResourcePolicy"])) < 20_480
