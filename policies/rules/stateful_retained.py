"""No stack takes its data along when it goes, or when it replaces something."""

from collections.abc import Iterator

from policies.lookups.stateful import STATEFUL
from policies.rule import Rule
from policies.templates.scope import Resource, Scope


def _judge(resource: Resource, _: Scope) -> Iterator[str]:
    if resource.deletion_policy not in ("Retain", "RetainExceptOnCreate"):
        yield (
            f"DeletionPolicy is {resource.deletion_policy}, not Retain or RetainExceptOnCreate: it "
            "goes with its stack"
        )
    if resource.update_replace_policy != "Retain":
        yield (
            f"UpdateReplacePolicy is {resource.update_replace_policy}, not Retain: it goes when an "
            "update replaces it"
        )


RULE = Rule(
    id="stateful-retained",
    title="What holds data, and what data is lost without, outlives its stack",
    why="A deleted stack, or a changed name, would delete the records, or the key that reads them.",
    remedy="Apply RemovalPolicy.RETAIN, or RETAIN_ON_UPDATE_OR_DELETE where a name blocks the "
    "next try (docs/decisions/0011).",
    clauses=(),
    controls=("HIPAA 164.312(c)(1)", "NIST CP-9", "NIST SI-12", "SOC2 A1.2"),
    types=tuple(sorted(STATEFUL)),
    judge=_judge,
    waivable=False,
)
