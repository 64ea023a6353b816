"""open-ingress."""

import pytest

from policies.rules.open_ingress import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

GROUP, INGRESS = "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
OWN_GROUP = {"Fn::GetAtt": ["Group", "GroupId"]}


def permission(first: object = 443, last: object = None, **given: object) -> Json:
    ports = {"FromPort": first, "ToPort": first if last is None else last}
    return {"IpProtocol": "tcp"} | ports | (given or {"CidrIp": "0.0.0.0/0"})


def listener(port: object = 443) -> Json:
    """Write a balancer with the group, and its listener."""
    balancer = {"SecurityGroups": [OWN_GROUP]}
    return {
        "Balancer": {"Type": BALANCER, "Properties": balancer},
        "Listener": {
            "Type": LISTENER,
            "Properties": {"LoadBalancerArn": {"Ref": "Balancer"}, "Port": port},
        },
    }


def said(given: Json, **others: Json) -> str:
    """Judge a permission inline and in a resource of its own: both say the same."""
    inline = {"Type": GROUP, "Properties": {"SecurityGroupIngress": [given]}}
    apart = {"Type": INGRESS, "Properties": {"GroupId": OWN_GROUP} | given}
    group = {"Type": GROUP, "Properties": {}}
    first = verdicts(RULE, template("platform", {"Group": inline} | others))["Group"]
    second = template("platform", {"Group": group, "Apart": apart} | others)
    assert verdicts(RULE, second)["Apart"] == first
    return first


ALONE = "in, not tcp 443 alone"
NO_BALANCER = "in, and is not the group of a load balancer that listens at 443"


def test_the_balancers_production_port_is_open() -> None:
    assert said(permission(), **listener()) == "pass"
    assert said(permission("443", CidrIpv6="::/0"), **listener("443")) == "pass"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (permission(22), f"it lets tcp 22 from 0.0.0.0/0 {ALONE}"),
        (permission(8443), f"it lets tcp 8443 from 0.0.0.0/0 {ALONE}"),
        (permission(0, 65535), f"it lets tcp 0-65535 from 0.0.0.0/0 {ALONE}"),
        (
            permission(-1, IpProtocol="-1", CidrIp="0.0.0.0/0"),
            f"it lets everything from 0.0.0.0/0 {ALONE}",
        ),
        (
            {"IpProtocol": "-1", "CidrIpv6": "::/0"},
            f"it lets everything from ::/0 {ALONE}",
        ),
        (permission(22, CidrIp="0.0.0.0/1"), f"it lets tcp 22 from 0.0.0.0/1 {ALONE}"),
        (permission(22, CidrIp="203.0.113.7/32"), f"it lets tcp 22 from 203.0.113.7/32 {ALONE}"),
        (permission(22, CidrIp="10.0.0.0/7"), f"it lets tcp 22 from 10.0.0.0/7 {ALONE}"),
        (permission(22, CidrIp="anywhere"), f"it lets tcp 22 from anywhere {ALONE}"),
    ],
)
def test_nothing_else_is(given: Json, message: str) -> None:
    assert said(given, **listener()) == message


@pytest.mark.parametrize("others", [{}, listener(8443)])
def test_no_other_group_is_open(others: Json) -> None:
    assert said(permission(), **others) == f"it lets tcp 443 from 0.0.0.0/0 {NO_BALANCER}"


def test_a_group_beside_the_balancers_is_not_open() -> None:
    others = listener()
    others["Balancer"]["Properties"]["SecurityGroups"] = ["sg-1", {"Ref": "Second"}]
    others["Second"] = {"Type": GROUP}
    assert said(permission(), **others) == f"it lets tcp 443 from 0.0.0.0/0 {NO_BALANCER}"


def test_every_listener_is_looked_at() -> None:
    at_test_port = listener(8443)["Listener"]
    assert said(permission(), Another=at_test_port, **listener()) == "pass"


@pytest.mark.parametrize(
    "source",
    [{"CidrIp": "10.20.0.0/16"}, {"CidrIp": "10.20.1.1/16"}, {"CidrIpv6": "fd00::/8"}],
)
def test_private_blocks_are_no_internet(source: Json) -> None:
    assert said(permission(22, **source)) == "pass"
    assert said(permission(22, SourceSecurityGroupId="sg-1")) == "pass"


def prefix_list(*blocks: object) -> Json:
    entries = [{"Cidr": block} for block in blocks]
    return {
        "List": {"Type": "AWS::EC2::PrefixList", "Properties": {"Entries": entries}},
        "Address": {"Type": "AWS::EC2::EIP"},
    }


OWN = {"Fn::Join": ["", [{"Fn::GetAtt": ["Address", "PublicIp"]}, "/32"]]}
LISTED = permission(8443, SourcePrefixListId={"Ref": "List"})
MARK = "<rovn-production-platform/List.Ref>"


def test_a_prefix_list_is_read() -> None:
    assert said(LISTED, **prefix_list(OWN, {"Fn::Sub": "${Address}/32"})) == "pass"
    wider = prefix_list(OWN, "198.51.100.0/24")
    assert said(LISTED, **wider) == f"it lets tcp 8443 from {MARK} {ALONE}"
    assert said(permission(8443, SourcePrefixListId="pl-1")) == (
        "the prefix list pl-1 is in no template: it may hold all"
    )


def test_an_open_value_fails() -> None:
    fault = "${SomeParameter} is open: the parameter SomeParameter is given when it is deployed"
    assert said(permission(22, CidrIp=OPEN)) == fault
    assert said(LISTED, **prefix_list(OPEN)) == fault


def test_other_resources_are_not_looked_at() -> None:
    found = verdicts(RULE, template("platform", listener() | prefix_list(OWN)))
    assert found == {None: "rovn/production has nothing that the rule looks at"}


def test_only_this_rule_sees_the_internet_let_in(real: Real) -> None:
    def spoil(body: Json) -> None:
        group = properties(body, GROUP, "NetworkEndpointGroup")
        group["SecurityGroupIngress"].append(permission(22))

    assert real.caught("network", spoil) == {(RULE.id, "NetworkEndpointGroup")}


def test_only_this_rule_sees_the_test_port_open_to_all(real: Real) -> None:
    name = "IngressGroupfromIndirectPeer8443"

    def spoil(body: Json) -> None:
        found = next(r for r in body["Resources"].values() if r["Type"] == INGRESS)
        del found["Properties"]["SourcePrefixListId"]
        found["Properties"]["CidrIp"] = "0.0.0.0/0"

    ((rule, resource),) = real.caught("platform", spoil)
    assert rule == RULE.id
    assert resource.startswith(name[:-4])
