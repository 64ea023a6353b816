"""AWS Identity and Access Management."""

from __future__ import annotations

from typing import Any

from runbook.deployed.description import (
    Description,
    NotThereError,
    Part,
    Resource,
    describes,
    present,
)

# Who can hold policies: the property that lists them, the type, and its word in IAM's calls.
HOLDERS = (
    ("Groups", "AWS::IAM::Group", "group"),
    ("Roles", "AWS::IAM::Role", "role"),
    ("Users", "AWS::IAM::User", "user"),
)
Iam = Any


@describes("AWS::IAM::Role")
def role(resource: Resource) -> Description:
    """Read a role, its trust, its boundary, and the policies on it."""
    iam, name = resource.client("iam"), resource.physical_id
    try:
        found = iam.get_role(RoleName=name)["Role"]
    except iam.exceptions.NoSuchEntityException:
        raise NotThereError(f"no role {name}") from None
    properties = {
        **_policies(iam, "role", name),
        "AssumeRolePolicyDocument": found["AssumeRolePolicyDocument"],
        "Description": found.get("Description"),
        "MaxSessionDuration": found.get("MaxSessionDuration"),
        "Path": found["Path"],
        "PermissionsBoundary": _boundary(found),
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


@describes("AWS::IAM::User")
def user(resource: Resource) -> Description:
    """Read a user, its boundary, its groups, the policies on it, and whether it has credentials."""
    iam, name = resource.client("iam"), resource.physical_id
    try:
        found = iam.get_user(UserName=name)["User"]
    except iam.exceptions.NoSuchEntityException:
        raise NotThereError(f"no user {name}") from None
    keys = iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
    groups = iam.list_groups_for_user(UserName=name)["Groups"]
    properties = {
        **_policies(iam, "user", name),
        # Not a property of the type: keys are resources of their own, or nobody declared them.
        "AccessKeys": [{"AccessKeyId": key["AccessKeyId"]} for key in keys],
        "Groups": [group["GroupName"] for group in groups],
        "LoginProfile": _login_profile(iam, name),
        "Path": found["Path"],
        "PermissionsBoundary": _boundary(found),
        "Tags": iam.list_user_tags(UserName=name)["Tags"],
        "UserName": name,
    }
    lists = frozenset({"Groups", "ManagedPolicyArns", "Policies"})
    return Description(
        present(properties),
        {"Arn": found["Arn"]},
        unordered=lists,
        closed=lists | {"AccessKeys", "LoginProfile", "PermissionsBoundary"},
    )


def _login_profile(iam: Iam, user_name: str) -> dict[str, Any] | None:
    try:
        found = iam.get_login_profile(UserName=user_name)["LoginProfile"]
    except iam.exceptions.NoSuchEntityException:
        return None
    return {"PasswordResetRequired": found.get("PasswordResetRequired", False)}


def _boundary(found: dict[str, Any]) -> str | None:
    boundary: str | None = found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return boundary


def _policies(iam: Iam, kind: str, name: str) -> dict[str, Any]:
    """Read the policies on a role, user or group: attached ones and its own."""
    who = {f"{kind.capitalize()}Name": name}
    attached = getattr(iam, f"list_attached_{kind}_policies")(**who)["AttachedPolicies"]
    inline = getattr(iam, f"list_{kind}_policies")(**who)["PolicyNames"]
    return {
        "ManagedPolicyArns": [policy["PolicyArn"] for policy in attached],
        "Policies": [_inline_policy(iam, kind, name, policy) for policy in inline],
    }


def _inline_policy(iam: Iam, kind: str, name: str, policy: str) -> dict[str, Any]:
    who = {f"{kind.capitalize()}Name": name}
    found = getattr(iam, f"get_{kind}_policy")(**who, PolicyName=policy)
    return {"PolicyName": policy, "PolicyDocument": found["PolicyDocument"]}


@describes("AWS::IAM::Policy")
def inline_policy(resource: Resource) -> Description:
    """Read an inline policy from whom it is declared for; all must hold the same document."""
    iam, name = resource.client("iam"), resource.declared("PolicyName")
    documents = []
    holders: dict[str, list[str]] = {}
    parts = []
    for property_, type_, kind in HOLDERS:
        for holder in resource.declared_if_any(property_) or []:
            try:
                documents.append(_inline_policy(iam, kind, holder, name)["PolicyDocument"])
            except iam.exceptions.NoSuchEntityException:
                continue
            holders.setdefault(property_, []).append(holder)
            parts.append(Part(type_, holder, "Policies", {"PolicyName": name}))
    if not documents:
        raise NotThereError(f"nobody holds the policy {name}")
    if any(document != documents[0] for document in documents):
        names = ", ".join(part.physical_id for part in parts)
        raise NotThereError(f"{names} hold different policies {name}")
    properties = {"PolicyDocument": documents[0], "PolicyName": name, **holders}
    unordered = frozenset(property_ for property_, _, _ in HOLDERS)
    return Description(properties, unordered=unordered, parts=parts)


@describes("AWS::IAM::ManagedPolicy")
def managed_policy(resource: Resource) -> Description:
    """Read a managed policy in its default version, and whom it is attached to."""
    iam, arn = resource.client("iam"), resource.physical_id
    try:
        found = iam.get_policy(PolicyArn=arn)["Policy"]
    except iam.exceptions.NoSuchEntityException:
        raise NotThereError(f"no managed policy {arn}") from None
    version = iam.get_policy_version(PolicyArn=arn, VersionId=found["DefaultVersionId"])
    declared = {property_: resource.declared_if_any(property_) or [] for property_, _, _ in HOLDERS}
    holders = _holders(iam, arn)
    # Whoever lists the policy among its own ManagedPolicyArns is attached, too.
    attached = {
        property_: [name for name in declared[property_] if name in holders[property_]]
        for property_ in declared
    }
    parts = [
        Part(type_, name, "ManagedPolicyArns", arn)
        for property_, type_, _ in HOLDERS
        for name in attached[property_]
    ]
    properties = {
        "Description": found.get("Description") or None,
        "ManagedPolicyName": found["PolicyName"],
        "Path": found["Path"],
        "PolicyDocument": version["PolicyVersion"]["Document"],
        **attached,
    }
    return Description(
        present(properties),
        {"PolicyArn": arn, "PolicyId": found["PolicyId"]},
        unordered=frozenset(declared),
        parts=parts,
    )


def _holders(iam: Iam, arn: str) -> dict[str, list[str]]:
    pages = list(iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=arn))
    return {
        property_: [
            entity[f"{kind.capitalize()}Name"]
            for page in pages
            for entity in page.get(f"Policy{property_}", [])
        ]
        for property_, _, kind in HOLDERS
    }


@describes("AWS::IAM::OIDCProvider")
def identity_provider(resource: Resource) -> Description:
    """Read an OpenID Connect provider; IAM tells its address without the scheme, which is one."""
    iam, arn = resource.client("iam"), resource.physical_id
    try:
        found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    except iam.exceptions.NoSuchEntityException:
        raise NotThereError(f"no provider {arn}") from None
    properties = {
        "ClientIdList": found.get("ClientIDList"),
        "Tags": found.get("Tags"),
        "ThumbprintList": found.get("ThumbprintList"),
        "Url": f"https://{found['Url'].removeprefix('https://')}",
    }
    lists = frozenset({"ClientIdList"})
    return Description(present(properties), {"Arn": arn}, unordered=lists, closed=lists)
