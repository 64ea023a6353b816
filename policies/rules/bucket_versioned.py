"""Every bucket keeps what was overwritten or deleted (receipts: ROVN-BCK-3)."""

from collections.abc import Iterator

from policies.lookups.buckets import BUCKET
from policies.rule import Rule
from policies.templates.scope import Resource, Scope


def _judge(bucket: Resource, _: Scope) -> Iterator[str]:
    status = bucket.at("VersioningConfiguration.Status")
    if status != "Enabled":
        yield f"VersioningConfiguration.Status is {status}, not Enabled: a write replaces for good"


RULE = Rule(
    id="bucket-versioned",
    title="Every bucket versions its objects",
    why="Without versions, whoever may write an object may destroy what it was.",
    remedy="Make the bucket with runbook_constructs.private_bucket, which versions it.",
    clauses=("ROVN-BCK-3",),
    controls=("HIPAA 164.312(c)(1)", "NIST CP-9", "SOC2 A1.2"),
    types=(BUCKET,),
    judge=_judge,
    waivable=False,
)
