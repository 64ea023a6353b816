"""service-zones (ROVN-DEP-7)."""

import pytest

from policies.rules.service_zones import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties
from tests.policies.rules.spoiling import (
    ABSENT,
    APP,
    SERVICE,
    Spoil,
    all_pass,
    faults,
    setting,
)

SUBNETS = "NetworkConfiguration.AwsvpcConfiguration.Subnets"


def put(path: str, value: object) -> Spoil:
    return setting(SERVICE, "Service", path, value)


def one_subnet(body: Json) -> None:
    del properties(body, SERVICE)["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"][1:]


def one_zone(body: Json) -> None:
    for number in (1, 2, 3):
        subnet = f"NetworkVpcPrivateSubnet{number}Subnet"
        properties(body, "AWS::EC2::Subnet", subnet)["AvailabilityZone"] = "us-east-2a"


def test_every_zone_of_the_file_passes(real: Real) -> None:
    assert all_pass(real, RULE, "Service")


def two_subnets(body: Json) -> None:
    del properties(body, SERVICE)["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"][2:]


@pytest.mark.parametrize(
    "spoil", [two_subnets, put("DeploymentConfiguration.MinimumHealthyPercent", ABSENT)]
)
def test_two_zones_are_enough_and_all_tasks_the_default(production: Real, spoil: Spoil) -> None:
    assert faults(production, RULE, APP, spoil) == {}


TOO_EARLY = "MinimumHealthyPercent is 50: a deployment stops tasks too early"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (one_subnet, "its subnets are in us-east-2a, not in two zones"),
        (put(SUBNETS, ABSENT), "its subnets are in no zone, not in two zones"),
        (put(SUBNETS, ["subnet-1"]), "subnet-1 is no resource of these templates"),
        (put("AvailabilityZoneRebalancing", "DISABLED"), "is DISABLED, not ENABLED"),
        (put("AvailabilityZoneRebalancing", ABSENT), "is None, not ENABLED"),
        (put("DeploymentConfiguration.MinimumHealthyPercent", 50), TOO_EARLY),
        (
            put("DeploymentConfiguration.MinimumHealthyPercent", 99),
            "MinimumHealthyPercent is 99: a deployment stops tasks too early",
        ),
    ],
)
def test_one_zone_or_too_few_tasks_fail(production: Real, spoil: Spoil, message: str) -> None:
    prefix = "AvailabilityZoneRebalancing " if message.startswith("is ") else ""
    assert faults(production, RULE, APP, spoil) == {"Service": prefix + message}


def test_zones_are_those_of_the_subnets_referred_to(production: Real) -> None:
    assert faults(production, RULE, "network", one_zone) == {
        "Service": "its subnets are in us-east-2a, not in two zones"
    }


def test_ecs_keeps_all_tasks_by_default(production: Real) -> None:
    spoil = put("DeploymentConfiguration.MinimumHealthyPercent", ABSENT)
    assert faults(production, RULE, APP, spoil) == {}


def test_an_open_subnet_fails(production: Real) -> None:
    said = faults(production, RULE, APP, put(SUBNETS, [OPEN]))
    assert said["Service"].startswith("${SomeParameter} is open")


def test_only_this_rule_sees_zones_out_of_balance(real: Real) -> None:
    spoil = put("AvailabilityZoneRebalancing", "DISABLED")
    assert real.caught(APP, spoil) == {("service-zones", "Service")}


def test_a_number_may_be_text(production: Real) -> None:
    spoil = setting(SERVICE, "Service", "DeploymentConfiguration.MinimumHealthyPercent", "100")
    assert faults(production, RULE, APP, spoil) == {}
