"""Every policy statement that a resource holds, wherever it stands in it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from policies.templates.scope import Resource
from policies.templates.values import Unknown, UnresolvedError, is_read_later

Json = Any
Found = tuple[tuple[str, ...], dict[str, Json]]
TRUST = "AssumeRolePolicyDocument"
# Properties that hold a policy: open, they could hold any.
_HOLDERS = frozenset(
    {
        TRUST,
        "AccessPolicies",
        "AccessPolicy",
        "FileSystemPolicy",
        "InlinePolicy",
        "KeyPolicy",
        "Policies",
        "Policy",
        "PolicyDocument",
        "PolicyText",
        "RepositoryPolicy",
        "RepositoryPolicyText",
        "ResourcePolicy",
        "ResourcePolicyDocument",
        "Statement",
    }
)
_ELEMENTS = frozenset(
    {
        "Action",
        "Condition",
        "Effect",
        "NotAction",
        "NotPrincipal",
        "NotResource",
        "Principal",
        "Resource",
        "Sid",
    }
)
# What shares without a policy, and where it says with whom.
_SHARES = {
    "AWS::EC2::VPCEndpointServicePermissions": "AllowedPrincipals",
    "AWS::Lambda::LayerVersionPermission": "Principal",
    "AWS::RAM::ResourceShare": "Principals",
}
# What KMS and VPC endpoints do when nobody writes a policy.
_DEFAULT_KEY_POLICY = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
_DEFAULT_ENDPOINT_POLICY = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
_PERMISSION_CONDITIONS = {
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "SourceAccount": ("StringEquals", "aws:SourceAccount"),
    "SourceArn": ("ArnLike", "aws:SourceArn"),
}


def statements_in(resource: Resource) -> Iterator[Found]:
    """Find each statement, with the path of properties to it.

    Raises ``UnresolvedError`` when a property that holds a policy is open.
    """
    properties = resource.properties
    if isinstance(properties, Unknown):
        raise UnresolvedError(f"Properties: {properties.text} is open: {properties.why}")
    yield from _by_default(resource, properties)
    if resource.type == "AWS::Lambda::Permission":
        yield ("Permission",), _of_permission(properties)
    elif resource.type == "AWS::Events::EventBusPolicy" and "Statement" not in properties:
        yield ("Policy",), _of_event_bus(properties)
    elif resource.type in _SHARES:
        who = properties.get(_SHARES[resource.type], "*")
        shared = {"Effect": "Allow", "Principal": {"AWS": who}, "Action": "*", "Resource": "*"}
        yield ("Permission",), shared
    yield from _below(properties, ())


def _below(value: Json, path: tuple[str, ...]) -> Iterator[Found]:
    """Find every ``Statement``, at any depth, in text that is JSON, too."""
    match value:
        case dict():
            for key, item in value.items():
                if isinstance(item, Unknown) and key in _HOLDERS:
                    raise UnresolvedError(f"{key}: {item.text} is open: {item.why}")
                if key == "Statement":
                    yield from _listed(item, path)
                elif key.lower() == "statement" and path[-1:] and path[-1] in _HOLDERS:
                    raise UnresolvedError(f"a policy has {key}, and nobody knows who reads it")
                else:
                    yield from _below(item, (*path, key))
        case list():
            for item in value:
                if isinstance(item, Unknown) and path[-1:] and path[-1] in _HOLDERS:
                    raise UnresolvedError(f"{path[-1]}: {item.text} is open: {item.why}")
                yield from _below(item, path)
        case str() if value.lstrip()[:1] in ("{", "["):
            yield from _below(_parsed(value, path), path)


def _listed(given: Json, path: tuple[str, ...]) -> Iterator[Found]:
    for body in given if isinstance(given, list) else [given]:
        if isinstance(body, Unknown):
            raise UnresolvedError(f"Statement: {body.text} is open: {body.why}")
        if isinstance(body, dict) and _is_of_a_policy(body):
            for strange in sorted(body.keys() - _ELEMENTS):
                raise UnresolvedError(f"a statement has {strange}, which no policy has")
            yield path, body


def _is_of_a_policy(body: Mapping[str, Json]) -> bool:
    return bool({key.lower() for key in body} & {"effect", "action", "notaction"})


def _parsed(text: str, path: tuple[str, ...]) -> Json:
    """Read text as JSON; where a policy stands, or seems to, it has to be."""
    holds = path[-1:] and path[-1] in _HOLDERS
    if holds and is_read_later(text, secrets=True):
        raise UnresolvedError(f"{path[-1]}: {text} is open: CloudFormation reads it")
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        if holds or '"statement"' in text.lower():
            raise UnresolvedError("a policy is text, and no JSON") from None
        return None


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Refuse a key that stands twice: one reader takes the first, another the last."""
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _by_default(resource: Resource, properties: Mapping[str, Json]) -> Iterator[Found]:
    """Write down what AWS puts where the template has no policy."""
    if resource.type == "AWS::KMS::Key" and "KeyPolicy" not in properties:
        account = resource.stack.template.account
        root = {"AWS": f"arn:aws:iam::{account}:root"}
        yield ("KeyPolicy",), {**_DEFAULT_KEY_POLICY, "Principal": root}
    if resource.type == "AWS::EC2::VPCEndpoint" and "PolicyDocument" not in properties:
        yield ("PolicyDocument",), dict(_DEFAULT_ENDPOINT_POLICY)


def _of_permission(properties: Mapping[str, Json]) -> dict[str, Json]:
    """Write a permission on a function as the statement that Lambda makes of it."""
    conditions: dict[str, dict[str, Json]] = {}
    for name, (operator, key) in _PERMISSION_CONDITIONS.items():
        if name in properties:
            conditions.setdefault(operator, {})[key] = properties[name]
    principal = properties.get("Principal", "*")
    service = isinstance(principal, str) and principal.endswith(".amazonaws.com")
    return {
        "Effect": "Allow",
        "Principal": {"Service" if service else "AWS": principal},
        "Action": properties.get("Action", "*"),
        "Resource": "*",
        "Condition": conditions,
    }


def _of_event_bus(properties: Mapping[str, Json]) -> dict[str, Json]:
    """Write the older form of an event bus' policy, which has one condition at most."""
    given = properties.get("Condition")
    condition = given if isinstance(given, dict) else {}
    conditions = (
        {condition.get("Type", "StringEquals"): {condition["Key"]: condition.get("Value", "*")}}
        if "Key" in condition
        else {}
    )
    return {
        "Effect": "Allow",
        "Principal": {"AWS": properties.get("Principal", "*")},
        "Action": properties.get("Action", "*"),
        "Resource": "*",
        "Condition": conditions,
    }
