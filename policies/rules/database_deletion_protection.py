"""No hasty hand deletes the database."""

from collections.abc import Iterator

from policies.lookups.databases import INSTANCE
from policies.rule import Rule
from policies.templates.scope import Resource, Scope


def _judge(instance: Resource, _: Scope) -> Iterator[str]:
    if instance.at("DeletionProtection") is not True:
        yield "DeletionProtection is not true: one call deletes it"


RULE = Rule(
    id="database-deletion-protection",
    title="Every database instance is protected from deletion",
    why="Between a wrong command and the loss of all records stands this switch alone.",
    remedy="Leave deletion_protection to runbook_constructs.database, which sets it.",
    clauses=(),
    controls=("HIPAA 164.312(c)(1)", "NIST CP-9", "SOC2 A1.2"),
    types=(INSTANCE,),
    judge=_judge,
)
