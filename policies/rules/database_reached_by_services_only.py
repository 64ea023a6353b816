"""The database's door opens to the environment's services and rotations, and to nothing else."""

from collections.abc import Iterator
from functools import lru_cache

from policies.lookups.databases import INSTANCE, port_of
from policies.lookups.security_groups import (
    EGRESS,
    GROUP,
    INGRESS,
    SOURCES,
    Permission,
    group_of,
    is_tcp_on,
    permissions,
    shown,
)
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import closed

# Of the release gate's stack, after the service's name: what migrations run in.
GATE, MIGRATIONS_OUTPUT = "release-gate", "MigrationsSecurityGroup"
# What stands in a group so that AWS does not open all egress: no packet goes there.
NOWHERE = ("255.255.255.255/32", "127.0.0.1/32")


@lru_cache(maxsize=2)
def _doors(scope: Scope) -> dict[Resource, set[int]]:
    """Map each security group of a database to the ports behind it."""
    found: dict[Resource, set[int]] = {}
    for instance in scope.resources(INSTANCE):
        for group in closed(instance.at("VPCSecurityGroups", [])):
            target = scope.target(group)
            if target is not None:
                found.setdefault(target, set()).add(port_of(instance))
    return found


def _concerns(resource: Resource, scope: Scope) -> bool:
    return resource.type == INSTANCE or group_of(resource, scope) in _doors(scope)


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    if resource.type == INSTANCE:
        yield from _groups(resource, scope)
        return
    if resource.type in (GROUP, EGRESS):
        yield from _egress(resource)
    if resource.type in (GROUP, INGRESS):
        group = group_of(resource, scope)
        ports = _doors(scope).get(group, set()) if group else set()
        for permission in permissions(resource, "SecurityGroupIngress"):
            if not _is_from_service(permission, scope):
                yield f"it lets {shown(permission)} in, which is no service of this environment"
            elif not any(is_tcp_on(permission, port) for port in ports):
                yield f"it lets {shown(permission)} in, not the database's port alone"


def _groups(instance: Resource, scope: Scope) -> Iterator[str]:
    groups = closed(instance.at("VPCSecurityGroups", []))
    if not groups:
        yield "VPCSecurityGroups is not set: it stands in the VPC's default group"
    for group in groups:
        target = scope.target(group)
        if target is None or target.type != GROUP:
            yield f"it carries the security group {group}, which is in no template"
    if instance.at("DBSecurityGroups"):
        yield "DBSecurityGroups lets others in past its security groups"


def _egress(resource: Resource) -> Iterator[str]:
    found = list(permissions(resource, "SecurityGroupEgress"))
    if not found:
        yield "SecurityGroupEgress is not set: AWS lets everything out"
    for permission in found:
        if permission.get("CidrIp") not in NOWHERE:
            yield "it lets the database open connections itself"


def _is_from_service(permission: Permission, scope: Scope) -> bool:
    named = [key for key in SOURCES if permission.get(key) is not None]
    group = scope.target(permission.get("SourceSecurityGroupId"))
    return named == ["SourceSecurityGroupId"] and group in _callers(scope)


def _callers(scope: Scope) -> list[Resource]:
    """Find the groups of tasks, of migration tasks, and of what rotates the database's users."""
    values = [
        scope.output(GATE, name.title().replace("-", "") + MIGRATIONS_OUTPUT)
        for name in scope.environment.services
    ]
    for service in scope.resources("AWS::ECS::Service"):
        if service.at("ServiceName") in scope.principals.service_names:
            path = "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups"
            values += closed(service.at(path, []))
    rotations = [
        scope.principals.rotation(name).rpartition("/")[2]
        for name, secret in scope.environment.secrets.items()
        if secret.mechanism in ("database_master", "database_user")
    ]
    for function in scope.resources("AWS::Lambda::Function"):
        if function.at("FunctionName") in rotations:
            values += closed(function.at("VpcConfig.SecurityGroupIds", []))
    targets = (scope.target(value) for value in values)
    return [target for target in targets if target is not None]


RULE = Rule(
    id="database-reached-by-services-only",
    title="Only the environment's services, their migrations and the functions that rotate its "
    "users reach the database, on its port, and it reaches nobody",
    why="Every other thing that can open a connection is one stolen password away from patients' "
    "data.",
    remedy="Let runbook_constructs.service_network write the rules: one for a service's tasks, "
    "one for its migrations, one for rotation.",
    clauses=(),
    controls=("HIPAA 164.312(a)(1)", "NIST AC-4", "NIST SC-7", "SOC2 CC6.6"),
    types=(INSTANCE, GROUP, INGRESS, EGRESS),
    concerns=_concerns,
    judge=_judge,
    waivable=False,
)
