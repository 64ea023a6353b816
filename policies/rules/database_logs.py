"""Whoever looks for what the database did finds it written down."""

from collections.abc import Iterator

from policies.lookups.databases import INSTANCE, parameter
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import closed

LOGS = ("postgresql", "upgrade")
SLOW, PRELOADED = "log_min_duration_statement", "shared_preload_libraries"
STATISTICS = "pg_stat_statements"


def _judge(instance: Resource, scope: Scope) -> Iterator[str]:
    exported = closed(instance.at("EnableCloudwatchLogsExports", []))
    for log in LOGS:
        if log not in exported:
            yield f"the log {log} is not exported: it goes with the instance"
    slow, wanted = parameter(instance, scope, SLOW), str(scope.environment.database.slow_query_ms)
    if slow != wanted:
        yield f"{SLOW} is {slow or 'not set'}, not {wanted}"
    preloaded = parameter(instance, scope, PRELOADED) or ""
    if STATISTICS not in [library.strip() for library in preloaded.split(",")]:
        yield f"{PRELOADED} has no {STATISTICS}: nobody can tell which statements cost what"


RULE = Rule(
    id="database-logs",
    title="The database exports its logs, logs slow statements and counts all of them",
    why="When the database saturates, slow statements are what on-call looks for first, and an "
    "audit asks for logs long after.",
    remedy="Leave logs and parameters to runbook_constructs.database; database.slow_query_ms says "
    "what is slow.",
    clauses=(),
    controls=("HIPAA 164.312(b)", "NIST AU-2", "NIST AU-12", "SOC2 CC7.2"),
    types=(INSTANCE,),
    judge=_judge,
)
