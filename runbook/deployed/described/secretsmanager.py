"""AWS Secrets Manager. Values of secrets are read here and never told: not in any error either."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from typing import Any

from runbook.deployed.description import (
    Description,
    NotThereError,
    Resource,
    describes,
    present,
    selected,
)
from runbook.deployed.intrinsics import UnresolvableError, WithheldError

# What GenerateSecretString may exclude -> the characters it means.
KINDS = {
    "ExcludeLowercase": string.ascii_lowercase,
    "ExcludeNumbers": string.digits,
    "ExcludePunctuation": string.punctuation,
    "ExcludeUppercase": string.ascii_uppercase,
}


@describes("AWS::SecretsManager::Secret")
def secret(resource: Resource) -> Description:
    """Read a secret, its tags, and how its value looks."""
    found = _called(resource, "describe_secret")
    if "DeletedDate" in found:
        raise NotThereError(f"{resource.physical_id} is scheduled for deletion")
    properties = selected(found, "Description", "KmsKeyId", "Name", "Tags") | _replicas(found)
    superseded, withheld = frozenset[str](), frozenset[str]()
    if "LastRotatedDate" in found:
        # Its value is a rotation's by now: how the first one was generated is over.
        superseded = frozenset({"GenerateSecretString"})
    elif not resource.place.reads_secret_values:
        withheld = frozenset({"GenerateSecretString"})
    else:
        properties |= present({"GenerateSecretString": _generation(resource)})
    return Description(
        properties,
        {"Id": found["ARN"]},
        unordered=frozenset({"ReplicaRegions"}),
        closed=frozenset({"ReplicaRegions"}),
        superseded=superseded,
        withheld=withheld,
    )


@describes("AWS::SecretsManager::ResourcePolicy")
def resource_policy(resource: Resource) -> Description:
    """Read a secret's resource policy."""
    found = _called(resource, "get_resource_policy")
    if "ResourcePolicy" not in found:
        raise NotThereError(f"{resource.physical_id} has no resource policy")
    policy = json.loads(found["ResourcePolicy"])
    return Description({"ResourcePolicy": policy, "SecretId": found["ARN"]})


@describes("AWS::SecretsManager::RotationSchedule")
def rotation_schedule(resource: Resource) -> Description:
    """Read by which function a secret rotates, and when; one that does not rotate has none."""
    found = _called(resource, "describe_secret")
    if "DeletedDate" in found or not found.get("RotationEnabled"):
        raise NotThereError(f"{resource.physical_id} does not rotate")
    rules = dict(found.get("RotationRules", {}))
    declared = resource.declared_if_any("RotationRules") or {}
    if "ScheduleExpression" in declared and "ScheduleExpression" in rules:
        # AWS tells the days beside the expression that they come from.
        rules.pop("AutomaticallyAfterDays", None)
    properties = {
        **selected(found, "RotationLambdaARN"),
        "RotationRules": rules,
        "SecretId": found["ARN"],
    }
    return Description(properties, {"Id": found["ARN"]}, closed=frozenset({"RotationRules"}))


@describes("AWS::SecretsManager::SecretTargetAttachment")
def target_attachment(resource: Resource) -> Description:
    """Read an attachment from the secret's value, which must say where the live database is."""
    kind, target = resource.declared("TargetType"), resource.declared("TargetId")
    if kind != "AWS::RDS::DBInstance":
        raise UnresolvableError(f"attachments to {kind} are not read")
    rds = resource.client("rds")
    try:
        [instance] = rds.describe_db_instances(DBInstanceIdentifier=target)["DBInstances"]
    except rds.exceptions.DBInstanceNotFoundFault:
        raise NotThereError(f"no database {target}") from None
    expected = {
        "dbInstanceIdentifier": instance["DBInstanceIdentifier"],
        "dbname": instance.get("DBName"),
        "engine": instance["Engine"],
        "host": instance["Endpoint"]["Address"],
        "port": instance["Endpoint"]["Port"],
    }
    if not resource.place.reads_secret_values:
        raise WithheldError(f"whether it holds where {target} is: no secret's value is read")
    found = _called(resource, "get_secret_value")
    members = _members(found.get("SecretString", ""))
    wrong = [
        name for name, value in present(expected).items() if str(members.get(name)) != str(value)
    ]
    if wrong:
        raise NotThereError(f"the secret's value is not that of {target} in {', '.join(wrong)}")
    return Description({"SecretId": found["ARN"], "TargetId": target, "TargetType": kind})


def _called(resource: Resource, operation: str) -> dict[str, Any]:
    client = resource.client("secretsmanager")
    try:
        answer: dict[str, Any] = getattr(client, operation)(SecretId=resource.physical_id)
    except client.exceptions.ResourceNotFoundException:
        raise NotThereError(f"{operation} finds no {resource.physical_id}") from None
    return answer


def _replicas(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return where copies of a secret are, each under its key."""
    copies = [selected(each, "KmsKeyId", "Region") for each in found.get("ReplicationStatus", [])]
    return {"ReplicaRegions": copies} if copies else {}


def _generation(resource: Resource) -> dict[str, Any] | None:
    """Return of the declared GenerateSecretString what holds for the value; no API tells it."""
    try:
        declared: dict[str, Any] = resource.declared("GenerateSecretString")
    except (KeyError, UnresolvableError):
        return None
    try:
        text = _called(resource, "get_secret_value").get("SecretString", "")
    except NotThereError:
        return None
    if "GenerateStringKey" not in declared:
        return _shown(declared, text)
    members = _members(text)
    password = members.get(declared["GenerateStringKey"])
    if not isinstance(password, str):
        return {}
    shown = {"GenerateStringKey": declared["GenerateStringKey"]}
    template = _members(declared.get("SecretStringTemplate", ""))
    if template.items() <= members.items():
        shown |= selected(declared, "SecretStringTemplate")
    return shown | _shown(declared, password)


def _shown(declared: Mapping[str, Any], password: str) -> dict[str, Any]:
    """Return of the declared rules those that a password keeps, and its length."""
    characters = set(password)
    kept: dict[str, bool] = {
        "ExcludeCharacters": not characters & set(declared.get("ExcludeCharacters", "")),
        "IncludeSpace": _truth(declared, "IncludeSpace") or " " not in characters,
        "RequireEachIncludedType": not _truth(declared, "RequireEachIncludedType")
        or all(characters & kind for kind in _included(declared)),
        **{
            name: not _truth(declared, name) or not characters & set(kind)
            for name, kind in KINDS.items()
        },
    }
    shown = {name: declared[name] for name in declared if kept.get(name, False)}
    return {**shown, "PasswordLength": len(password)}


def _included(declared: Mapping[str, Any]) -> list[set[str]]:
    """Return the characters of each kind that a password may have."""
    excluded = set(declared.get("ExcludeCharacters", ""))
    kinds = [set(kind) - excluded for name, kind in KINDS.items() if not _truth(declared, name)]
    if _truth(declared, "IncludeSpace"):
        kinds.append({" "} - excluded)
    return [kind for kind in kinds if kind]


def _members(text: str) -> dict[str, Any]:
    """Return the members of a JSON object; none if the text is not one."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _truth(declared: Mapping[str, Any], name: str) -> bool:
    return str(declared.get(name, False)).lower() == "true"
