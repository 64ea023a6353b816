"""Amazon EC2: networks."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from runbook.deployed.description import (
    Description,
    NotThereError,
    Part,
    Resource,
    describes,
    present,
    selected,
)

ROUTE_DESTINATIONS = (
    "DestinationCidrBlock",
    "DestinationIpv6CidrBlock",
    "DestinationPrefixListId",
)


def only(resource: Resource, operation: str, result: str, **identity: Any) -> dict[str, Any]:  # noqa: ANN401 - boto3's own arguments
    """Call a Describe operation that must find exactly one."""
    try:
        answer = getattr(resource.client("ec2"), operation)(**identity)
    except ClientError as error:
        if "NotFound" in error.response["Error"]["Code"]:
            raise NotThereError(f"no {resource.type} {resource.physical_id}") from None
        raise
    found: list[dict[str, Any]] = answer[result]
    if len(found) != 1:
        raise NotThereError(f"{len(found)} of {resource.type} {resource.physical_id}")
    return found[0]


@describes("AWS::EC2::VPC")
def vpc(resource: Resource) -> Description:
    """Read a VPC and its DNS attributes."""
    identity = resource.physical_id
    found = only(resource, "describe_vpcs", "Vpcs", VpcIds=[identity])
    ec2 = resource.client("ec2")
    dns = {
        name: ec2.describe_vpc_attribute(VpcId=identity, Attribute=attribute)[name]["Value"]
        for name, attribute in (
            ("EnableDnsHostnames", "enableDnsHostnames"),
            ("EnableDnsSupport", "enableDnsSupport"),
        )
    }
    properties = selected(found, "CidrBlock", "InstanceTenancy", "Tags") | dns
    return Description(properties, {"VpcId": identity, "CidrBlock": found["CidrBlock"]})


@describes("AWS::EC2::Subnet")
def subnet(resource: Resource) -> Description:
    """Read a subnet."""
    identity = resource.physical_id
    found = only(resource, "describe_subnets", "Subnets", SubnetIds=[identity])
    properties = selected(
        found, "AvailabilityZone", "CidrBlock", "MapPublicIpOnLaunch", "Tags", "VpcId"
    )
    attributes = {"SubnetId": identity, "AvailabilityZone": found["AvailabilityZone"]}
    return Description(properties, attributes)


@describes("AWS::EC2::InternetGateway")
def internet_gateway(resource: Resource) -> Description:
    """Read an internet gateway."""
    identity = resource.physical_id
    found = only(
        resource,
        "describe_internet_gateways",
        "InternetGateways",
        InternetGatewayIds=[identity],
    )
    return Description(selected(found, "Tags"), {"InternetGatewayId": identity})


@describes("AWS::EC2::VPCGatewayAttachment")
def gateway_attachment(resource: Resource) -> Description:
    """Read an internet gateway's attachment from the gateway."""
    gateway = resource.declared("InternetGatewayId")
    found = only(
        resource, "describe_internet_gateways", "InternetGateways", InternetGatewayIds=[gateway]
    )
    attached = [attachment["VpcId"] for attachment in found["Attachments"]]
    if len(attached) != 1:
        raise NotThereError(f"{gateway} is attached to {len(attached)} VPCs")
    return Description({"InternetGatewayId": gateway, "VpcId": attached[0]})


@describes("AWS::EC2::RouteTable")
def route_table(resource: Resource) -> Description:
    """Read a route table; all its routes but the local one must be resources of their own."""
    found = _route_table(resource, resource.physical_id)
    # Not a property of the type: so whatever no other resource claims is undeclared.
    routes = [entry for entry in found["Routes"] if entry.get("GatewayId") != "local"]
    return Description(
        {**selected(found, "Tags", "VpcId"), "Routes": routes},
        {"RouteTableId": resource.physical_id},
        closed=frozenset({"Routes"}),
    )


@describes("AWS::EC2::SubnetRouteTableAssociation")
def route_table_association(resource: Resource) -> Description:
    """Read an association from the route table that it was declared for."""
    table = _route_table(resource, resource.declared("RouteTableId"))
    for association in table["Associations"]:
        if association["RouteTableAssociationId"] == resource.physical_id:
            return Description(selected(association, "RouteTableId", "SubnetId"))
    raise NotThereError(f"no association {resource.physical_id}")


@describes("AWS::EC2::Route")
def route(resource: Resource) -> Description:
    """Read the route to the declared destination from its route table."""
    table_id, destination = resource.physical_id.split("|")
    for entry in _route_table(resource, table_id)["Routes"]:
        identity = selected(entry, *ROUTE_DESTINATIONS)
        if destination in identity.values():
            part = Part("AWS::EC2::RouteTable", table_id, "Routes", identity)
            targets = selected(
                entry,
                *ROUTE_DESTINATIONS,
                "EgressOnlyInternetGatewayId",
                "GatewayId",
                "InstanceId",
                "NatGatewayId",
                "NetworkInterfaceId",
                "TransitGatewayId",
                "VpcPeeringConnectionId",
            )
            return Description({"RouteTableId": table_id, **targets}, parts=[part])
    raise NotThereError(f"no route to {destination} in {table_id}")


def _route_table(resource: Resource, table: str) -> dict[str, Any]:
    return only(resource, "describe_route_tables", "RouteTables", RouteTableIds=[table])


@describes("AWS::EC2::EIP")
def elastic_address(resource: Resource) -> Description:
    """Read an elastic address by its public address, which is its physical id."""
    # Not by PublicIps: the emulator answers with every address then.
    found = [
        address
        for address in resource.client("ec2").describe_addresses()["Addresses"]
        if address["PublicIp"] == resource.physical_id
    ]
    if len(found) != 1:
        raise NotThereError(f"{len(found)} elastic addresses {resource.physical_id}")
    return Description(
        selected(found[0], "Domain", "Tags"), selected(found[0], "AllocationId", "PublicIp")
    )


@describes("AWS::EC2::NatGateway")
def nat_gateway(resource: Resource) -> Description:
    """Read a NAT gateway with its address; a deleted one is not there."""
    identity = resource.physical_id
    found = only(resource, "describe_nat_gateways", "NatGateways", NatGatewayIds=[identity])
    if found["State"] != "available":
        raise NotThereError(f"{identity} is {found['State']}")
    addresses = found.get("NatGatewayAddresses", [])
    allocation = addresses[0].get("AllocationId") if addresses else None
    properties = selected(found, "ConnectivityType", "SubnetId", "Tags")
    return Description(
        present({**properties, "AllocationId": allocation}), {"NatGatewayId": identity}
    )


@describes("AWS::EC2::FlowLog")
def flow_log(resource: Resource) -> Description:
    """Read a flow log."""
    identity = resource.physical_id
    found = only(resource, "describe_flow_logs", "FlowLogs", FlowLogIds=[identity])
    if found["FlowLogStatus"] != "ACTIVE":
        raise NotThereError(f"{identity} is {found['FlowLogStatus']}")
    properties = selected(
        found,
        "DeliverLogsPermissionArn",
        "LogDestination",
        "LogDestinationType",
        "LogFormat",
        "LogGroupName",
        "MaxAggregationInterval",
        "ResourceId",
        "Tags",
        "TrafficType",
    )
    # DescribeFlowLogs does not return the kind of resource; its id tells.
    prefix = found["ResourceId"].split("-")[0]
    kinds = {"vpc": "VPC", "subnet": "Subnet", "eni": "NetworkInterface"}
    return Description(present({**properties, "ResourceType": kinds.get(prefix)}), {"Id": identity})


@describes("AWS::EC2::VPCEndpoint")
def vpc_endpoint(resource: Resource) -> Description:
    """Read an endpoint with its policy, its subnets and its security groups."""
    identity = resource.physical_id
    found = only(resource, "describe_vpc_endpoints", "VpcEndpoints", VpcEndpointIds=[identity])
    policy = found.get("PolicyDocument")
    properties = {
        **selected(
            found,
            "PrivateDnsEnabled",
            "RouteTableIds",
            "ServiceName",
            "SubnetIds",
            "Tags",
            "VpcEndpointType",
            "VpcId",
        ),
        "PolicyDocument": json.loads(policy) if policy else None,
        "SecurityGroupIds": [group["GroupId"] for group in found.get("Groups", [])],
    }
    unordered = frozenset({"RouteTableIds", "SecurityGroupIds", "SubnetIds"})
    # AWS enters a gateway endpoint's routes into its tables by itself.
    parts = [
        Part("AWS::EC2::RouteTable", table, "Routes", {"GatewayId": identity})
        for table in found.get("RouteTableIds", [])
    ]
    return Description(present(properties), {"Id": identity}, unordered, parts=parts)
