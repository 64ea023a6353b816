"""The secrets of an environment under one key, none of them typed by anybody."""

import json
from collections.abc import Mapping, Sequence

from aws_cdk import RemovalPolicy, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from runbook.access.principals import Principals
from runbook.model.secrets import Secret, owner_role
from runbook_constructs.secret_rotation.handler.credentials import (
    PASSWORD_LENGTH,
    TURNS,
    UNQUOTED,
)

MASTER_USER = "postgres"
# BatchGetSecretValue reads what GetSecretValue may.
READ = ("secretsmanager:GetSecretValue",)
WRITE = ("secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage")
# What changes the guard itself, or takes a copy to where it does not stand. UpdateSecret changes
# the key and the description, and could change the value.
EDIT = (
    "secretsmanager:CancelRotateSecret",
    "secretsmanager:DeleteResourcePolicy",
    "secretsmanager:PutResourcePolicy",
    "secretsmanager:ReplicateSecretToRegions",
    "secretsmanager:RotateSecret",
    "secretsmanager:UpdateSecret",
)


class SecretStore(Construct):
    """Every secret that the environment file names, encrypted, tagged with its plan, retained.

    Database credentials, tokens and an empty list of signing keys are generated here. What only a
    vendor can make (``operator_supplied``) is created without a value: nothing that reads it
    starts before somebody has supplied one. Each secret's own policy names who may read and write
    it: ``principals`` has the lists, and a replica carries it, too. ``replicas`` maps the name of a
    secret to regions, each with the key that encrypts it there. ``secrets`` maps each name to its
    secret.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        prefix: str,
        principals: Principals,
        secrets: Mapping[str, Secret],
        key: kms.IKey,
        replicas: Mapping[str, Mapping[str, str]] | None = None,
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
                replica_regions=_replicas((replicas or {}).get(name, {})),
            )
            # A create that is rolled back must free the name for the next try.
            resource.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
            for tag, value in (
                ("mechanism", secret.mechanism),
                ("rotation-days", str(secret.rotation_days)),
                ("owner", secret.owner),
            ):
                Tags.of(resource).add(f"runbook:{tag}", value)
            _guard(resource, name, principals)
            self.secrets[name] = resource


def _replicas(
    keys: Mapping[str, str],
) -> list[secretsmanager.CfnSecret.ReplicaRegionProperty] | None:
    return [
        secretsmanager.CfnSecret.ReplicaRegionProperty(region=region, kms_key_id=key)
        for region, key in keys.items()
    ] or None


def _generated(
    name: str, secret: Secret
) -> secretsmanager.CfnSecret.GenerateSecretStringProperty | None:
    """Say how Secrets Manager makes the first value, for what it can make at all.

    The first rotation, as soon as there is a schedule, replaces it: it is of the shape that the
    mechanism's function reads.
    """
    match secret.mechanism:
        case "database_master":
            return _login(MASTER_USER)
        case "database_user":
            return _login(owner_role(name) + TURNS[0])
        case "generated_token":
            nothing_before = {"previous": "", "previous_until": ""}
            return _random("token", nothing_before, length=64, exclude_punctuation=True)
        case "signing_key":
            # Of no key: nobody signs with the seed, which CloudFormation insists on.
            return _random("seed", {"keys": []}, length=32, exclude_punctuation=True)
        case _:
            return None


def _login(user: str) -> secretsmanager.CfnSecret.GenerateSecretStringProperty:
    return _random(
        "password", {"username": user}, length=PASSWORD_LENGTH, exclude_characters=UNQUOTED
    )


def _random(
    key: str,
    beside: Mapping[str, object],
    *,
    length: int,
    exclude_characters: str | None = None,
    exclude_punctuation: bool | None = None,
) -> secretsmanager.CfnSecret.GenerateSecretStringProperty:
    """Have one key of a JSON value made at random, ``beside`` what is written out."""
    return secretsmanager.CfnSecret.GenerateSecretStringProperty(
        exclude_characters=exclude_characters,
        exclude_punctuation=exclude_punctuation,
        generate_string_key=key,
        password_length=length,
        secret_string_template=json.dumps(beside),
    )


def _guard(secret: secretsmanager.CfnSecret, name: str, principals: Principals) -> None:
    """Keep out whoever is not on the lists, whatever their own policies say (ROVN-SEC-6).

    Roles are named in conditions, not as principals: one that is made anew under its name fits
    again, so nobody is locked out for good. A role's sessions carry the role's ARN. No service
    reads as itself: ECS comes as the execution role, CloudFormation as its own.
    """
    account = principals.environment.account
    policy = iam.PolicyDocument(
        statements=[
            _deny(
                "DenyOtherAccounts",
                ["secretsmanager:*"],
                # AWS's own services have no account to compare.
                {
                    "StringNotEquals": {"aws:PrincipalAccount": account},
                    "Bool": {"aws:PrincipalIsAWSService": "false"},
                },
            ),
            _deny(
                "DenyDeletionWithoutRecovery",
                ["secretsmanager:DeleteSecret"],
                {"Bool": {"secretsmanager:ForceDeleteWithoutRecovery": "true"}},
            ),
            _deny("DenyReaders", READ, _nobody_but(principals.may_read(name))),
            _deny("DenyWriters", WRITE, _nobody_but(principals.may_write(name))),
            _deny("DenyEditors", EDIT, _nobody_but(principals.may_edit_secrets)),
        ]
    )
    guard = secretsmanager.CfnResourcePolicy(
        secret,
        "Policy",
        secret_id=secret.ref,
        resource_policy=policy,
        block_public_policy=True,
    )
    # As long as the secret itself: one that its stack lets go would be open to every IAM policy.
    guard.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)


def _nobody_but(arns: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    return {"ArnNotEquals": {"aws:PrincipalArn": list(arns)}}


def _deny(
    sid: str, actions: Sequence[str], conditions: Mapping[str, Mapping[str, object]]
) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid=sid,
        effect=iam.Effect.DENY,
        actions=list(actions),
        principals=[iam.AnyPrincipal()],
        resources=["*"],
        conditions=conditions,
    )
