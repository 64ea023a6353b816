"""no-public-addresses."""

import pytest

from policies.rules.no_public_addresses import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

SUBNET, INSTANCE = "AWS::EC2::Subnet", "AWS::EC2::Instance"
HANDED_OUT = "is not false: whatever starts here gets a public address"
ASKED = "AssociatePublicIpAddress is not false: it gets a public address"


def said(kind: str, **given: object) -> str:
    return verdicts(RULE, template("network", {"It": {"Type": kind, "Properties": given}}))["It"]


@pytest.mark.parametrize("key", ["MapPublicIpOnLaunch", "AssignIpv6AddressOnCreation"])
def test_a_subnet_hands_out_none(key: str) -> None:
    assert said(SUBNET) == "pass"
    assert said(SUBNET, **{key: False}) == "pass"
    assert said(SUBNET, **{key: True}) == f"{key} {HANDED_OUT}"
    assert said(SUBNET, **{key: OPEN}).startswith(f"{key}: ${{SomeParameter}} is open")


@pytest.mark.parametrize("value", [True, "true"])
def test_a_machine_asks_for_none(value: object) -> None:
    asks = [{"DeviceIndex": "0", "AssociatePublicIpAddress": value}]
    assert said(INSTANCE, NetworkInterfaces=asks) == ASKED
    launched = {"NetworkInterfaces": asks}
    assert said("AWS::EC2::LaunchTemplate", LaunchTemplateData=launched) == ASKED
    fleet = {"LaunchSpecifications": [launched]}
    assert said("AWS::EC2::SpotFleet", SpotFleetRequestConfigData=fleet) == ASKED
    configuration = "AWS::AutoScaling::LaunchConfiguration"
    assert said(configuration, AssociatePublicIpAddress=value) == ASKED


def test_a_machine_that_does_not_ask_passes() -> None:
    assert said(INSTANCE, ImageId=OPEN) == "pass"
    assert said("AWS::AutoScaling::LaunchConfiguration", ImageId=OPEN) == "pass"
    assert said(INSTANCE, NetworkInterfaces=[{"AssociatePublicIpAddress": False}]) == "pass"


def test_an_open_value_fails() -> None:
    fault = "${SomeParameter} is open: the parameter SomeParameter is given when it is deployed"
    assert said(INSTANCE, NetworkInterfaces=[{"AssociatePublicIpAddress": OPEN}]) == fault
    assert said(INSTANCE, NetworkInterfaces=OPEN) == f"NetworkInterfaces: {fault}"


def test_a_fixed_address_is_for_no_machine() -> None:
    given = "is set: it gives a machine a public address"
    assert said("AWS::EC2::EIP", Domain="vpc") == "pass"
    assert said("AWS::EC2::EIP", InstanceId="i-1") == f"InstanceId {given}"
    link = "AWS::EC2::EIPAssociation"
    assert said(link, NetworkInterfaceId="eni-1") == f"NetworkInterfaceId {given}"


def test_other_resources_are_not_looked_at() -> None:
    found = verdicts(RULE, template("network", {"Vpc": {"Type": "AWS::EC2::VPC"}}))
    assert found == {None: "rovn/production has nothing that the rule looks at"}


def test_only_this_rule_sees_a_subnet_that_hands_out_addresses(real: Real) -> None:
    name = "NetworkVpcPrivateSubnet1Subnet"

    def spoil(body: Json) -> None:
        properties(body, SUBNET, name)["MapPublicIpOnLaunch"] = True

    assert real.caught("network", spoil) == {(RULE.id, name)}


def test_tasks_that_something_starts_get_no_public_address() -> None:
    network = {"AwsvpcConfiguration": {"AssignPublicIp": "ENABLED"}}
    target = {"EcsParameters": {"NetworkConfiguration": network}}
    rule = {"Type": "AWS::Events::Rule", "Properties": {"Targets": [target]}}
    found = verdicts(RULE, template("x", {"Rule": rule}))
    assert found["Rule"].startswith("AssignPublicIp is ENABLED")
    switched = {"Type": "AWS::EC2::Subnet", "Properties": {"MapPublicIpOnLaunch": "false"}}
    assert verdicts(RULE, template("x", {"Subnet": switched})) == {"Subnet": "pass"}
