"""What several rules ask of a database instance: its source, its parameters, its port."""

from typing import Any

from policies.templates.scope import Resource, Scope
from policies.templates.values import UnresolvedError, whole_number

INSTANCE = "AWS::RDS::DBInstance"
_POSTGRES_PORT = 5432


def is_replica(instance: Resource) -> bool:
    """Say whether it follows another one, and takes from there what it does not say itself."""
    return instance.at("SourceDBInstanceIdentifier") is not None


def is_first(instance: Resource, _: Scope) -> bool:
    """Say whether it stands by itself; a rule's ``concerns``."""
    return not is_replica(instance)


def source_of(replica: Resource, scope: Scope) -> Resource | None:
    """Find the instance that a replica follows, by reference, name or ARN."""
    source = replica.at("SourceDBInstanceIdentifier")
    name = str(source).rsplit(":db:", 1)[-1]
    for instance in scope.resources(INSTANCE):
        if instance is scope.target(source) or instance.at("DBInstanceIdentifier") == name:
            return instance
    return None


def parameter(instance: Resource, scope: Scope, name: str) -> str | None:
    """Read a parameter of its parameter group; None when PostgreSQL or RDS chooses.

    Raises ``UnresolvedError`` when the group is in no template.
    """
    group = instance.at("DBParameterGroupName")
    if group is None and is_replica(instance):
        source = source_of(instance, scope)
        return parameter(source, scope, name) if source else None
    if group is None or str(group).startswith("default."):
        return None
    found = named(group, scope, "AWS::RDS::DBParameterGroup", "DBParameterGroupName")
    if found is None:
        raise UnresolvedError(f"the parameter group {group} is in no template")
    if not isinstance(found.at("Parameters", {}), dict):
        raise UnresolvedError("Parameters of the parameter group is no object")
    value = found.at("Parameters", {}).get(name)
    return None if value is None else str(value)


def named(
    value: Any,  # noqa: ANN401 - JSON is any value
    scope: Scope,
    kind: str,
    name: str,
) -> Resource | None:
    """Find a resource of a type by a reference to it, or by what its property ``name`` says."""
    target = scope.target(value)
    if target is not None or value is None:
        return target if target and target.type == kind else None
    return next((found for found in scope.resources(kind) if found.at(name) == value), None)


def port_of(instance: Resource) -> int:
    """Read the port it listens at."""
    return whole_number(instance.at("Port")) or _POSTGRES_PORT
