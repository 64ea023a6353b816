"""EC2: rules of security groups as resources of a stack. ministack has only the calls for them."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from sandbox.emulator.client import client
from sandbox.emulator.resource_types import ADDED, AddedType, Created, Properties

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
