"""What the network stack keeps: three tiers in three zones, fixed addresses, no open doors."""

from typing import Any

import pytest

from runbook.model.environment import Environment
from tests.assembly import Assembly, plain

SUBNET, ROUTE = "AWS::EC2::Subnet", "AWS::EC2::Route"
ENDPOINT, NAT, EIP = "AWS::EC2::VPCEndpoint", "AWS::EC2::NatGateway", "AWS::EC2::EIP"


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-network"


def tier_of(subnet: dict[str, Any]) -> str:
    tags = {tag["Key"]: tag["Value"] for tag in subnet["Properties"]["Tags"]}
    return str(tags["aws-cdk:subnet-name"]).lower()


def routes_of_tiers(assembly: Assembly, stack: str) -> dict[str, list[dict[str, Any]]]:
    """Map each tier to the routes of its subnets' route tables."""
    subnets = assembly.of_type(stack, SUBNET)
    tables = {
        link["Properties"]["RouteTableId"]["Ref"]: link["Properties"]["SubnetId"]["Ref"]
        for link in assembly.of_type(stack, "AWS::EC2::SubnetRouteTableAssociation").values()
    }
    routes: dict[str, list[dict[str, Any]]] = {tier_of(subnet): [] for subnet in subnets.values()}
    for route in assembly.of_type(stack, ROUTE).values():
        subnet = subnets[tables[route["Properties"]["RouteTableId"]["Ref"]]]
        routes[tier_of(subnet)].append(route["Properties"])
    return routes


def test_each_tier_has_the_blocks_of_the_file_in_its_zones(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    found = {
        (tier_of(subnet), properties["AvailabilityZone"]): properties["CidrBlock"]
        for subnet in assembly.of_type(stack, SUBNET).values()
        for properties in [subnet["Properties"]]
    }
    assert found == {
        (tier, zone): str(block)
        for tier, blocks in environment.network.subnets.tiers().items()
        for zone, block in zip(environment.availability_zones, blocks, strict=True)
    }
    assert len({zone for _, zone in found}) == 3


def test_the_vpc_has_the_files_block_and_names_of_its_own(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    """Without its DNS no endpoint would be found, and traffic would leave through the NAT."""
    (vpc,) = assembly.of_type(stack, "AWS::EC2::VPC").values()
    assert vpc["Properties"]["CidrBlock"] == str(environment.network.cidr)
    assert vpc["Properties"]["EnableDnsHostnames"] is True
    assert vpc["Properties"]["EnableDnsSupport"] is True
    for subnet in assembly.of_type(stack, SUBNET).values():
        assert plain(subnet["Properties"]["VpcId"]) == "<NetworkVpc>"


def test_public_subnets_lead_to_the_internet_and_hold_the_nat_gateways(
    assembly: Assembly, stack: str
) -> None:
    public = routes_of_tiers(assembly, stack)["public"]
    assert len(public) == 3
    for route in public:
        assert route["DestinationCidrBlock"] == "0.0.0.0/0"
        assert plain(route["GatewayId"]) == "<NetworkVpcIGW>"
    tiers = {
        tier_of(assembly.of_type(stack, SUBNET)[nat["Properties"]["SubnetId"]["Ref"]])
        for nat in assembly.of_type(stack, NAT).values()
    }
    assert tiers == {"public"}


def test_no_subnet_hands_out_public_addresses(assembly: Assembly, stack: str) -> None:
    for subnet in assembly.of_type(stack, SUBNET).values():
        assert subnet["Properties"]["MapPublicIpOnLaunch"] is False


def test_isolated_subnets_have_no_route_out(assembly: Assembly, stack: str) -> None:
    assert routes_of_tiers(assembly, stack)["isolated"] == []


def test_private_subnets_leave_through_the_nat_gateway_of_their_zone(
    assembly: Assembly, stack: str
) -> None:
    private = routes_of_tiers(assembly, stack)["private"]
    assert len({route["NatGatewayId"]["Ref"] for route in private}) == 3
    assert {route["DestinationCidrBlock"] for route in private} == {"0.0.0.0/0"}
    assert not any("GatewayId" in route for route in private)


def test_nat_addresses_are_fixed_kept_and_told(assembly: Assembly, stack: str) -> None:
    """SCR-NET-1's door: customers allow these addresses, so they outlive the stack."""
    addresses = assembly.of_type(stack, EIP)
    for address in addresses.values():
        assert address["DeletionPolicy"] == "RetainExceptOnCreate"
        assert address["UpdateReplacePolicy"] == "Retain"
    used = [nat["Properties"]["AllocationId"] for nat in assembly.of_type(stack, NAT).values()]
    assert sorted(get["Fn::GetAtt"][0] for get in used) == sorted(addresses)
    outputs = assembly.template(stack)["Outputs"]
    told = {
        name: output["Value"]["Fn::GetAtt"]
        for name, output in outputs.items()
        if name.startswith("NatAddress")
    }
    assert sorted(told) == ["NatAddressA", "NatAddressB", "NatAddressC"]
    assert sorted(address for address, _ in told.values()) == sorted(addresses)
    assert {attribute for _, attribute in told.values()} == {"PublicIp"}


def test_tasks_reach_aws_services_without_the_internet(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    endpoints = assembly.of_type(stack, ENDPOINT).values()
    services = {service_name(e["Properties"]["ServiceName"]): e["Properties"] for e in endpoints}
    assert set(services) == {"s3", *environment.network.interface_endpoints}
    private = {
        logical_id
        for logical_id, subnet in assembly.of_type(stack, SUBNET).items()
        if tier_of(subnet) == "private"
    }
    for name in environment.network.interface_endpoints:
        assert services[name]["PrivateDnsEnabled"] is True
        assert plain(services[name]["SecurityGroupIds"]) == ["<NetworkEndpointGroup.GroupId>"]
        assert {subnet["Ref"] for subnet in services[name]["SubnetIds"]} == private
    assert services["s3"]["VpcEndpointType"] == "Gateway"
    assert len(services["s3"]["RouteTableIds"]) == len(private)


def test_endpoints_let_only_the_own_account_through(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    """Else a stolen credential of another account could carry data out through them."""
    for endpoint in assembly.of_type(stack, ENDPOINT).values():
        properties = endpoint["Properties"]
        own, *others = properties["PolicyDocument"]["Statement"]
        for statement in (own, *others):
            assert statement["Effect"] == "Allow"
            assert statement["Principal"] == {"AWS": "*"}
        assert (own["Action"], own["Resource"]) == ("*", "*")
        equals = own["Condition"]["StringEquals"]
        assert equals["aws:PrincipalAccount"] == environment.account
        if properties["VpcEndpointType"] == "Gateway":
            assert equals["aws:ResourceAccount"] == environment.account
            (layers,) = others
            assert layers["Action"] == "s3:GetObject"
            bucket = f"prod-{environment.region}-starport-layer-bucket"
            assert layers["Resource"] == f"arn:aws:s3:::{bucket}/*"
        else:
            assert others == []


def test_endpoints_take_https_from_the_vpc_and_nothing_else(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    (group,) = assembly.of_type(stack, "AWS::EC2::SecurityGroup").values()
    (ingress,) = group["Properties"]["SecurityGroupIngress"]
    assert (ingress["IpProtocol"], ingress["FromPort"], ingress["ToPort"]) == ("tcp", 443, 443)
    assert ingress["CidrIp"] == str(environment.network.cidr)
    (egress,) = group["Properties"]["SecurityGroupEgress"]
    assert egress["CidrIp"] == "255.255.255.255/32"


def test_every_connection_is_recorded_encrypted_and_kept(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    (flow_log,) = assembly.of_type(stack, "AWS::EC2::FlowLog").values()
    assert flow_log["Properties"]["TrafficType"] == "ALL"
    assert flow_log["Properties"]["MaxAggregationInterval"] == 60
    assert flow_log["Properties"]["ResourceType"] == "VPC"
    assert plain(flow_log["Properties"]["ResourceId"]) == "<NetworkVpc>"
    role = plain(flow_log["Properties"]["DeliverLogsPermissionArn"])
    assert role == "<NetworkFlowLogsRole.Arn>"
    assert plain(flow_log["Properties"]["LogGroupName"]) == "<NetworkFlowLogsGroup>"
    (group,) = assembly.of_type(stack, "AWS::Logs::LogGroup").values()
    properties = group["Properties"]
    assert properties["RetentionInDays"] == environment.network.flow_log_retention_days
    assert group["DeletionPolicy"] == "RetainExceptOnCreate"
    assert group["UpdateReplacePolicy"] == "Retain"
    key = assembly.template(stack)["Resources"][properties["KmsKeyId"]["Fn::GetAtt"][0]]
    by_sid = {s["Sid"]: s for s in key["Properties"]["KeyPolicy"]["Statement"]}
    sid = f"EncryptRovn{environment.environment.title()}VpcFlowLogs"
    assert set(by_sid) == {"Administer", sid}
    grant = by_sid[sid]
    assert {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"} < set(grant["Action"])
    assert grant["Principal"] == {"Service": f"logs.{environment.region}.amazonaws.com"}
    place = f"{environment.region}:{environment.account}"
    assert grant["Condition"]["ArnEquals"] == {
        "kms:EncryptionContext:aws:logs:arn": (
            f"arn:aws:logs:{place}:log-group:{properties['LogGroupName']}"
        )
    }


def test_only_flow_logs_of_this_account_may_take_the_role(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    (role,) = assembly.of_type(stack, "AWS::IAM::Role").values()
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    place = f"{environment.region}:{environment.account}"
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": environment.account},
        "ArnLike": {"aws:SourceArn": f"arn:aws:ec2:{place}:vpc-flow-log/*"},
    }
    (policy,) = assembly.of_type(stack, "AWS::IAM::ManagedPolicy").values()
    assert plain(policy["Properties"]["Roles"]) == ["<NetworkFlowLogsRole>"]
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == [
        "logs:CreateLogStream",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
    ]
    assert plain(statement["Resource"]) == "<NetworkFlowLogsGroup.Arn>"
    (flow_log,) = assembly.of_type(stack, "AWS::EC2::FlowLog").values()
    waits_for = {logical_id[:-8] for logical_id in flow_log["DependsOn"]}
    assert waits_for == {"NetworkFlowLogsDelivery"}


def service_name(name: str | dict[str, Any]) -> str:
    """Get ``ecr.api`` out of ``com.amazonaws.us-east-2.ecr.api``, joined or not."""
    if isinstance(name, dict):
        name = "".join(part if isinstance(part, str) else "x" for part in name["Fn::Join"][1])
    return name.split(".", 3)[3]
