"""service-private."""

import pytest

from policies.rules.service_private import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, resource
from tests.policies.rules.spoiling import (
    ABSENT,
    APP,
    SERVICE,
    Spoil,
    all_pass,
    faults,
    setting,
)

VPC = "NetworkConfiguration.AwsvpcConfiguration"
FIRST = "NetworkVpcPrivateSubnet1"
SUBNET = "rovn-production-network/NetworkVpcPrivateSubnet1Subnet6DD86AE6"


def put(path: str, value: object) -> Spoil:
    return setting(SERVICE, "Service", path, value)


def test_private_subnets_pass(real: Real) -> None:
    assert all_pass(real, RULE, "Service")


def test_without_a_word_ecs_gives_no_public_address(production: Real) -> None:
    assert faults(production, RULE, APP, put(f"{VPC}.AssignPublicIp", ABSENT)) == {}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (put(f"{VPC}.AssignPublicIp", "ENABLED"), "AssignPublicIp is ENABLED: tasks get public"),
        (put(f"{VPC}.Subnets", []), "it names no subnets"),
        (put(f"{VPC}.Subnets", [OPEN]), "${SomeParameter} is open"),
        (put(f"{VPC}.AssignPublicIp", OPEN), f"{VPC}.AssignPublicIp: ${{SomeParameter}} is open"),
    ],
)
def test_public_addresses_fail(production: Real, spoil: Spoil, message: str) -> None:
    (said,) = faults(production, RULE, APP, spoil).values()
    assert said.startswith(message)


def to_the_internet(body: Json) -> None:
    route = properties(body, "AWS::EC2::Route", f"{FIRST}DefaultRoute")
    del route["NatGatewayId"]
    route["GatewayId"] = {"Ref": "NetworkVpcIGW6BEA7B02"}


def no_table(body: Json) -> None:
    association = resource(
        body, "AWS::EC2::SubnetRouteTableAssociation", f"{FIRST}RouteTableAssociation"
    )
    association["Type"] = "AWS::CloudFormation::WaitConditionHandle"


def by_vpn(body: Json) -> None:
    body["Resources"]["Office"] = {"Type": "AWS::EC2::VPNGateway", "Properties": {}}
    body["Resources"]["ToOffice"] = {
        "Type": "AWS::EC2::Route",
        "Properties": {
            "DestinationCidrBlock": "192.168.0.0/16",
            "GatewayId": {"Ref": "Office"},
            "RouteTableId": {"Ref": f"{FIRST}RouteTable7D7AA3CD"},
        },
    }


GATEWAY = "<rovn-production-network/NetworkVpcIGW6BEA7B02.Ref>"


@pytest.mark.parametrize(
    ("spoil", "messages"),
    [
        (
            to_the_internet,
            {
                "Service": f"{SUBNET} has a route to the internet gateway {GATEWAY}; "
                f"{SUBNET} has no route to a NAT gateway"
            },
        ),
        (
            no_table,
            {"Service": f"{SUBNET} has no route table of its own: the VPC's main one decides"},
        ),
        (by_vpn, {}),
    ],
)
def test_a_subnet_that_the_internet_reaches_fails(
    production: Real, spoil: Spoil, messages: dict[str | None, str]
) -> None:
    assert faults(production, RULE, "network", spoil) == messages


def test_only_this_rule_sees_public_addresses(real: Real) -> None:
    spoil = put(f"{VPC}.AssignPublicIp", "ENABLED")
    assert real.caught(APP, spoil) == {("service-private", "Service")}


def test_another_way_in_and_groups_that_nobody_sees_fail(production: Real) -> None:
    lattice = setting(SERVICE, "Service", "VpcLatticeConfigurations", [{"PortName": "http"}])
    assert faults(production, RULE, APP, lattice) == {
        "Service": "VpcLatticeConfigurations let requests in past the load balancer"
    }
    path = "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups.0"
    said = faults(production, RULE, APP, setting(SERVICE, "Service", path, "sg-open"))
    assert said == {"Service": "sg-open is no resource of these templates"}
