"""Amazon ECR."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from runbook.deployed.description import (
    Description,
    NotThereError,
    Resource,
    describes,
    present,
    selected,
)
from runbook.deployed.spelling import as_properties


@describes("AWS::ECR::Repository")
def repository(resource: Resource) -> Description:
    """Read a repository, its policies and its tags."""
    ecr, name = resource.client("ecr"), resource.physical_id
    try:
        [answer] = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    except ecr.exceptions.RepositoryNotFoundException:
        raise NotThereError(f"no repository {name}") from None
    found = as_properties(ecr.meta.service_model.shape_for("Repository"), answer)
    policy = _text(resource, "get_repository_policy", "policyText")
    lifecycle = _text(resource, "get_lifecycle_policy", "lifecyclePolicyText")
    properties = {
        "EncryptionConfiguration": found.get("EncryptionConfiguration"),
        "ImageScanningConfiguration": found.get("ImageScanningConfiguration"),
        "ImageTagMutability": found.get("ImageTagMutability"),
        "ImageTagMutabilityExclusionFilters": found.get("ImageTagMutabilityExclusionFilters"),
        "LifecyclePolicy": {"LifecyclePolicyText": _as_declared(resource, lifecycle)}
        if lifecycle
        else None,
        "RepositoryName": name,
        "RepositoryPolicyText": json.loads(policy) if policy else None,
        "Tags": ecr.list_tags_for_resource(resourceArn=found["RepositoryArn"])["tags"],
    }
    told = {"Arn": found["RepositoryArn"], "RepositoryUri": found["RepositoryUri"]}
    return Description(
        present(properties),
        told,
        closed=frozenset(
            {"ImageTagMutabilityExclusionFilters", "LifecyclePolicy", "RepositoryPolicyText"}
        ),
    )


def _text(resource: Resource, operation: str, member: str) -> str | None:
    try:
        answer = getattr(resource.client("ecr"), operation)(repositoryName=resource.physical_id)
    except ClientError as error:
        if error.response["Error"]["Code"].endswith("PolicyNotFoundException"):
            return None
        raise
    text: str = answer[member]
    return text


def _as_declared(resource: Resource, live: str) -> str:
    """Return the declared text if the live one is the same JSON, which ECR may write otherwise."""
    declared: Any = (resource.declared_if_any("LifecyclePolicy") or {}).get("LifecyclePolicyText")
    try:
        same = json.loads(str(declared)) == json.loads(live)
    except ValueError:
        same = False
    return str(declared) if same else live


@describes("AWS::ECR::PullThroughCacheRule")
def pull_through_cache_rule(resource: Resource) -> Description:
    """Read a rule that brings another registry's images through this one."""
    ecr, prefix = resource.client("ecr"), resource.physical_id
    try:
        answer = ecr.describe_pull_through_cache_rules(ecrRepositoryPrefixes=[prefix])
    except ecr.exceptions.PullThroughCacheRuleNotFoundException:
        raise NotThereError(f"no pull through cache rule for {prefix}") from None
    [rule] = answer["pullThroughCacheRules"]
    found = as_properties(ecr.meta.service_model.shape_for("PullThroughCacheRule"), rule)
    properties = selected(
        found,
        "CredentialArn",
        "CustomRoleArn",
        "EcrRepositoryPrefix",
        "UpstreamRegistry",
        "UpstreamRegistryUrl",
        "UpstreamRepositoryPrefix",
    )
    return Description(properties, closed=frozenset({"CredentialArn", "CustomRoleArn"}))
