"""Secrets Manager: resource policies as stack resources, and secrets as CloudFormation makes them.

ministack's secrets are named by their names where CloudFormation names them by their ARNs, its
generated values heed few of the rules, and a secret declared without a value gets an empty one.
"""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from sandbox.emulator.client import client
from sandbox.emulator.patching import PATCHES, Function
from sandbox.emulator.resource_types import (
    ADDED,
    COMPLETED,
    PROVISIONERS,
    STACKS,
    AddedType,
    CompletedType,
    Created,
    Properties,
)

PATCHES.needs("ministack.services.secretsmanager", "_resolve", "_secrets", "_sync_replicas")

SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - the name of a type
# What an attachment writes into a secret's value.
CONNECTION = {"dbInstanceIdentifier", "dbname", "engine", "host", "port"}


# --- AWS::SecretsManager::Secret ---


@PATCHES.wrap(PROVISIONERS, "_sm_secret_string", parameters=("props",))
def secret_string(original: Function, props: Properties) -> str:
    """Generate by GetRandomPassword, so that every rule of GenerateSecretString is kept."""
    rules = props.get("GenerateSecretString")
    if rules is None:
        return str(original(props))
    password = client("secretsmanager").get_random_password(**_request(rules))["RandomPassword"]
    if "GenerateStringKey" not in rules:
        return str(password)
    template = json.loads(rules.get("SecretStringTemplate", "{}"))
    return json.dumps({**template, rules["GenerateStringKey"]: password})


def _request(rules: dict[str, Any]) -> dict[str, Any]:
    request: dict[str, Any] = {}
    for name, value in rules.items():
        if name == "PasswordLength":
            request[name] = int(value)
        elif name == "ExcludeCharacters":
            request[name] = value
        elif name not in ("GenerateStringKey", "SecretStringTemplate"):
            request[name] = _truth(value)
    return request


def configure_secret(name: str, properties: Properties, before: Properties) -> None:
    """Leave a new secret without any version if it is declared without a value, copies included."""
    from ministack.services import secretsmanager

    if not before and not properties.keys() & {"GenerateSecretString", "SecretString"}:
        secret = secretsmanager._secrets[name]
        secret["Versions"].clear()
        secretsmanager._sync_replicas(secret)


COMPLETED[SECRET] = CompletedType(configure=configure_secret)


@PATCHES.wrap(
    STACKS,
    "_provision_resource",
    parameters=("resource_type", "logical_id", "props", "stack_name"),
)
def provision(original: Function, resource_type: str, *arguments: Any) -> Created:  # noqa: ANN401
    """Give a new secret its ARN for a physical id, as Ref returns it on AWS."""
    return _by_arn(resource_type, original(resource_type, *arguments))


@PATCHES.wrap(
    STACKS,
    "_update_resource",
    parameters=(
        "resource_type",
        "physical_id",
        "old_props",
        "new_props",
        "stack_name",
        "logical_id",
        "old_attrs",
    ),
)
def update(
    original: Function,
    resource_type: str,
    physical_id: str,
    *arguments: Any,  # noqa: ANN401 - the emulator's own
    **keywords: Any,  # noqa: ANN401
) -> Created:
    """Let ministack find the secret of an ARN by its name."""
    name = _name(resource_type, physical_id)
    return _by_arn(resource_type, original(resource_type, name, *arguments, **keywords))


@PATCHES.wrap(
    STACKS,
    "_delete_resource",
    parameters=("resource_type", "physical_id", "props", "stack_name", "logical_id"),
)
def delete(
    original: Function,
    resource_type: str,
    physical_id: str,
    *arguments: Any,  # noqa: ANN401 - the emulator's own
    **keywords: Any,  # noqa: ANN401
) -> None:
    """Let ministack find the secret of an ARN by its name."""
    original(resource_type, _name(resource_type, physical_id), *arguments, **keywords)


def _by_arn(resource_type: str, created: Created) -> Created:
    _, attributes = created
    return (attributes["Id"], attributes) if resource_type == SECRET else created


def _name(resource_type: str, physical_id: str) -> str:
    from ministack.services import secretsmanager

    if resource_type != SECRET:
        return physical_id
    name, _ = secretsmanager._resolve(physical_id)
    return name or physical_id


# --- AWS::SecretsManager::ResourcePolicy ---


def create_policy(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Put the policy on its secret."""
    arn = client("secretsmanager").put_resource_policy(
        SecretId=properties["SecretId"],
        ResourcePolicy=json.dumps(properties["ResourcePolicy"]),
        BlockPublicPolicy=_truth(properties.get("BlockPublicPolicy", False)),
    )["ARN"]
    return arn, {"Id": arn}


def update_policy(
    _arn: str, _old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Put the policy anew; on another secret it is another one."""
    return create_policy(logical_id, new, stack)


def delete_policy(arn: str, _properties: Properties) -> None:
    """Remove the policy, unless its secret has gone with it."""
    try:
        client("secretsmanager").delete_resource_policy(SecretId=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise


ADDED["AWS::SecretsManager::ResourcePolicy"] = AddedType(
    create_policy, update_policy, delete_policy
)


# --- AWS::SecretsManager::SecretTargetAttachment ---


@PATCHES.wrap(PROVISIONERS, "_sm_target_connection", parameters=("target_type", "target_id"))
def target_connection(original: Function, target_type: str, target_id: str) -> dict[str, Any]:
    """Add the one member that ministack does not write into the secret's value."""
    connection: dict[str, Any] = original(target_type, target_id)
    if target_type == "AWS::RDS::DBInstance":
        connection["dbInstanceIdentifier"] = target_id
    return connection


def delete_attachment(arn: str, _properties: Properties) -> None:
    """Take the connection out of the secret's value, unless the secret has gone."""
    secretsmanager = client("secretsmanager")
    try:
        value = json.loads(secretsmanager.get_secret_value(SecretId=arn)["SecretString"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
    else:
        kept = {name: item for name, item in value.items() if name not in CONNECTION}
        secretsmanager.put_secret_value(SecretId=arn, SecretString=json.dumps(kept))


COMPLETED["AWS::SecretsManager::SecretTargetAttachment"] = CompletedType(delete=delete_attachment)


def _truth(value: object) -> bool:
    return str(value).lower() == "true"
