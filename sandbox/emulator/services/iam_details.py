"""IAM: what GetAccountAuthorizationDetails tells on AWS and ministack leaves out.

Policies of AWS's own that somebody is attached to, with their documents; and the boundaries of
users and roles.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from sandbox.emulator.patching import PATCHES, Function

IAM = "ministack.services.iam"
NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"
Answer = tuple[int, dict[str, str], bytes]
Element = ElementTree.Element
Policy = dict[str, Any]

PATCHES.needs(IAM, "_groups", "_lookup_policy", "_p", "_roles", "_users")


@PATCHES.wrap(IAM, "_IAM_HANDLERS", entry="GetAccountAuthorizationDetails", parameters=("p",))
def complete(original: Function, p: dict[str, Any]) -> Answer:
    """Add what is missing to ministack's own answer."""
    from ministack.services import iam

    status, headers, body = original(p)
    asked = {iam._p(p, f"Filter.member.{number}") for number in range(1, 6)} - {""}
    ElementTree.register_namespace("", NAMESPACE)
    root = ElementTree.fromstring(body)  # noqa: S314 - ministack's own answer
    for of, names, kept in (
        ("RoleDetailList", "RoleName", iam._roles),
        ("UserDetailList", "UserName", iam._users),
    ):
        for member in _members(root, of):
            name = member.findtext(_name(names), "")
            _add_boundary(member, kept[name].get("PermissionsBoundary"))
    if not asked or "AWSManagedPolicy" in asked:
        policies = next(root.iter(_name("Policies")))
        policies.extend(_policy(arn, known) for arn, known in sorted(_attached().items()))
    return status, headers, ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _attached() -> dict[str, Policy]:
    """Return the policies of AWS's own that anybody has, of those that are known here."""
    from ministack.services import iam

    found: set[str] = set()
    for kept in (iam._groups, iam._roles, iam._users):
        for each in kept.values():
            found |= {*each.get("AttachedPolicies", []), each.get("PermissionsBoundary") or ""}
    ours = (arn for arn in found if arn.startswith("arn:aws:iam::aws:policy/"))
    return {arn: policy for arn in ours if (policy := iam._lookup_policy(arn) or _of_moto(arn))}


def _of_moto(arn: str) -> Policy | None:
    """Look a policy up that ministack has not seeded: moto has them all."""
    name = arn.rpartition("/")[2]
    known = _all_of_moto().get(name)
    if known is None or f"arn:aws:iam::aws:policy{known['Path']}{name}" != arn:
        return None
    version = str(known["DefaultVersionId"])
    document = json.dumps(known["Document"])
    return {
        "PolicyName": name,
        "PolicyId": "ANPA" + hashlib.sha256(arn.encode()).hexdigest()[:17].upper(),
        "Path": known["Path"],
        "DefaultVersionId": version,
        "Versions": {
            version: {"Document": document, "VersionId": version, "IsDefaultVersion": True}
        },
    }


@functools.cache
def _all_of_moto() -> dict[str, Policy]:
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    found: dict[str, Policy] = json.loads(aws_managed_policies_data)
    return found


def _policy(arn: str, policy: Policy) -> Element:
    member = Element(_name("member"))
    for name in ("PolicyName", "PolicyId", "Path", "DefaultVersionId"):
        _add(member, name, str(policy[name]))
    _add(member, "Arn", arn)
    versions = ElementTree.SubElement(member, _name("PolicyVersionList"))
    for version in policy["Versions"].values():
        told = ElementTree.SubElement(versions, _name("member"))
        _add(told, "Document", quote(version["Document"], safe=""))
        _add(told, "VersionId", version["VersionId"])
        _add(told, "IsDefaultVersion", str(bool(version.get("IsDefaultVersion"))).lower())
    return member


def _add_boundary(member: Element, arn: str | None) -> None:
    if arn:
        boundary = ElementTree.SubElement(member, _name("PermissionsBoundary"))
        _add(boundary, "PermissionsBoundaryType", "Policy")
        _add(boundary, "PermissionsBoundaryArn", arn)


def _members(root: Element, name: str) -> Iterator[Element]:
    for found in root.iter(_name(name)):
        yield from found.findall(_name("member"))


def _add(parent: Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, _name(name)).text = text


def _name(local: str) -> str:
    return f"{{{NAMESPACE}}}{local}"
