"""Secrets Manager: AWS::SecretsManager::RotationSchedule, as CloudFormation makes it."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from sandbox.emulator.client import client
from sandbox.emulator.resource_types import ADDED, AddedType, Created, Properties

# What of the type is another way to have a function, which no stack here has.
UNKNOWN = ("ExternalSecretRotationMetadata", "HostedRotationLambda")


def create_schedule(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Give a secret its function and its rules; it rotates at once unless it is told not to."""
    unknown = [name for name in UNKNOWN if name in properties]
    if unknown:
        raise ValueError(f"the sandbox does not know {', '.join(unknown)}")
    arn = client("secretsmanager").rotate_secret(
        SecretId=properties["SecretId"],
        RotationLambdaARN=properties["RotationLambdaARN"],
        RotationRules=_rules(properties.get("RotationRules", {})),
        RotateImmediately=str(properties.get("RotateImmediatelyOnUpdate", True)).lower() == "true",
    )["ARN"]
    return arn, {"Id": arn}


def update_schedule(
    _arn: str, _old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Change function and rules in place; the schedule of another secret is another one."""
    return create_schedule(logical_id, new, stack)


def delete_schedule(arn: str, _properties: Properties) -> None:
    """Let the secret rotate no more, unless it has gone."""
    manager = client("secretsmanager")
    try:
        manager.cancel_rotate_secret(SecretId=arn)
    except ClientError as error:
        gone = ("InvalidRequestException", "ResourceNotFoundException")
        if error.response["Error"]["Code"] not in gone:
            raise


def _rules(declared: Properties) -> dict[str, Any]:
    """Return the rules as the call takes them: numbers may be texts in a template."""
    return {
        name: int(value) if name == "AutomaticallyAfterDays" else value
        for name, value in declared.items()
    }


ADDED["AWS::SecretsManager::RotationSchedule"] = AddedType(
    create_schedule, update_schedule, delete_schedule, tagged=False
)
