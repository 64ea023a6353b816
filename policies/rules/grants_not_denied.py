"""ROVN-SEC-2, ROVN-AUD-1: whoever is granted something on a thing is not denied it there.

Seen is what one denial takes away as a whole, whatever the call. Not seen is a grant wider than
the denial, of which something is left, or that several denials take away together; and what hangs
on the call, as its headers or its network (``policies.iam.denials``).
"""

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
    title="What a role or user is granted on a bucket, key, topic, queue or secret, the policy on "
    "that does not wholly deny them",
    why="A denial outweighs every grant: a release, a rotation or a record fails when it is due. "
    "A grant wider than the denial keeps something, and a denial that hangs on the call, as on "
    "its encryption, may not hold: neither is seen.",
    remedy="Take the grant away; or, where it is needed, name whoever needs it among those whom "
    "the denial spares, in the list of runbook/access that both policies follow.",
    clauses=("ROVN-SEC-2", "ROVN-AUD-1"),
    controls=("NIST AC-3", "NIST AC-6", "SOC2 CC6.3"),
    types=ANY,
    concerns=holds_policies,
    judge=_judge,
)
