"""ROVN-HLT-2: a closed path stays closed however it is written.

A listener rule compares the path as it was sent: ``/%64ebug/`` passes it. The web ACL decodes and
normalizes first, as the service will, and lets through only the environment's own addresses.
"""

from collections.abc import Iterator
from typing import Any

from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope

_TRANSFORMATIONS = ["URL_DECODE", "NORMALIZE_PATH", "LOWERCASE"]
_ACL = "AWS::WAFv2::WebACL"


def _paths(scope: Scope) -> list[str]:
    services = scope.environment.services.values()
    return sorted({path for service in services for path in service.ingress.closed_paths})


def _concerns(acl: Resource, scope: Scope) -> bool:
    return bool(_paths(scope)) and any(
        scope.target(association.at("WebACLArn")) is acl
        for association in scope.resources("AWS::WAFv2::WebACLAssociation")
    )


def _judge(acl: Resource, scope: Scope) -> Iterator[str]:
    statements = [
        rule["Statement"] for rule in acl.at("Rules", []) if "Block" in rule.get("Action", {})
    ]
    for path in _paths(scope):
        if not any(_closes(statement, path, scope) for statement in statements):
            yield f"no rule blocks {path}, decoded and normalized, from all but own addresses"


def _closes(statement: dict[str, Any], path: str, scope: Scope) -> bool:
    parts = statement.get("AndStatement", {}).get("Statements", [statement])
    matches = [part["ByteMatchStatement"] for part in parts if "ByteMatchStatement" in part]
    others = [part for part in parts if "ByteMatchStatement" not in part]
    return (
        len(matches) == 1
        and all(_matches(match, path) for match in matches)
        and all(_is_not_own(part, scope) for part in others)
    )


def _matches(match: dict[str, Any], path: str) -> bool:
    by_priority = sorted(match.get("TextTransformations", []), key=lambda step: step["Priority"])
    return (
        "UriPath" in match["FieldToMatch"]
        and match["SearchString"] == path.removesuffix("*").lower()
        and match["PositionalConstraint"] == ("STARTS_WITH" if path.endswith("*") else "EXACTLY")
        and [step["Type"] for step in by_priority] == _TRANSFORMATIONS
    )


def _is_not_own(part: dict[str, Any], scope: Scope) -> bool:
    """Whether a statement lets through nobody but the environment's NAT gateways."""
    reference = part.get("NotStatement", {}).get("Statement", {}).get("IPSetReferenceStatement", {})
    addresses = scope.target(reference.get("Arn"))
    own = {
        f"{eip.stack.get_att(eip.logical_id, 'PublicIp')}/32"
        for eip in scope.resources("AWS::EC2::EIP")
    }
    # With anything beside Arn it compares a header, in which everybody writes what they like.
    return (
        addresses is not None
        and reference.keys() == {"Arn"}
        and set(addresses.at("Addresses", [])) <= own
    )


RULE = Rule(
    id="closed-paths-decoded",
    title="The web ACL blocks closed paths as the service would read them",
    why="A path written with %-codes or /../ passes a listener rule, and the service decodes it.",
    remedy="List the path under closed_paths of the service's ingress in the environment file; "
    "runbook_constructs.web_acl closes it.",
    clauses=("ROVN-HLT-2",),
    controls=("NIST AC-4", "NIST SC-7", "SOC2 CC6.6"),
    types=(_ACL,),
    concerns=_concerns,
    judge=_judge,
)
