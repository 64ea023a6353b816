"""AWS Lambda."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from runbook.deployed.description import (
    Description,
    NotThereError,
    Part,
    Resource,
    describes,
    present,
    selected,
)

READ = (
    "Architectures",
    "DeadLetterConfig",
    "Description",
    "FunctionName",
    "Handler",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "Timeout",
    "TracingConfig",
)
MAPPING = (
    "BatchSize",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "EventSourceArn",
    "FilterCriteria",
    "FunctionResponseTypes",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "ScalingConfig",
)
# Which key of a statement's conditions is which property of a permission.
CONDITIONS = {
    "AWS:SourceAccount": "SourceAccount",
    "AWS:SourceArn": "SourceArn",
    "aws:PrincipalOrgID": "PrincipalOrgID",
}


@describes("AWS::Lambda::Function")
def function(resource: Resource) -> Description:
    """Read a function: its settings, the code by its digest, its concurrency and its tags."""
    client = resource.client("lambda")
    try:
        answer = client.get_function(FunctionName=resource.physical_id)
    except client.exceptions.ResourceNotFoundException:
        raise NotThereError(f"no function {resource.physical_id}") from None
    live = answer["Configuration"]
    concurrency = client.get_function_concurrency(FunctionName=resource.physical_id)
    network, variables = live.get("VpcConfig") or {}, live.get("Environment") or {}
    properties = {
        **selected(live, *READ),
        "Code": _code(resource, live["CodeSha256"]),
        "Environment": selected(variables, "Variables") if variables.get("Variables") else None,
        "KmsKeyArn": live.get("KMSKeyArn"),
        # Not a property of the type: who may call it is a resource, or nobody declared it.
        "Permissions": [
            {"Id": each["Sid"]} for each in _statements(resource, live["FunctionName"])
        ],
        "ReservedConcurrentExecutions": concurrency.get("ReservedConcurrentExecutions"),
        "Tags": [{"Key": key, "Value": value} for key, value in answer.get("Tags", {}).items()],
        "VpcConfig": selected(network, "SecurityGroupIds", "SubnetIds") or None,
    }
    return Description(
        present(properties),
        {"Arn": live["FunctionArn"]},
        unordered=frozenset({"VpcConfig.SecurityGroupIds", "VpcConfig.SubnetIds"}),
        closed=frozenset({"Environment", "Permissions", "VpcConfig"}),
    )


def _code(resource: Resource, live: str) -> dict[str, Any]:
    """Return the declared place of the code if what runs is what lies there, else its digest."""
    declared: dict[str, Any] = resource.declared("Code")
    if "S3Bucket" not in declared:
        return {"CodeSha256": live}
    found = resource.client("s3").get_object(
        Bucket=declared["S3Bucket"], Key=declared["S3Key"], **_version(declared)
    )
    digest = base64.b64encode(hashlib.sha256(found["Body"].read()).digest()).decode()
    return declared if digest == live else {"CodeSha256": live}


def _version(declared: dict[str, Any]) -> dict[str, str]:
    version = declared.get("S3ObjectVersion")
    return {"VersionId": version} if version else {}


@describes("AWS::Lambda::Permission")
def permission(resource: Resource) -> Description:
    """Read a permission from its statement in the function's policy."""
    name, identity = resource.declared("FunctionName"), resource.physical_id
    found = [each for each in _statements(resource, name) if each["Sid"] == identity]
    if not found:
        raise NotThereError(f"{name} has no statement {identity}")
    [statement] = found
    principal, conditions = statement["Principal"], statement.get("Condition", {})
    tests = {key: value for keys in conditions.values() for key, value in keys.items()}
    properties = {
        "Action": statement["Action"],
        "FunctionName": _same_function(name, statement["Resource"]),
        "Principal": principal if isinstance(principal, str) else next(iter(principal.values())),
        **{CONDITIONS.get(key, key): value for key, value in tests.items()},
    }
    function_name = name.rpartition(":")[2]
    part = Part("AWS::Lambda::Function", function_name, "Permissions", {"Id": identity})
    return Description(
        properties, {"Id": identity}, closed=frozenset(properties.keys()), parts=[part]
    )


@describes("AWS::Lambda::EventSourceMapping")
def event_source_mapping(resource: Resource) -> Description:
    """Read how a function is fed from a queue or a stream."""
    client, identity = resource.client("lambda"), resource.physical_id
    try:
        live = client.get_event_source_mapping(UUID=identity)
    except client.exceptions.ResourceNotFoundException:
        raise NotThereError(f"no event source mapping {identity}") from None
    arn = live["EventSourceMappingArn"]
    tags = client.list_tags(Resource=arn)["Tags"]
    properties = {
        **selected(live, *MAPPING),
        "Enabled": live["State"] in ("Creating", "Enabled", "Enabling"),
        "FunctionName": _same_function(resource.declared("FunctionName"), live["FunctionArn"]),
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }
    return Description(
        present(properties),
        {"EventSourceMappingArn": arn, "Id": identity},
        closed=frozenset({"Enabled", "FilterCriteria", "ScalingConfig"}),
        defaults={"Enabled": True},
    )


def _statements(resource: Resource, function_name: str) -> list[dict[str, Any]]:
    """Return who may call a function, by its resource policy."""
    client = resource.client("lambda")
    try:
        policy = json.loads(client.get_policy(FunctionName=function_name)["Policy"])
    except client.exceptions.ResourceNotFoundException:
        return []
    statements: list[dict[str, Any]] = policy["Statement"]
    return statements


def _same_function(declared: str, arn: str) -> str:
    """Return a function as it is declared, by its name or ARN, if the ARN is that of this one."""
    return declared if declared in (arn, arn.rpartition(":")[2]) else arn
