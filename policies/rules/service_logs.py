"""What containers write goes to log groups of ours, and never stops the service."""

from collections.abc import Iterator
from functools import lru_cache

from policies.lookups.services import TASK_DEFINITION, Container, containers
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope

_GROUP = "AWS::Logs::LogGroup"


def _judge(definition: Resource, scope: Scope) -> Iterator[str]:
    for container in containers(definition):
        driver = container.at("LogConfiguration.LogDriver")
        if driver != "awslogs":
            yield f"{container.name} logs to {driver}, not awslogs"
            continue
        yield from _options(container, scope)


def _options(container: Container, scope: Scope) -> Iterator[str]:
    options = container.at("LogConfiguration.Options", {})
    group, region = options.get("awslogs-group"), options.get("awslogs-region")
    if group is None or (scope.whole and group not in _groups(scope)):
        yield f"{container.name} logs to {group}, which is no log group of these templates"
    if region != scope.environment.region:
        yield f"{container.name} logs in {region}, not in {scope.environment.region}"
    if options.get("awslogs-create-group", "false") != "false":
        yield f"{container.name} may make a log group of its own, without key and retention"
    mode = options.get("mode")
    if mode != "non-blocking":
        yield f"{container.name} logs in mode {mode}, not non-blocking: a slow log stops it"


@lru_cache(maxsize=2)
def _groups(scope: Scope) -> frozenset[str]:
    return frozenset(found.at("LogGroupName") for found in scope.resources(_GROUP))


RULE = Rule(
    id="service-logs",
    title="Every container logs to a log group of the environment, without waiting for it",
    why="Lines that go elsewhere have no key, no retention and no mask for patients' data.",
    remedy="Take `logs_to` of runbook_constructs.task_definition and a group of .service_logs.",
    clauses=(),
    controls=("HIPAA 164.312(b)", "NIST AU-12", "SOC2 CC7.2"),
    types=(TASK_DEFINITION,),
    judge=_judge,
)
