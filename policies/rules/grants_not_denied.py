"""ROVN-SEC-2, ROVN-DEP-8: who is granted something can do it, for no policy on a thing denies it."""

from collections.abc import Iterator

from policies.iam.grants import grants_of, holds_policies
from policies.rule import ANY, Rule
from policies.templates.scope import Resource, Scope


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    grants = grants_of(scope)
    for statement in grants.at(resource):
        for denied in grants.denials.of(statement):
            yield (
                f"{statement.label} grants {', '.join(denied.actions)} on "
                f"{', '.join(denied.things)} to {', '.join(denied.holders)}, and "
                f"{denied.by.label} of {denied.by.at} denies it"
            )


RULE = Rule(
    id="grants-not-denied",
    title="What a role or a user is granted on a bucket, a key, a topic, a queue or a secret, the "
    "policy on it does not deny them",
    why="AWS takes the denial: a release, a rotation or a record fails when it is needed.",
    remedy="Name whoever needs it in the denial's condition, in the list of runbook/access that "
    "both policies read; or take the grant away.",
    clauses=("ROVN-SEC-2",),
    controls=("NIST AC-3", "NIST AC-6", "SOC2 CC6.3"),
    types=ANY,
    concerns=holds_policies,
    judge=_judge,
)
