"""ROVN-ALM-3: how many connections there are is a number that somebody chose."""

from collections.abc import Iterator

from policies.lookups.databases import INSTANCE, parameter
from policies.rule import Rule
from policies.templates.scope import Resource, Scope

PARAMETER = "max_connections"


def _judge(instance: Resource, scope: Scope) -> Iterator[str]:
    value, wanted = parameter(instance, scope, PARAMETER), scope.environment.database
    if value != str(wanted.max_connections):
        yield f"{PARAMETER} is {value or 'not set'}, not {wanted.max_connections}"


RULE = Rule(
    id="database-connection-cap",
    title="The database takes as many connections as the environment file says",
    why="The alarm at 80 % and the services' connection budget are computed from this number; a "
    "cap that RDS derives from memory moves with the instance class.",
    remedy="Set database.max_connections; runbook_constructs.database renders it.",
    clauses=("ROVN-ALM-3",),
    controls=("NIST SC-5", "SOC2 A1.1"),
    types=(INSTANCE,),
    judge=_judge,
)
