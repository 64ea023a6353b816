"""Who writes a log group, how long the environment keeps its kind, and where findings go."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from policies.iam.resource_policies import Statement, listed, statements
from policies.lookups.references import find, reference
from policies.lookups.services import TASK_DEFINITION, consumer_of, containers
from policies.templates.scope import Resource, Scope
from policies.templates.values import known
from runbook.model.secrets import MIGRATIONS

GROUP = "AWS::Logs::LogGroup"
# What RDS calls the groups that it writes the logs of an instance or a cluster to.
_OF_DATABASES = {
    "AWS::RDS::DBInstance": "/aws/rds/instance/",
    "AWS::RDS::DBCluster": "/aws/rds/cluster/",
}
# Each with its name, the property that names another group, and where AWS writes without it.
_OF_PROGRAMS = (
    ("AWS::Lambda::Function", "FunctionName", "LoggingConfig.LogGroup", "/aws/lambda/"),
    (
        "AWS::CodeBuild::Project",
        "Name",
        "LogsConfig.CloudWatchLogs.GroupName",
        "/aws/codebuild/",
    ),
)
_SILENT = "LogsConfig.CloudWatchLogs.Status"
# WAF writes to no other names.
_OF_BALANCERS = "aws-waf-logs-"


def demands(group: Resource) -> dict[str, int]:
    """Map each key of the environment file that says how long this group is kept to its days."""
    scope = group.stack.scope
    environment, name = scope.environment, reference(group)
    found = {}
    named = _service_of(name, scope)
    for service in sorted({*_writers(scope).get(group, ()), *([named] if named else [])}):
        days = environment.services[service].log_retention_days
        found[f"services.{service}.log_retention_days"] = days
    if name.startswith(tuple(_OF_DATABASES.values())):
        found["database.log_retention_days"] = environment.database.log_retention_days
    if name.startswith(_OF_BALANCERS):
        found["load_balancer.log_retention_days"] = environment.load_balancer.log_retention_days
    if group in _named_by(scope, "AWS::CloudTrail::Trail", "CloudWatchLogsLogGroupArn"):
        found["trail.log_retention_days"] = environment.trail.log_retention_days
    if group in _named_by(scope, "AWS::EC2::FlowLog", "LogGroupName", "LogDestination"):
        found["network.flow_log_retention_days"] = environment.network.flow_log_retention_days
    return found


@lru_cache(maxsize=2)
def written(scope: Scope) -> tuple[tuple[str, Resource | None], ...]:
    """List what containers and databases write to: the name, and the group if there is one."""
    return tuple(_written(scope))


@lru_cache(maxsize=2)
def _written_to(scope: Scope) -> set[Resource | None]:
    return {found for _, found in written(scope)}


def _written(scope: Scope) -> Iterator[tuple[str, Resource | None]]:
    for task in scope.resources("AWS::ECS::TaskDefinition"):
        for container in task.at("ContainerDefinitions", []):
            logging = known(known(container).get("LogConfiguration")) or {}
            name = known((known(logging.get("Options")) or {}).get("awslogs-group"))
            if name is not None:
                yield name, find(name, scope, GROUP)
    for kind, prefix in _OF_DATABASES.items():
        for database in scope.resources(kind):
            for log in database.at("EnableCloudwatchLogsExports", []):
                name = f"{prefix}{reference(database)}/{known(log)}"
                yield name, find(name, scope, GROUP)


def written_by_programs(scope: Scope) -> Iterator[tuple[str, Resource | None]]:
    """List what functions and builds write to, in the same way."""
    for kind, own, given, prefix in _OF_PROGRAMS:
        for program in scope.resources(kind):
            if program.at(_SILENT) == "DISABLED":
                continue
            name = program.at(given) or f"{prefix}{program.at(own, reference(program))}"
            yield name, find(name, scope, GROUP)


def belongs_to_service_or_database(group: Resource) -> bool:
    """Say whether a service or the database writes a group, or it is named as one of theirs."""
    scope, name = group.stack.scope, reference(group)
    return (
        _service_of(name, scope) is not None
        or name.startswith(tuple(_OF_DATABASES.values()))
        or group in _written_to(scope)
    )


def holds_findings_only(group: Resource) -> bool:
    """Say whether a group takes the findings of another, and nobody writes anything else to it."""
    scope = group.stack.scope
    if group in _written_to(scope):
        return False
    return bool(_sources_of_findings(scope).get(group, set()) - {group})


@lru_cache(maxsize=2)
def _sources_of_findings(scope: Scope) -> dict[Resource | None, set[Resource]]:
    """Map each group that takes findings to those whose findings it takes."""
    found: dict[Resource | None, set[Resource]] = {}
    for group in scope.resources(GROUP):
        for statement in protection(group):
            for destination in findings_destinations(statement):
                found.setdefault(find(destination, scope, GROUP), set()).add(group)
    return found


def protection(group: Resource) -> list[Statement]:
    """List the statements of a group's data protection policy."""
    return statements(group.at("DataProtectionPolicy"))


def findings_destinations(statement: Statement) -> list[Any]:
    """Read the log groups that a statement writes what it finds to."""
    value = statement
    for step in ("Operation", "Audit", "FindingsDestination", "CloudWatchLogs"):
        value = known(value.get(step)) or {}
    return listed(value.get("LogGroup"))


@lru_cache(maxsize=2)
def _writers(scope: Scope) -> dict[Resource | None, set[str]]:
    """Map a group to the services whose tasks, or whose migrations, write to it."""
    found: dict[Resource | None, set[str]] = {}
    for task in scope.resources(TASK_DEFINITION):
        groups = [
            container.at("LogConfiguration.Options.awslogs-group") for container in containers(task)
        ]
        consumer = consumer_of(task, scope)
        for name in groups if consumer else ():
            if consumer and name:
                writers = found.setdefault(find(name, scope, GROUP), set())
                writers.add(consumer.removesuffix(MIGRATIONS))
    return found


def _service_of(name: str, scope: Scope) -> str | None:
    """Find the service whose group this is by its name, ``/ecs/<service>`` and what follows."""
    found = {
        len(service.name): key
        for key, service in scope.environment.services.items()
        for base in [f"/ecs/{service.name}"]
        if name == base or name.startswith((f"{base}/", f"{base}-"))
    }
    return found[max(found)] if found else None


@lru_cache(maxsize=4)
def _named_by(scope: Scope, kind: str, *paths: str) -> set[Resource | None]:
    """Collect the groups that resources of a type name as theirs."""
    named = (resource.at(path) for resource in scope.resources(kind) for path in paths)
    return {find(name, scope, GROUP) for name in named}
