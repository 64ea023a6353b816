"""EC2: elastic addresses, NAT gateways and flow logs as stack resources, and fuller answers.

ministack's EC2 has the calls for all three but no CloudFormation handlers, and some of its
answers leave out what AWS returns.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from sandbox.emulator.client import client
from sandbox.emulator.patching import PATCHES, Function
from sandbox.emulator.resource_types import (
    ADDED,
    COMPLETED,
    AddedType,
    CompletedType,
    Created,
    Properties,
)

EC2 = "ministack.services.ec2"
Answer = tuple[int, dict[str, str], bytes]
Create = Callable[[str, Properties, str], Created]

# What CreateFlowLogs is told and ministack's record of it drops: request field -> answer element.
FLOW_LOG_FIELDS = {
    "DeliverLogsPermissionArn": "deliverLogsPermissionArn",
    "LogFormat": "logFormat",
    "LogGroupName": "logGroupName",
    "MaxAggregationInterval": "maxAggregationInterval",
}


def _tag_specifications(resource: str, properties: Properties) -> list[dict[str, Any]]:
    tags = properties.get("Tags", [])
    return [{"ResourceType": resource, "Tags": tags}] if tags else []


def _retag_or_replace(create: Create, found: Callable[[str], tuple[str, dict[str, str]]]) -> Any:  # noqa: ANN401
    """Build the update of a type of which only the tags change in place.

    `found` returns the EC2 id that carries the tags, and the attributes, of a physical id.
    """

    def update(
        physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str
    ) -> Created:
        if {**old, "Tags": None} != {**new, "Tags": None}:
            return create(logical_id, new, stack)
        resource, attributes = found(physical_id)
        kept = {tag["Key"] for tag in new.get("Tags", [])}
        dropped = [{"Key": tag["Key"]} for tag in old.get("Tags", []) if tag["Key"] not in kept]
        if dropped:
            client("ec2").delete_tags(Resources=[resource], Tags=dropped)
        if kept:
            client("ec2").create_tags(Resources=[resource], Tags=new["Tags"])
        return physical_id, attributes

    return update


# --- AWS::EC2::EIP ---


def create_address(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Allocate an elastic address; Ref gives the address itself, as on AWS."""
    answer = client("ec2").allocate_address(
        Domain=properties.get("Domain", "vpc"),
        TagSpecifications=_tag_specifications("elastic-ip", properties),
    )
    return answer["PublicIp"], _address_attributes(answer)


def _address_attributes(address: dict[str, str]) -> dict[str, str]:
    return {"AllocationId": address["AllocationId"], "PublicIp": address["PublicIp"]}


def _address(public_ip: str) -> tuple[str, dict[str, str]]:
    [address] = [
        address
        for address in client("ec2").describe_addresses()["Addresses"]
        if address["PublicIp"] == public_ip
    ]
    return address["AllocationId"], _address_attributes(address)


def delete_address(public_ip: str, _properties: Properties) -> None:
    """Release the address."""
    client("ec2").release_address(AllocationId=_address(public_ip)[0])


ADDED["AWS::EC2::EIP"] = AddedType(
    create_address, _retag_or_replace(create_address, _address), delete_address
)


# --- AWS::EC2::NatGateway ---


def create_nat_gateway(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Create the gateway in its subnet, behind its elastic address."""
    given = {
        name: properties[name]
        for name in ("AllocationId", "ConnectivityType", "SubnetId")
        if name in properties
    }
    answer = client("ec2").create_nat_gateway(
        **given, TagSpecifications=_tag_specifications("natgateway", properties)
    )
    return _nat_gateway(answer["NatGateway"]["NatGatewayId"])


def _nat_gateway(gateway: str) -> Created:
    return gateway, {"NatGatewayId": gateway}


def delete_nat_gateway(gateway: str, _properties: Properties) -> None:
    """Delete the gateway; its address stays."""
    client("ec2").delete_nat_gateway(NatGatewayId=gateway)


ADDED["AWS::EC2::NatGateway"] = AddedType(
    create_nat_gateway, _retag_or_replace(create_nat_gateway, _nat_gateway), delete_nat_gateway
)


PATCHES.needs(EC2, "_addresses", "_nat_gateways")


@PATCHES.wrap(EC2, "_ACTION_MAP", entry="DescribeNatGateways", parameters=("params",))
def describe_nat_gateways(original: Function, params: dict[str, Any]) -> Answer:
    """Add each gateway's address, which ministack keeps but does not answer with."""
    from ministack.services import ec2

    status, headers, body = original(params)
    text = body.decode()
    for gateway in ec2._nat_gateways.values():
        marker = f"<natGatewayId>{gateway['NatGatewayId']}</natGatewayId>"
        before, found, after = text.partition(marker)
        if found and gateway["AllocationId"]:
            address = ec2._addresses.get(gateway["AllocationId"], {})
            filled = (
                "<natGatewayAddressSet><item>"
                f"<allocationId>{gateway['AllocationId']}</allocationId>"
                f"<publicIp>{address.get('PublicIp', '')}</publicIp>"
                "</item></natGatewayAddressSet>"
            )
            text = before + found + after.replace("<natGatewayAddressSet/>", filled, 1)
    return status, headers, text.encode()


# --- AWS::EC2::FlowLog ---


def create_flow_log(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Create the flow log of one resource."""
    given: dict[str, Any] = {
        name: properties[name]
        for name in (
            "DeliverLogsPermissionArn",
            "LogDestination",
            "LogDestinationType",
            "LogFormat",
            "LogGroupName",
            "ResourceType",
            "TrafficType",
        )
        if name in properties
    }
    if "MaxAggregationInterval" in properties:
        given["MaxAggregationInterval"] = int(properties["MaxAggregationInterval"])
    answer = client("ec2").create_flow_logs(
        **given,
        ResourceIds=[properties["ResourceId"]],
        TagSpecifications=_tag_specifications("vpc-flow-log", properties),
    )
    return _flow_log(answer["FlowLogIds"][0])


def _flow_log(flow_log: str) -> Created:
    return flow_log, {"Id": flow_log}


def delete_flow_log(flow_log: str, _properties: Properties) -> None:
    """Delete the flow log; its log group stays."""
    client("ec2").delete_flow_logs(FlowLogIds=[flow_log])


ADDED["AWS::EC2::FlowLog"] = AddedType(
    create_flow_log, _retag_or_replace(create_flow_log, _flow_log), delete_flow_log
)


PATCHES.needs(EC2, "_flow_logs", "_p", "_parse_tag_specs")


@PATCHES.wrap(EC2, "_ACTION_MAP", entry="CreateFlowLogs", parameters=("params",))
def create_flow_logs(original: Function, params: dict[str, Any]) -> Answer:
    """Keep the fields that ministack drops, and tags under the resource type AWS uses."""
    from ministack.services import ec2

    before = set(ec2._flow_logs)
    status, headers, body = original(params)
    for flow_log_id in set(ec2._flow_logs) - before:
        fields = {name: ec2._p(params, name) for name in FLOW_LOG_FIELDS if name in params}
        ec2._flow_logs[flow_log_id].update(fields)
        ec2._parse_tag_specs(params, "vpc-flow-log", flow_log_id)
    answer: Answer = (status, headers, body)
    return answer


@PATCHES.wrap(EC2, "_ACTION_MAP", entry="DescribeFlowLogs", parameters=("params",))
def describe_flow_logs(original: Function, params: dict[str, Any]) -> Answer:
    """Answer with the fields kept by `create_flow_logs`."""
    from ministack.services import ec2

    status, headers, body = original(params)
    text = body.decode()
    for flow_log in ec2._flow_logs.values():
        marker = f"<flowLogId>{flow_log['FlowLogId']}</flowLogId>"
        fields = "".join(
            f"<{element}>{escape(flow_log[name])}</{element}>"
            for name, element in FLOW_LOG_FIELDS.items()
            if name in flow_log
        )
        text = text.replace(marker, marker + fields)
    return status, headers, text.encode()


# --- AWS::EC2::VPCEndpoint, AWS::EC2::VPC ---


@PATCHES.wrap(EC2, "_vpce_fields_xml", parameters=("ep", "tag"))
def vpc_endpoint_xml(original: Function, ep: dict[str, Any], tag: str = "item") -> str:
    """Answer with the policy, the security groups and private DNS, which ministack keeps."""
    groups = "".join(
        f"<item><groupId>{group}</groupId></item>" for group in ep.get("SecurityGroupIds", [])
    )
    policy = ep.get("PolicyDocument")
    if policy and not isinstance(policy, str):
        policy = json.dumps(policy)
    private_dns = str(ep.get("PrivateDnsEnabled", False)).lower()
    more = f"<groupSet>{groups}</groupSet><privateDnsEnabled>{private_dns}</privateDnsEnabled>"
    if policy:
        more += f"<policyDocument>{escape(policy)}</policyDocument>"
    return str(original(ep, tag)).replace(f"</{tag}>", f"{more}</{tag}>")


def vpc_attributes(_vpc: str, properties: Properties) -> dict[str, str]:
    """Return the attribute that ministack's handler does not: Fn::GetAtt of the address range."""
    return {"CidrBlock": properties.get("CidrBlock", "")}


COMPLETED["AWS::EC2::VPC"] = CompletedType(attributes=vpc_attributes)
