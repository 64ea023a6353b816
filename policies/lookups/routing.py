"""Where the route tables of a subnet lead."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from policies.templates.scope import Resource, Scope

_PROPAGATED = ("AWS::EC2::VPNGatewayRoutePropagation", "AWS::EC2::RouteServerPropagation")


def tables_of(subnet: Resource, scope: Scope) -> list[Resource]:
    """Find the route tables it is associated with.

    None at all means the VPC's main table, which no template shows.
    """
    found = [scope.target(link.at("RouteTableId")) for link in associations(scope).get(subnet, ())]
    return [table for table in found if table is not None]


@lru_cache(maxsize=2)
def associations(scope: Scope) -> Mapping[Resource | None, Sequence[Resource]]:
    """Map each subnet to what associates a route table with it."""
    found: dict[Resource | None, list[Resource]] = {}
    for link in scope.resources("AWS::EC2::SubnetRouteTableAssociation"):
        found.setdefault(scope.target(link.at("SubnetId")), []).append(link)
    return found


@lru_cache(maxsize=2)
def routes(scope: Scope) -> Mapping[Resource | None, Sequence[Resource]]:
    """Map each route table to the routes in it; an open table may be any."""
    found: dict[Resource | None, list[Resource]] = {}
    for route in scope.resources("AWS::EC2::Route"):
        found.setdefault(scope.target(route.at("RouteTableId")), []).append(route)
    return found


def routes_of(subnet: Resource, scope: Scope) -> Iterator[Resource]:
    """List everything that leads out of the VPC from a subnet; routes within it are not written."""
    tables = tables_of(subnet, scope)
    for table in dict.fromkeys(tables):
        for route in routes(scope).get(table, ()):
            if route.at("GatewayId") != "local":
                yield route
    for propagation in scope.resources(*_PROPAGATED):
        table_ids = propagation.at("RouteTableIds") or [propagation.at("RouteTableId")]
        if any(scope.target(table_id) in tables for table_id in table_ids):
            yield propagation


_KNOWN_WAYS = ("CarrierGatewayId", "EgressOnlyInternetGatewayId", "GatewayId", "NatGatewayId")
_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


def leads_elsewhere(route: Resource) -> list[str]:
    """List by what it leads into a network or through a machine that no template describes."""
    if route.type in _PROPAGATED:
        return []
    return sorted(
        name
        for name in route.properties.keys() - {"RouteTableId", *_DESTINATIONS, *_KNOWN_WAYS}
        if route.at(name) is not None
    )


def leads_to_internet(route: Resource, scope: Scope) -> bool:
    """Say whether it makes a subnet public: in and out, not through a NAT gateway."""
    if route.at("CarrierGatewayId") is not None:
        return True
    gateway = route.at("GatewayId")
    target = scope.target(gateway)
    return gateway is not None and not (target and target.type == "AWS::EC2::VPNGateway")
