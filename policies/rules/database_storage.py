"""The instance is what the environment file says: its size, its version, its watch."""

from collections.abc import Iterator

from policies.lookups.databases import INSTANCE, is_replica
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import whole_number

# Seconds; RDS takes 0 for no metrics at all.
SLOWEST_MONITORING = 60


def _judge(instance: Resource, scope: Scope) -> Iterator[str]:
    database = scope.environment.database
    most = whole_number(instance.at("MaxAllocatedStorage"))
    if most != database.max_allocated_storage_gb:
        yield f"MaxAllocatedStorage is {most}, not {database.max_allocated_storage_gb}"
    said = {"DBInstanceClass": database.instance_class}
    if not is_replica(instance):
        # A replica takes these from its source.
        said |= {"EngineVersion": database.engine_version, "DBName": database.database_name}
        said["PreferredMaintenanceWindow"] = database.maintenance_window
        first = whole_number(instance.at("AllocatedStorage"))
        if first != database.allocated_storage_gb:
            yield f"AllocatedStorage is {first}, not {database.allocated_storage_gb}"
    for key, wanted in said.items():
        if instance.at(key) != wanted:
            yield f"{key} is {instance.at(key)}, not {wanted}"
    yield from _watched(instance, scope)


def _watched(instance: Resource, scope: Scope) -> Iterator[str]:
    seconds = whole_number(instance.at("MonitoringInterval", 0))
    if not seconds or seconds > SLOWEST_MONITORING:
        yield f"MonitoringInterval is {seconds}, not 1 to {SLOWEST_MONITORING} seconds"
    role = instance.at("MonitoringRoleArn")
    if role != scope.principals.database_monitoring:
        yield f"MonitoringRoleArn is {role}, not {scope.principals.database_monitoring}"


RULE = Rule(
    id="database-storage",
    title="The database has the class, the version, the storage to grow into and the monitoring "
    "that the environment file says",
    why="A full disk stops every write, and what alarms and budgets were computed for is this "
    "instance and no other.",
    remedy="Change [database] in the environment file; runbook_constructs.database renders it.",
    clauses=(),
    controls=("NIST AU-4", "NIST CM-2", "SOC2 A1.1"),
    types=(INSTANCE,),
    judge=_judge,
)
