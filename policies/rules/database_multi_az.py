"""ROVN-DR-1: the database survives the loss of a zone."""

from collections.abc import Iterator

from policies.lookups.databases import INSTANCE
from policies.rule import Rule
from policies.templates.scope import Resource, Scope


def _judge(instance: Resource, _: Scope) -> Iterator[str]:
    if instance.at("MultiAZ") is not True:
        yield "MultiAZ is not true: it falls with its zone"


RULE = Rule(
    id="database-multi-az",
    title="Every database instance has a standby in another zone",
    why="Without one, the loss of a zone is an outage as long as a restore, and loses the last "
    "minutes.",
    remedy="Leave multi_az to runbook_constructs.database, which sets it.",
    clauses=("ROVN-DR-1",),
    controls=("HIPAA 164.308(a)(7)(ii)(C)", "NIST CP-10", "NIST SC-36", "SOC2 A1.2"),
    types=(INSTANCE,),
    judge=_judge,
)
