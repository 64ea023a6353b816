"""subnets-as-declared."""

import pytest

from policies.rules.subnets_as_declared import RULE
from policies.templates.assembly import Template
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

SUBNET, ROUTE = "AWS::EC2::Subnet", "AWS::EC2::Route"
UNSEEN = "it has no route table of its own: the VPC's main one is unseen"


def network(subnet: Json, **others: Json) -> Template:
    link = {"RouteTableId": {"Ref": "Table"}, "SubnetId": {"Ref": "Subnet"}}
    resources = {
        "Subnet": {"Type": SUBNET, "Properties": subnet},
        "Table": {"Type": "AWS::EC2::RouteTable"},
        "Link": {"Type": "AWS::EC2::SubnetRouteTableAssociation", "Properties": link},
        "Internet": {"Type": "AWS::EC2::InternetGateway"},
        "Vpn": {"Type": "AWS::EC2::VPNGateway"},
    }
    return template("network", resources | others)


def place(block: object = "10.20.16.0/20", zone: object = "us-east-2a", **more: object) -> Json:
    return {"CidrBlock": block, "AvailabilityZone": zone} | more


@pytest.mark.parametrize(
    ("subnet", "message"),
    [
        (place(), "pass"),
        (place(zone="us-east-2b"), "10.20.16.0/20 is in us-east-2b, not in us-east-2a"),
        (place(zone=None), "10.20.16.0/20 is in None, not in us-east-2a"),
        (place("10.20.99.0/24"), "its block 10.20.99.0/24 is not in network.subnets"),
        (
            place(Ipv6CidrBlock="2001:db8::/64"),
            "its block 10.20.16.0/20 is not in network.subnets",
        ),
        (
            place(zone=OPEN),
            "AvailabilityZone: ${SomeParameter} is open: the parameter SomeParameter is given "
            "when it is deployed",
        ),
        (
            place(OPEN),
            "CidrBlock: ${SomeParameter} is open: the parameter SomeParameter is given when it is "
            "deployed",
        ),
    ],
)
def test_a_subnet_is_where_the_file_puts_it(subnet: Json, message: str) -> None:
    assert verdicts(RULE, network(subnet))["Subnet"] == message


def route(**given: object) -> Json:
    properties = {"RouteTableId": {"Ref": "Table"}, "DestinationCidrBlock": "0.0.0.0/0"} | given
    return {"Type": ROUTE, "Properties": properties}


@pytest.mark.parametrize(
    ("gateway", "is_public"),
    [
        ({"GatewayId": {"Ref": "Internet"}}, True),
        ({"GatewayId": "igw-1"}, True),
        ({"CarrierGatewayId": "cagw-1"}, True),
        ({"GatewayId": {"Ref": "Vpn"}}, False),
        ({"GatewayId": "local"}, False),
        ({"NatGatewayId": "nat-1"}, False),
    ],
)
def test_only_public_subnets_lead_to_the_internet(gateway: Json, is_public: bool) -> None:
    out = route(**gateway)
    private = verdicts(RULE, network(place(), Route=out))["Subnet"]
    assert private == ("it is private, and Route leads to the internet" if is_public else "pass")
    public = place("10.20.0.0/24")
    assert verdicts(RULE, network(public, Route=out))["Subnet"] == "pass"


def test_a_subnet_of_the_main_table_fails() -> None:
    link = {"Type": "AWS::EC2::SubnetRouteTableAssociation", "Properties": {"SubnetId": "other"}}
    link["Properties"] |= {"RouteTableId": {"Ref": "Table"}}  # type: ignore[operator]
    assert verdicts(RULE, network(place(), Link=link))["Subnet"] == UNSEEN


def test_the_vpc_has_the_files_block_and_no_more() -> None:
    def said(kind: str, **given: object) -> str:
        return verdicts(RULE, network(place(), It={"Type": kind, "Properties": given}))["It"]

    assert said("AWS::EC2::VPC", CidrBlock="10.20.0.0/16") == "pass"
    assert said("AWS::EC2::VPC", CidrBlock="10.0.0.0/8") == (
        "CidrBlock is 10.0.0.0/8, not 10.20.0.0/16"
    )
    more = "it adds a block that the environment file does not name"
    assert said("AWS::EC2::VPCCidrBlock", CidrBlock="10.99.0.0/16") == more
    assert said("AWS::EC2::SubnetCidrBlock", Ipv6CidrBlock="2001:db8::/64") == more


def test_every_subnet_of_the_file_must_exist() -> None:
    missing = verdicts(RULE, network(place()), whole=True)[None]
    assert missing.startswith("there is no public subnet 10.20.0.0/24 in us-east-2a")
    assert "10.20.16.0/20" not in missing


def test_other_resources_are_not_looked_at() -> None:
    found = verdicts(RULE, template("network", {"Nat": {"Type": "AWS::EC2::NatGateway"}}))
    assert found == {None: "rovn/production has nothing that the rule looks at"}


def test_only_this_rule_sees_a_subnet_in_another_zone(real: Real) -> None:
    name = "NetworkVpcIsolatedSubnet1Subnet"

    def spoil(body: Json) -> None:
        other = properties(body, SUBNET, "NetworkVpcIsolatedSubnet2Subnet")
        properties(body, SUBNET, name)["AvailabilityZone"] = other["AvailabilityZone"]

    assert real.caught("network", spoil) == {(RULE.id, name)}


def test_a_way_into_another_network_fails(production: Real) -> None:
    def spoil(body: Json) -> None:
        table = next(
            r["Properties"]["RouteTableId"]
            for r in body["Resources"].values()
            if r["Type"] == ROUTE and "NatGatewayId" in r["Properties"]
        )
        given = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/1"}
        way = {"VpcPeeringConnectionId": "pcx-1"}
        body["Resources"]["Way"] = {"Type": ROUTE, "Properties": given | way}

    ((rule, _),) = production.caught("network", spoil)
    assert rule == "subnets-as-declared"
