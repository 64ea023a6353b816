"""A rule that raises on every key."""

from collections.abc import Iterator

from policies.rule import Rule
from policies.templates.scope import Resource, Scope


def _judge(key: Resource, scope: Scope) -> Iterator[str]:
    yield str(key.properties["NoSuchProperty"])


CRASHING = Rule(
    id="crashing",
    title="It falls over",
    why="To see that nobody takes it for a pass.",
    remedy="Correct the rule.",
    clauses=(),
    controls=(),
    types=("AWS::KMS::Key",),
    judge=_judge,
)
