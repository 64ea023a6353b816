"""What the account says of itself: its IAM state, and each secret's and key's own policy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .statements import Statement, UnreadableError, statements

Json = Any
# Gives the client of a service by its name.
Clients = Callable[[str], Any]
_LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")


@dataclass(frozen=True)
class Secret:
    """One secret: the key that it is under, what its own policy says, where copies of it stand."""

    name: str
    arn: str
    key: str
    said: tuple[Statement, ...]
    copies: tuple[str, ...]


@dataclass(frozen=True)
class Key:
    """One key: what its policy says, and its grants as (id, grantee, operations)."""

    arn: str
    said: tuple[Statement, ...]
    grants: tuple[tuple[str, str, tuple[str, ...]], ...]


def authorization_details(clients: Clients) -> dict[str, list[Mapping[str, Json]]]:
    """Read the users, groups, roles and policies of the account, every page."""
    found: dict[str, list[Mapping[str, Json]]] = {name: [] for name in _LISTS}
    for page in clients("iam").get_paginator("get_account_authorization_details").paginate():
        for name in _LISTS:
            found[name] += page[name]
    return found


def secret(clients: Clients, environment: str, name: str) -> Secret:
    """Read one secret; raises ``UnreadableError`` when it is under no key of its own."""
    described = clients("secretsmanager").describe_secret(SecretId=f"{environment}/{name}")
    arn, key = described["ARN"], described.get("KmsKeyId", "")
    if not key.startswith("arn:"):
        raise UnreadableError(f"secret {name} is under {key or 'the key of AWS'}: no key of ours")
    policy = clients("secretsmanager").get_resource_policy(SecretId=arn).get("ResourcePolicy")
    said = statements(policy, f"the policy of secret {name}") if policy else []
    copies = [copy["Region"] for copy in described.get("ReplicationStatus", [])]
    return Secret(name, arn, key, tuple(said), tuple(copies))


def key(clients: Clients, arn: str) -> Key:
    """Read one key with all of its grants."""
    policy = clients("kms").get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
    pages = clients("kms").get_paginator("list_grants").paginate(KeyId=arn)
    grants = [_grant(grant) for page in pages for grant in page["Grants"]]
    return Key(arn, tuple(statements(policy, f"the policy of key {arn}")), tuple(grants))


def _grant(grant: Mapping[str, Json]) -> tuple[str, str, tuple[str, ...]]:
    operations: Sequence[str] = grant["Operations"]
    who = grant.get("GranteePrincipal") or grant.get("GranteeServicePrincipal", "somebody")
    return grant["GrantId"], who, tuple(operations)
