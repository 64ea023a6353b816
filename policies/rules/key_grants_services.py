"""A service that writes or sends under a key of ours is let in by that key."""

from collections.abc import Iterator

from policies.lookups.key_uses import SENDERS, TRAIL, uses
from policies.lookups.keys import key_behind, refused
from policies.rule import Rule
from policies.templates.scope import Resource, Scope


def _uses_a_key(consumer: Resource, _: Scope) -> bool:
    return any(uses(consumer))


def _judge(consumer: Resource, _: Scope) -> Iterator[str]:
    for use in uses(consumer):
        key = key_behind(use.key, use.holder)
        if key is None:
            yield (
                f"{use.holder.logical_id} is under no key of this environment and region: nothing "
                f"here lets {use.principal} use it"
            )
            continue
        missing = list(refused(key, use.principal, use.wanted))
        if missing:
            yield f"{key.logical_id} does not let {use.principal} call {', '.join(missing)} for it"


RULE = Rule(
    id="key-grants-services",
    title="The key of a trail, a topic or a queue lets in every service that writes there",
    why="A topic whose key refuses the sender delivers no alarm, a trail whose key refuses it "
    "writes no record, and neither says so.",
    remedy="Let the service in by name in the key's policy (runbook_constructs.customer_key); "
    "EventBridge without a condition on the source.",
    clauses=("ROVN-ALM-6", "ROVN-AUD-1"),
    controls=("HIPAA 164.312(b)", "NIST AU-5", "SOC2 CC7.2"),
    types=(TRAIL, *SENDERS),
    concerns=_uses_a_key,
    judge=_judge,
)
