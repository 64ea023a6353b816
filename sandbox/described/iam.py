"""AWS Identity and Access Management."""

from __future__ import annotations

from typing import Any

from sandbox.description import (
    Description,
    NotThereError,
    Part,
    Resource,
    describes,
    present,
)


@describes("AWS::IAM::Role")
def role(resource: Resource) -> Description:
    """Read a role, its trust, its boundary, and the policies on it."""
    iam, name = resource.client("iam"), resource.physical_id
    try:
        found = iam.get_role(RoleName=name)["Role"]
    except iam.exceptions.NoSuchEntityException:
        raise NotThereError(f"no role {name}") from None
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
    properties = {
        "AssumeRolePolicyDocument": found["AssumeRolePolicyDocument"],
        "Description": found.get("Description"),
        "ManagedPolicyArns": [policy["PolicyArn"] for policy in attached],
        "MaxSessionDuration": found.get("MaxSessionDuration"),
        "Path": found["Path"],
        "PermissionsBoundary": found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "Policies": [_inline_policy(iam, name, policy) for policy in inline],
        "RoleName": name,
        "Tags": iam.list_role_tags(RoleName=name)["Tags"],
    }
    attributes = {"Arn": found["Arn"], "RoleId": found["RoleId"]}
    policies = frozenset({"ManagedPolicyArns", "Policies"})
    return Description(
        present(properties),
        attributes,
        unordered=policies,
        closed=policies | {"PermissionsBoundary"},
    )


@describes("AWS::IAM::Policy")
def inline_policy(resource: Resource) -> Description:
    """Read an inline policy from the roles it is declared for; all must hold the same document."""
    iam, name = resource.client("iam"), resource.declared("PolicyName")
    documents = []
    roles = []
    for role_name in resource.declared("Roles"):
        try:
            documents.append(_inline_policy(iam, role_name, name)["PolicyDocument"])
        except iam.exceptions.NoSuchEntityException:
            continue
        roles.append(role_name)
    if not documents:
        raise NotThereError(f"no role holds the policy {name}")
    if any(document != documents[0] for document in documents):
        raise NotThereError(f"the roles {', '.join(roles)} hold different policies {name}")
    properties = {"PolicyDocument": documents[0], "PolicyName": name, "Roles": roles}
    parts = [Part("AWS::IAM::Role", role, "Policies", {"PolicyName": name}) for role in roles]
    return Description(properties, unordered=frozenset({"Roles"}), parts=parts)


def _inline_policy(iam: Any, role_name: str, policy: str) -> dict[str, Any]:  # noqa: ANN401 - boto3
    found = iam.get_role_policy(RoleName=role_name, PolicyName=policy)
    return {"PolicyName": policy, "PolicyDocument": found["PolicyDocument"]}
