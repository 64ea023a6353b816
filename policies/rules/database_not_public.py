"""No packet finds a way between the internet and the database."""

from collections.abc import Iterator

from policies.lookups.databases import INSTANCE, is_replica, named, source_of
from policies.lookups.routing import routes_of, tables_of
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import closed

FEWEST_ZONES = 2


def _judge(instance: Resource, scope: Scope) -> Iterator[str]:
    if instance.at("PubliclyAccessible") is not False:
        yield "PubliclyAccessible is not false: AWS may give it a public address"
    group = instance.at("DBSubnetGroupName")
    if group is None and is_replica(instance) and source_of(instance, scope) is not None:
        return
    found = named(group, scope, "AWS::RDS::DBSubnetGroup", "DBSubnetGroupName")
    if found is None:
        yield f"its subnet group is {group}, which is in no template"
        return
    subnets = [scope.target(subnet) for subnet in closed(found.at("SubnetIds", []))]
    zones = {subnet.at("AvailabilityZone") for subnet in subnets if subnet is not None}
    if None in subnets:
        yield "its subnet group names a subnet that is in no template"
    if len(zones) < FEWEST_ZONES:
        yield f"its subnets are in {len(zones)} zones, not at least {FEWEST_ZONES}"
    for subnet in subnets:
        if subnet is not None:
            yield from _ways_out(subnet, scope)


def _ways_out(subnet: Resource, scope: Scope) -> Iterator[str]:
    block = subnet.at("CidrBlock")
    if not tables_of(subnet, scope):
        yield f"its subnet {block} has no route table of its own: the VPC's main one is unseen"
    for route in routes_of(subnet, scope):
        yield f"its subnet {block} has a way out of the VPC: {route.logical_id}"


RULE = Rule(
    id="database-not-public",
    title="The database has no public address, and stands in subnets of several zones that no "
    "route leaves",
    why="What the internet can reach is tried day and night, and what can reach the internet can "
    "carry patients' data away.",
    remedy="Leave the subnets to runbook_constructs.database, which takes those of "
    "network.subnets.isolated.",
    clauses=(),
    controls=("HIPAA 164.312(a)(1)", "HIPAA 164.312(e)(1)", "NIST SC-7", "SOC2 CC6.6"),
    types=(INSTANCE,),
    judge=_judge,
    waivable=False,
)
