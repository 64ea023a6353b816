"""EC2: rules of security groups as resources of a stack, of which ministack has only the calls.

And of these it does not read prefix lists.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from botocore.exceptions import ClientError

from sandbox.emulator.client import client
from sandbox.emulator.patching import PATCHES, Function
from sandbox.emulator.resource_types import ADDED, AddedType, Created, Properties

EC2 = "ministack.services.ec2"
PATCHES.needs(EC2, "_p")

# CloudFormation's peer -> where a permission of EC2's API holds it, and by which name.
INGRESS = {
    "CidrIp": ("IpRanges", "CidrIp"),
    "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "SourcePrefixListId": ("PrefixListIds", "PrefixListId"),
    "SourceSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
}
EGRESS = {
    "CidrIp": ("IpRanges", "CidrIp"),
    "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "DestinationPrefixListId": ("PrefixListIds", "PrefixListId"),
    "DestinationSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
}


def _rule_type(direction: str, peers: dict[str, tuple[str, str]]) -> AddedType:
    def create(_logical_id: str, properties: Properties, _stack: str) -> Created:
        authorize = getattr(client("ec2"), f"authorize_security_group_{direction}")
        [rule] = authorize(
            GroupId=properties["GroupId"], IpPermissions=[_permission(properties, peers)]
        )["SecurityGroupRules"]
        identity = rule["SecurityGroupRuleId"]
        return identity, {"Id": identity}

    def update(rule: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Created:
        # EC2 counts rules as one that differ in their descriptions only.
        if {**old, "Description": ""} == {**new, "Description": ""}:
            delete(rule, old)
        return create(logical_id, new, stack)

    def delete(rule: str, properties: Properties) -> None:
        revoke = getattr(client("ec2"), f"revoke_security_group_{direction}")
        try:
            revoke(GroupId=properties["GroupId"], SecurityGroupRuleIds=[rule])
        except ClientError as error:
            # It went with its group.
            if "NotFound" not in error.response["Error"]["Code"]:
                raise

    return AddedType(create, update, delete, tagged=False)


def _permission(properties: Properties, peers: dict[str, tuple[str, str]]) -> dict[str, Any]:
    [name] = properties.keys() & peers.keys()
    ranges, member = peers[name]
    peer = {member: properties[name]}
    if "Description" in properties:
        peer["Description"] = properties["Description"]
    ports: dict[str, Any] = {
        port: int(properties[port]) for port in ("FromPort", "ToPort") if port in properties
    }
    return {"IpProtocol": str(properties["IpProtocol"]), **ports, ranges: [peer]}


ADDED["AWS::EC2::SecurityGroupIngress"] = _rule_type("ingress", INGRESS)
ADDED["AWS::EC2::SecurityGroupEgress"] = _rule_type("egress", EGRESS)


# --- Prefix lists as peers ---


@PATCHES.wrap(EC2, "_parse_ip_permissions", parameters=("params", "prefix"))
def permissions(original: Function, params: dict[str, Any], prefix: str) -> list[dict[str, Any]]:
    """Read the prefix lists of a request, too."""
    from ministack.services import ec2

    rules: list[dict[str, Any]] = original(params, prefix)
    for number, rule in enumerate(rules, start=1):
        lists = rule["PrefixListIds"]
        if lists:
            continue
        while identity := ec2._p(
            params, f"{prefix}.{number}.PrefixListIds.{len(lists) + 1}.PrefixListId"
        ):
            place = f"{prefix}.{number}.PrefixListIds.{len(lists) + 1}"
            described = ec2._p(params, f"{place}.Description")
            description = {"Description": described} if described else {}
            lists.append({"PrefixListId": identity, **description})
    return rules


@PATCHES.wrap(EC2, "_sg_rule_xml", parameters=("sg_id", "rule", "is_egress"))
def rule_xml(
    original: Function,
    sg_id: str,
    rule: dict[str, Any],
    is_egress: bool = False,  # noqa: FBT001, FBT002 - ministack's own
) -> str:
    """Answer with the prefix list that a rule is about."""
    xml = str(original(sg_id, rule, is_egress))
    for entry in rule.get("PrefixListIds", []):
        identity = escape(entry["PrefixListId"])
        xml = xml.replace("</item>", f"<prefixListId>{identity}</prefixListId></item>")
    return xml
