"""Amazon EC2: security groups, and their rules that are resources of their own."""

from __future__ import annotations

from typing import Any

from runbook.deployed.described.ec2 import only
from runbook.deployed.description import (
    Description,
    NotThereError,
    Part,
    Resource,
    describes,
    present,
    selected,
)

# What AWS gives a security group that declares no egress.
ALL_EGRESS = [{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}]


@describes("AWS::EC2::SecurityGroup")
def security_group(resource: Resource) -> Description:
    """Read a security group, one rule for each peer."""
    identity = resource.physical_id
    found = only(resource, "describe_security_groups", "SecurityGroups", GroupIds=[identity])
    properties = {
        **selected(found, "GroupName", "Tags", "VpcId"),
        "GroupDescription": found["Description"],
        "SecurityGroupEgress": _rules(found["IpPermissionsEgress"], "Destination"),
        "SecurityGroupIngress": _rules(found["IpPermissions"], "Source"),
    }
    rules = frozenset({"SecurityGroupEgress", "SecurityGroupIngress"})
    return Description(
        properties,
        {"GroupId": identity, "VpcId": found["VpcId"]},
        unordered=rules,
        closed=rules,
        defaults={"SecurityGroupEgress": ALL_EGRESS},
    )


def _rules(permissions: list[dict[str, Any]], peer: str) -> list[dict[str, Any]]:
    """CloudFormation's rules: one peer each; `peer` is Source or Destination."""
    rules = []
    for permission in permissions:
        ports = selected(permission, "FromPort", "IpProtocol", "ToPort")
        for kind, api, name in (
            ("IpRanges", "CidrIp", "CidrIp"),
            ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
            ("PrefixListIds", "PrefixListId", f"{peer}PrefixListId"),
            ("UserIdGroupPairs", "GroupId", f"{peer}SecurityGroupId"),
        ):
            rules += [
                {**ports, name: entry[api], **selected(entry, "Description")}
                for entry in permission.get(kind, [])
            ]
    return rules


@describes("AWS::EC2::SecurityGroupEgress")
def egress_rule(resource: Resource) -> Description:
    """Read a rule for what a group's members may reach."""
    return _rule(resource, "Destination", "SecurityGroupEgress")


@describes("AWS::EC2::SecurityGroupIngress")
def ingress_rule(resource: Resource) -> Description:
    """Read a rule for what may reach a group's members."""
    return _rule(resource, "Source", "SecurityGroupIngress")


def _rule(resource: Resource, peer: str, property_: str) -> Description:
    """Read a rule by its id; it stands in its group's `property_`, too."""
    identity = resource.physical_id
    found = only(
        resource,
        "describe_security_group_rules",
        "SecurityGroupRules",
        SecurityGroupRuleIds=[identity],
    )
    if found["IsEgress"] is not (peer == "Destination"):
        raise NotThereError(f"{identity} is a rule of the other direction")
    # EC2 gives -1 for the ports of a protocol that has none.
    ports = {name: found[name] for name in ("FromPort", "ToPort") if found.get(name, -1) != -1}
    rule = {
        **selected(found, "CidrIpv6", "Description", "IpProtocol"),
        **ports,
        "CidrIp": found.get("CidrIpv4"),
        f"{peer}PrefixListId": found.get("PrefixListId"),
        f"{peer}SecurityGroupId": found.get("ReferencedGroupInfo", {}).get("GroupId"),
    }
    group = found["GroupId"]
    part = Part("AWS::EC2::SecurityGroup", group, property_, present(rule))
    return Description(
        {"GroupId": group, **present(rule)},
        {"Id": identity},
        parts=[part],
        closed=frozenset({"CidrIp", "CidrIpv6", "FromPort", "ToPort"}),
    )
