"""What security groups let in and out, as one list: inline and in resources of their own."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from policies.templates.scope import Resource, Scope
from policies.templates.values import UnresolvedError, closed, whole_number

GROUP = "AWS::EC2::SecurityGroup"
INGRESS = "AWS::EC2::SecurityGroupIngress"
EGRESS = "AWS::EC2::SecurityGroupEgress"
# Who may be named as the other end; a permission has one of them.
SOURCES = (
    *("CidrIp", "CidrIpv6", "SourcePrefixListId"),
    *("SourceSecurityGroupId", "SourceSecurityGroupName"),
)
Permission = Mapping[str, Any]


def permissions(
    resource: Resource, way: Literal["SecurityGroupIngress", "SecurityGroupEgress"]
) -> Iterator[Permission]:
    """List what a group, or a resource of its own that adds to one, lets through."""
    if resource.type != GROUP:
        yield closed(resource.properties)
        return
    given = closed(resource.at(way, []))
    yield from given if isinstance(given, list) else [given]


def group_of(resource: Resource, scope: Scope) -> Resource | None:
    """Find the group that a resource is, or adds to."""
    if resource.type == GROUP:
        return resource
    group = resource.at("GroupId")
    if group is None:
        raise UnresolvedError("GroupId is not set, so nobody can tell which group it adds to")
    target = scope.target(group)
    return target if target is not None and target.type == GROUP else None


def is_tcp_on(permission: Permission, port: int) -> bool:
    """Say whether it is for TCP on exactly this port."""
    ends = [whole_number(permission.get(end)) for end in ("FromPort", "ToPort")]
    return str(permission.get("IpProtocol")) in ("tcp", "6") and ends == [port, port]


def shown(permission: Permission) -> str:
    """Say what it lets through, such as ``tcp 443 from 0.0.0.0/0``."""
    protocol = str(permission.get("IpProtocol", "-1"))
    first, last = permission.get("FromPort"), permission.get("ToPort")
    ports = str(first) if first == last else f"{first}-{last}"
    what = "everything" if protocol == "-1" else f"{protocol} {ports}"
    sources = [str(permission[name]) for name in SOURCES if permission.get(name) is not None]
    return f"{what} from {', '.join(sources) or 'nobody named'}"
