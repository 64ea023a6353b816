"""The network is the one that was written down and reviewed."""

from collections.abc import Iterator

from policies.lookups.routing import leads_elsewhere, leads_to_internet, routes_of, tables_of
from policies.rule import Rule
from policies.templates.scope import Resource, Scope

VPC, SUBNET = "AWS::EC2::VPC", "AWS::EC2::Subnet"
# Blocks beside those of the environment file.
_MORE = ("AWS::EC2::SubnetCidrBlock", "AWS::EC2::VPCCidrBlock")
PUBLIC = "public"


def _declared(scope: Scope) -> dict[str, tuple[str, str]]:
    """Map each block of the environment file to its tier and its zone."""
    environment = scope.environment
    return {
        str(block): (tier, zone)
        for tier, blocks in environment.network.subnets.tiers().items()
        for block, zone in zip(blocks, environment.availability_zones, strict=True)
    }


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    if resource.type in _MORE:
        yield "it adds a block that the environment file does not name"
    elif resource.type == VPC:
        block, wanted = resource.at("CidrBlock"), scope.environment.network.cidr
        if block != str(wanted):
            yield f"CidrBlock is {block}, not {wanted}"
    else:
        yield from _judge_subnet(resource, scope)


def _judge_subnet(subnet: Resource, scope: Scope) -> Iterator[str]:
    block = subnet.at("CidrBlock")
    tier, zone = _declared(scope).get(str(block), (None, None))
    if tier is None or subnet.at("Ipv6CidrBlock") is not None:
        yield f"its block {block or subnet.at('Ipv6CidrBlock')} is not in network.subnets"
    elif subnet.at("AvailabilityZone") != zone:
        yield f"{block} is in {subnet.at('AvailabilityZone')}, not in {zone}"
    if not tables_of(subnet, scope):
        yield "it has no route table of its own: the VPC's main one is unseen"
    for route in routes_of(subnet, scope):
        if tier != PUBLIC and leads_to_internet(route, scope):
            yield f"it is {tier or 'undeclared'}, and {route.logical_id} leads to the internet"
        for way in leads_elsewhere(route):
            yield f"{route.logical_id} leads by {way} into what the environment file does not name"


def _required(scope: Scope) -> Iterator[str]:
    blocks = [str(subnet.at("CidrBlock")) for subnet in scope.resources(SUBNET)]
    for block, (tier, zone) in _declared(scope).items():
        if block not in blocks:
            yield f"there is no {tier} subnet {block} in {zone}"


RULE = Rule(
    id="subnets-as-declared",
    title="Subnets have the blocks and zones of the environment file, and only public ones a route "
    "to the internet",
    why="Security groups, partners' allow-lists and the loss of a zone were thought through for "
    "these subnets and no others.",
    remedy="Change [network] or availability_zones in the environment file; "
    "runbook_constructs.network renders them.",
    clauses=(),
    controls=("NIST CM-2", "NIST SC-7", "SOC2 CC6.6"),
    types=(VPC, SUBNET, *_MORE),
    judge=_judge,
    required=_required,
)
