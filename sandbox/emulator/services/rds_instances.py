"""RDS: what a database has of others: a source that it follows, and a password that RDS keeps."""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import escape

from sandbox.emulator.client import client
from sandbox.emulator.patching import PATCHES
from sandbox.emulator.rehearsal.settings import DATABASES
from sandbox.emulator.resource_types import Properties

Instance = dict[str, Any]

# What a replica takes from its source, and the property by which it may say otherwise.
INHERITED = {
    "AllocatedStorage": "AllocatedStorage",
    "DBName": "DBName",
    "DBSubnetGroup": "DBSubnetGroupName",
    "Engine": "Engine",
    "EngineVersion": "EngineVersion",
    "MasterUsername": "MasterUsername",
}
MANAGED = "ManageMasterUserPassword"
SECRET = "MasterUserSecret"  # noqa: S105 - the name of a property

PATCHES.needs("ministack.services.rds", "_instances", "_resolve_instance")


def follow_source(name: str, properties: Properties) -> None:
    """Make a database the replica of its source, which ministack's handler does not read."""
    from ministack.services import rds

    reference = properties.get("SourceDBInstanceIdentifier")
    if not reference:
        return
    source = rds._resolve_instance(reference)
    if source is None:
        raise ValueError(f"there is no database {reference} for {name} to follow")
    replica = rds._instances[name]
    replica["ReadReplicaSourceDBInstanceIdentifier"] = source["DBInstanceIdentifier"]
    for member, property_ in INHERITED.items():
        if property_ not in properties and member in source:
            replica[member] = source[member]
    followers = source.setdefault("ReadReplicaDBInstanceIdentifiers", [])
    if name not in followers:
        followers.append(name)


def keep_password(name: str, properties: Properties) -> None:
    """Let RDS keep the password in a secret of its own, under the declared key."""
    from ministack.services import rds

    instance = rds._instances[name]
    if str(properties.get(MANAGED, False)).lower() != "true" or SECRET in instance:
        return
    secretsmanager = client("secretsmanager")
    password = secretsmanager.get_random_password(PasswordLength=40, ExcludePunctuation=True)
    value = {"username": instance["MasterUsername"], "password": password["RandomPassword"]}
    given = {"KmsKeyId": key} if (key := properties.get(SECRET, {}).get("KmsKeyId")) else {}
    made = secretsmanager.create_secret(
        Name=f"rds!{instance['DbiResourceId']}", SecretString=json.dumps(value), **given
    )
    instance[SECRET] = {"SecretArn": made["ARN"], "SecretStatus": "active", **given}
    instance["_MasterUserPassword"] = value["password"]


def forget_password(instance: Instance) -> None:
    """Delete the secret with its database."""
    if SECRET in instance:
        client("secretsmanager").delete_secret(
            SecretId=instance[SECRET]["SecretArn"], ForceDeleteWithoutRecovery=True
        )


def attributes(name: str, _properties: Properties) -> dict[str, str]:
    """Return the attribute that ministack's handler has not, and the name as it is now."""
    from ministack.services import rds

    instance = rds._instances[name]
    secret = instance.get(SECRET)
    return {
        "Endpoint.Address": instance["Endpoint"]["Address"],
        **({f"{SECRET}.SecretArn": secret["SecretArn"]} if secret else {}),
    }


def name_endpoint(name: str) -> None:
    """Give a database a name that is known beforehand: ministack makes up a part of it."""
    from ministack.core.responses import get_region
    from ministack.services import rds

    address = f"{name}{DATABASES.format(region=get_region())}"
    rds._instances[name]["Endpoint"]["Address"] = address


def secret_xml(instance: Instance) -> str:
    """Tell which secret holds the password."""
    members = "".join(
        f"<{name}>{escape(value)}</{name}>" for name, value in instance.get(SECRET, {}).items()
    )
    return f"<{SECRET}>{members}</{SECRET}>" if members else ""
