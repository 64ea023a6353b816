"""The internet comes in at one door: the load balancer's production port."""

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import ip_network

from policies.lookups.security_groups import (
    GROUP,
    INGRESS,
    Permission,
    group_of,
    is_tcp_on,
    permissions,
    shown,
)
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import UnresolvedError, closed
from runbook.model.ingress import PRODUCTION_PORT
from runbook.model.network import PRIVATE_RANGES

PREFIX_LIST, ADDRESS = "AWS::EC2::PrefixList", "AWS::EC2::EIP"
_PRIVATE = (*PRIVATE_RANGES, ip_network("fc00::/7"))


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    for permission in permissions(resource, "SecurityGroupIngress"):
        outside = [block for block in _blocks(permission, scope) if _is_outside(block, scope)]
        if not outside:
            continue
        if not is_tcp_on(permission, PRODUCTION_PORT):
            yield f"it lets {shown(permission)} in, not tcp {PRODUCTION_PORT} alone"
        elif not _is_listened_at(group_of(resource, scope), scope):
            yield (
                f"it lets {shown(permission)} in, and is not the group of a load balancer that "
                f"listens at {PRODUCTION_PORT}"
            )


def _blocks(permission: Permission, scope: Scope) -> Iterator[str]:
    """List the blocks it lets in, those of a prefix list one by one."""
    for key in ("CidrIp", "CidrIpv6"):
        if permission.get(key) is not None:
            yield str(permission[key])
    prefix_list = permission.get("SourcePrefixListId")
    if prefix_list is None:
        return
    target = scope.target(prefix_list)
    if target is None or target.type != PREFIX_LIST:
        raise UnresolvedError(f"the prefix list {prefix_list} is in no template: it may hold all")
    for entry in closed(target.at("Entries", [])):
        yield str(entry["Cidr"])


def _is_outside(block: str, scope: Scope) -> bool:
    """Say whether a block is of the internet: neither private nor an address of our own."""
    if block in _own_addresses(scope):
        return False
    try:
        found = ip_network(block, strict=False)
    except ValueError:
        return True
    return not any(
        found.version == private.version and found.subnet_of(private)  # type: ignore[arg-type]
        for private in _PRIVATE
    )


@lru_cache(maxsize=2)
def _own_addresses(scope: Scope) -> set[str]:
    """Write the environment's fixed addresses as references to them read, one a block."""
    return {
        f"{address.stack.get_att(address.logical_id, 'PublicIp')}/32"
        for address in scope.resources(ADDRESS)
    } | {f"{address.stack.ref(address.logical_id)}/32" for address in scope.resources(ADDRESS)}


def _is_listened_at(group: Resource | None, scope: Scope) -> bool:
    for listener in scope.resources("AWS::ElasticLoadBalancingV2::Listener"):
        balancer = scope.target(listener.at("LoadBalancerArn"))
        if balancer is None or listener.at("Port") not in (PRODUCTION_PORT, str(PRODUCTION_PORT)):
            continue
        groups = closed(balancer.at("SecurityGroups", []))
        if group is not None and group in [scope.target(each) for each in groups]:
            return True
    return False


RULE = Rule(
    id="open-ingress",
    title="No security group lets the internet in, save the load balancer's on its production port",
    why="Every other port that the internet reaches is past the web ACL, the certificate and the "
    "log.",
    remedy="Name a security group as the source; what must be reached from outside goes behind "
    "runbook_constructs.application_load_balancer.",
    clauses=(),
    controls=("HIPAA 164.312(e)(1)", "NIST AC-4", "NIST SC-7", "SOC2 CC6.6"),
    types=(GROUP, INGRESS),
    judge=_judge,
    waivable=False,
)
