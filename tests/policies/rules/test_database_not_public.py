"""database-not-public."""

import pytest

from policies.rules.database_not_public import RULE
from tests.policies.rules.databases import NOTHING, caught, data, instance, said_of_replica
from tests.policies.rules.harness import OPEN, Json, Real, template, verdicts

PUBLIC = "PubliclyAccessible is not false: AWS may give it a public address"
UNSEEN = "has no route table of its own: the VPC's main one is unseen"


@pytest.mark.parametrize("value", [True, None, "true"])
def test_a_public_address_fails(value: object) -> None:
    subnets = network()
    assert verdicts(RULE, data(instance(PubliclyAccessible=value), **subnets))["Database"] == PUBLIC


def network(**changed: Json | None) -> Json:
    """Write two isolated subnets with their tables, and the group of them."""
    resources: Json = {}
    for name, block in (("a", "10.20.64.0/24"), ("b", "10.20.65.0/24")):
        subnet = {"AvailabilityZone": f"us-east-2{name}", "CidrBlock": block}
        link = {"RouteTableId": {"Ref": f"Table{name}"}, "SubnetId": {"Ref": f"Subnet{name}"}}
        resources |= {
            f"Subnet{name}": {"Type": "AWS::EC2::Subnet", "Properties": subnet},
            f"Table{name}": {"Type": "AWS::EC2::RouteTable"},
            f"Link{name}": {
                "Type": "AWS::EC2::SubnetRouteTableAssociation",
                "Properties": link,
            },
        }
    resources["Subnets"] = group({"Ref": "Subneta"}, {"Ref": "Subnetb"})
    return {key: body for key, body in (resources | changed).items() if body is not None}


def group(*subnets: object) -> Json:
    return {"Type": "AWS::RDS::DBSubnetGroup", "Properties": {"SubnetIds": list(subnets)}}


def route(**given: object) -> Json:
    properties = {"RouteTableId": {"Ref": "Tablea"}, "DestinationCidrBlock": "0.0.0.0/0"} | given
    return {"Type": "AWS::EC2::Route", "Properties": properties}


WAY_OUT = "its subnet 10.20.64.0/24 has a way out of the VPC: Route"
PROPAGATION = {
    "Type": "AWS::EC2::VPNGatewayRoutePropagation",
    "Properties": {"RouteTableIds": [{"Ref": "Tablea"}], "VpnGatewayId": "vgw-1"},
}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({}, "pass"),
        ({"Route": route(GatewayId="local")}, "pass"),
        ({"Route": route(RouteTableId={"Ref": "Key"}, NatGatewayId="nat-1")}, "pass"),
        ({"Route": route(NatGatewayId="nat-1")}, WAY_OUT),
        ({"Route": route(GatewayId="igw-1")}, WAY_OUT),
        ({"Route": route(EgressOnlyInternetGatewayId="eigw-1")}, WAY_OUT),
        ({"Route": route(TransitGatewayId="tgw-1")}, WAY_OUT),
        ({"Route": PROPAGATION}, WAY_OUT),
        ({"Linka": None}, f"its subnet 10.20.64.0/24 {UNSEEN}"),
        (
            {"Subnets": group({"Ref": "Subneta"})},
            "its subnets are in 1 zones, not at least 2",
        ),
        (
            {"Subnets": group({"Ref": "Subneta"}, {"Ref": "Subnetb"}, "subnet-1")},
            "its subnet group names a subnet that is in no template",
        ),
        (
            {"Subnets": group({"Ref": "Subneta"}, {"Ref": "Subnetb"}, OPEN)},
            "${SomeParameter} is open: the parameter SomeParameter is given when it is deployed",
        ),
        (
            {"Route": route(RouteTableId=OPEN)},
            "RouteTableId: ${SomeParameter} is open: the parameter SomeParameter is given when it "
            "is deployed",
        ),
    ],
)
def test_its_subnets_lead_nowhere(changed: Json, message: str) -> None:
    assert verdicts(RULE, data(instance(), **network(**changed)))["Database"] == message


@pytest.mark.parametrize("name", ["default", None])
def test_a_subnet_group_of_no_template_fails(name: str | None) -> None:
    database = instance(DBSubnetGroupName=name)
    message = f"its subnet group is {name}, which is in no template"
    assert verdicts(RULE, data(database, **network()))["Database"] == message


def test_a_replica_stands_where_its_source_stands() -> None:
    assert said_of_replica(RULE) == "pass"
    assert said_of_replica(RULE, SourceDBInstanceIdentifier="other") != "pass"


def test_other_resources_are_not_looked_at() -> None:
    assert verdicts(RULE, template("data", {})) == {None: NOTHING}


def test_only_this_rule_sees_a_public_database(real: Real) -> None:
    assert caught(real, PubliclyAccessible=True) == {(RULE.id, "DatabaseInstance")}


def test_only_this_rule_sees_a_way_out_through_the_nat_gateway(real: Real) -> None:
    """Through the stacks: subnet group, subnet, table, route."""

    def spoil(body: Json) -> None:
        found = [
            link["Properties"]["RouteTableId"]
            for name, link in body["Resources"].items()
            if link["Type"] == "AWS::EC2::SubnetRouteTableAssociation" and "IsolatedSubnet1" in name
        ]
        body["Resources"]["WayOut"] = route(RouteTableId=found[0], NatGatewayId="nat-1")

    assert real.caught("network", spoil) == {(RULE.id, "DatabaseInstance")}


def test_the_text_that_cloudformation_takes_for_false_passes() -> None:
    closed_door = instance(PubliclyAccessible="false")
    assert verdicts(RULE, data(closed_door, **network()))["Database"] == "pass"
