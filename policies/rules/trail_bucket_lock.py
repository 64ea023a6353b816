"""The trail goes into a locked bucket of its own (docs/decisions/0007)."""

from collections.abc import Iterator

from policies.lookups.buckets import BUCKET, takes_trail
from policies.lookups.object_lock import lock_faults
from policies.rule import Rule
from policies.rules.audit_bucket_lock import OUTPUT as AUDIT
from policies.templates.scope import Resource, Scope


def _judge(bucket: Resource, scope: Scope) -> Iterator[str]:
    yield from lock_faults(bucket, scope.environment.buckets.audit)
    if scope.target(scope.output("audit", AUDIT)) is bucket:
        yield "it is the audit bucket: each delivery would be recorded, and delivered again"


def _required(scope: Scope) -> Iterator[str]:
    if not any(takes_trail(bucket, scope) for bucket in scope.resources(BUCKET)):
        yield f"{scope.environment.name} has no bucket that a trail writes to"


RULE = Rule(
    id="trail-bucket-lock",
    title="The trail's bucket is locked like the audit bucket, and is not the audit bucket",
    why="Whoever tampers deletes the record of it next; under lock, nobody can.",
    remedy="Make the trail's bucket with runbook_constructs.locked_bucket, with the retention of "
    "[buckets.audit].",
    clauses=("ROVN-ALM-6",),
    controls=("HIPAA 164.312(c)(1)", "NIST AU-9", "NIST AU-11", "SOC2 CC7.3"),
    types=(BUCKET,),
    concerns=takes_trail,
    judge=_judge,
    required=_required,
    waivable=False,
)
