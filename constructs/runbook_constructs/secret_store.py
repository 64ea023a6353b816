"""The secrets of an environment under one key, none of them typed by anybody."""

import json
from collections.abc import Mapping

from aws_cdk import RemovalPolicy, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from runbook.model.secrets import Secret

MASTER_USER = "postgres"
# RDS refuses / @ " and space in a master password; connection strings want these quoted, too.
UNQUOTED = " %+~`#$&*()|[]{}:;<>?!'/@\"\\"


class SecretStore(Construct):
    """Every secret that the environment file names, encrypted, tagged with its plan, retained.

    Database credentials and tokens are generated here. What only a vendor or a rotation can make
    (``operator_supplied``, ``signing_key``) is created without a value: nothing that reads it
    starts before somebody has supplied one. ``secrets`` maps each name to its secret.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        prefix: str,
        account: str,
        secrets: Mapping[str, Secret],
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, id_)
        self.secrets: dict[str, secretsmanager.CfnSecret] = {}
        for name, secret in secrets.items():
            resource = secretsmanager.CfnSecret(
                self,
                name.title().replace("-", ""),
                name=f"{prefix}/{name}",
                description=f"{secret.mechanism}, every {secret.rotation_days} days, "
                f"owner {secret.owner}",
                generate_secret_string=_generated(name, secret),
                kms_key_id=key.key_arn,
            )
            # A create that is rolled back must free the name for the next try.
            resource.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
            for tag, value in (
                ("mechanism", secret.mechanism),
                ("rotation-days", str(secret.rotation_days)),
                ("owner", secret.owner),
            ):
                Tags.of(resource).add(f"runbook:{tag}", value)
            _guard(resource, account)
            self.secrets[name] = resource


def _generated(
    name: str, secret: Secret
) -> secretsmanager.CfnSecret.GenerateSecretStringProperty | None:
    """Say how Secrets Manager makes the first value, for what it can make at all."""
    generate = secretsmanager.CfnSecret.GenerateSecretStringProperty
    match secret.mechanism:
        case "database_master" | "database_user":
            user = MASTER_USER if secret.mechanism == "database_master" else _user(name)
            return generate(
                exclude_characters=UNQUOTED,
                generate_string_key="password",
                password_length=32,
                secret_string_template=json.dumps({"username": user}),
            )
        case "generated_token":
            return generate(exclude_punctuation=True, password_length=64)
        case _:
            return None


def _user(name: str) -> str:
    """Name a database user after its secret: ``database-application`` becomes ``application``."""
    return name.removeprefix("database-").replace("-", "_")


def _guard(secret: secretsmanager.CfnSecret, account: str) -> None:
    """Keep other accounts out whatever their policies say, and nobody deletes without recovery."""
    everybody, this = [iam.AnyPrincipal()], ["*"]
    policy = iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                sid="DenyOtherAccounts",
                effect=iam.Effect.DENY,
                actions=["secretsmanager:*"],
                principals=everybody,
                resources=this,
                # AWS's own services have no account to compare.
                conditions={
                    "StringNotEquals": {"aws:PrincipalAccount": account},
                    "Bool": {"aws:PrincipalIsAWSService": "false"},
                },
            ),
            iam.PolicyStatement(
                sid="DenyDeletionWithoutRecovery",
                effect=iam.Effect.DENY,
                actions=["secretsmanager:DeleteSecret"],
                principals=everybody,
                resources=this,
                conditions={"Bool": {"secretsmanager:ForceDeleteWithoutRecovery": "true"}},
            ),
        ]
    )
    secretsmanager.CfnResourcePolicy(
        secret,
        "Policy",
        secret_id=secret.ref,
        resource_policy=policy,
        block_public_policy=True,
    )
