"""Tasks have no address on the internet and no way in from it."""

from collections.abc import Iterator

from policies.lookups.routing import associations, routes
from policies.lookups.services import ECS_SERVICE, referred
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope

_VPC = "NetworkConfiguration.AwsvpcConfiguration"
_EVERYWHERE = ("DestinationCidrBlock", "0.0.0.0/0")


def _judge(service: Resource, scope: Scope) -> Iterator[str]:
    public = service.at(f"{_VPC}.AssignPublicIp", "DISABLED")
    if public != "DISABLED":
        yield f"AssignPublicIp is {public}: tasks get public addresses"
    for group in service.at(f"{_VPC}.SecurityGroups", []):
        referred(group, scope)
    if service.at("VpcLatticeConfigurations", []):
        yield "VpcLatticeConfigurations let requests in past the load balancer"
    subnets = service.at(f"{_VPC}.Subnets", [])
    if not subnets:
        yield "it names no subnets"
    for subnet in subnets:
        yield from _ways_out(referred(subnet, scope), scope)


def _ways_out(subnet: Resource, scope: Scope) -> Iterator[str]:
    links = associations(scope).get(subnet, ())
    tables = dict.fromkeys(referred(link.at("RouteTableId"), scope) for link in links)
    if not tables:
        yield f"{subnet} has no route table of its own: the VPC's main one decides"
    leading = [route for table in tables for route in routes(scope).get(table, ())]
    for route in leading:
        gateway = route.at("GatewayId")
        if gateway not in (None, "local") and not _is_vpn(gateway, scope):
            yield f"{subnet} has a route to the internet gateway {gateway}"
    name, everywhere = _EVERYWHERE
    out = [route for route in leading if route.at(name) == everywhere]
    if tables and not any(route.at("NatGatewayId") for route in out):
        yield f"{subnet} has no route to a NAT gateway"


def _is_vpn(gateway: str, scope: Scope) -> bool:
    target = scope.target(gateway)
    return target is not None and target.type == "AWS::EC2::VPNGateway"


RULE = Rule(
    id="service-private",
    title="Tasks run in private subnets, without public addresses",
    why="What the internet can address, it attacks; requests come by the load balancer alone.",
    remedy="Leave subnets and AssignPublicIp to runbook_constructs.web_service and .network.",
    clauses=(),
    controls=("HIPAA 164.312(e)(1)", "NIST AC-4", "NIST SC-7", "SOC2 CC6.6"),
    types=(ECS_SERVICE,),
    judge=_judge,
    waivable=False,
)
