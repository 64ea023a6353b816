"""AWS Lambda."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from sandbox.description import (
    Description,
    NotThereError,
    Resource,
    describes,
    present,
    selected,
)

READ = (
    "Architectures",
    "DeadLetterConfig",
    "Description",
    "Environment",
    "FunctionName",
    "Handler",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "Timeout",
    "TracingConfig",
)


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
    network = live.get("VpcConfig") or {}
    properties = {
        **selected(live, *READ),
        "Code": _code(resource, live["CodeSha256"]),
        "KmsKeyArn": live.get("KMSKeyArn"),
        "ReservedConcurrentExecutions": concurrency.get("ReservedConcurrentExecutions"),
        "Tags": [{"Key": key, "Value": value} for key, value in answer.get("Tags", {}).items()],
        "VpcConfig": selected(network, "SecurityGroupIds", "SubnetIds") or None,
    }
    return Description(
        present(properties),
        {"Arn": live["FunctionArn"]},
        unordered=frozenset({"VpcConfig.SecurityGroupIds", "VpcConfig.SubnetIds"}),
        closed=frozenset({"Environment", "VpcConfig"}),
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
