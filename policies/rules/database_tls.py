"""Nobody talks to the database in the clear."""

from collections.abc import Iterator

from policies.lookups.databases import INSTANCE, parameter
from policies.rule import Rule
from policies.templates.scope import Resource, Scope

PARAMETER = "rds.force_ssl"
# Where it is not set, RDS takes TLS 1.2 and newer.
OLDEST, NEW_ENOUGH = "ssl_min_protocol_version", ("TLSv1.2", "TLSv1.3")


def _judge(instance: Resource, scope: Scope) -> Iterator[str]:
    value = parameter(instance, scope, PARAMETER)
    if value != "1":
        yield f"{PARAMETER} is {value or 'not set'}, not 1: connections without TLS are taken"
    oldest = parameter(instance, scope, OLDEST)
    if oldest is not None and oldest not in NEW_ENOUGH:
        yield f"{OLDEST} is {oldest}, not {' or '.join(NEW_ENOUGH)}"


RULE = Rule(
    id="database-tls",
    title="The database refuses connections without TLS",
    why="Every query and every row would cross the network as plain text.",
    remedy="Leave rds.force_ssl to runbook_constructs.database, which sets it to 1.",
    clauses=(),
    controls=("HIPAA 164.312(e)(1)", "NIST SC-8", "SOC2 CC6.7"),
    types=(INSTANCE,),
    judge=_judge,
    waivable=False,
)
