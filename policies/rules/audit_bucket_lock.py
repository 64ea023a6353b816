"""ROVN-BCK-2: nobody shortens what the audit bucket keeps, not even its owner."""

from collections.abc import Iterator

from policies.lookups.object_lock import lock_faults
from policies.rule import Rule
from policies.templates.scope import Resource, Scope

OUTPUT = "AuditRecordsBucket"


def _is_audit_bucket(bucket: Resource, scope: Scope) -> bool:
    return scope.target(scope.output("audit", OUTPUT)) is bucket


def _judge(bucket: Resource, scope: Scope) -> Iterator[str]:
    return lock_faults(bucket, scope.environment.buckets.audit)


def _required(scope: Scope) -> Iterator[str]:
    if scope.target(scope.output("audit", OUTPUT)) is None:
        yield f"the audit stack has no bucket behind its output {OUTPUT}"


RULE = Rule(
    id="audit-bucket-lock",
    title="The audit bucket is locked in COMPLIANCE mode for as long as its clause demands",
    why="An audit trail that its owner can shorten proves nothing; a lock cannot be added to "
    "records already lost.",
    remedy="Leave object_lock and the retention of [buckets.audit] to constructs/, which renders "
    "them; never override ObjectLockConfiguration.",
    clauses=("ROVN-BCK-2",),
    controls=("HIPAA 164.312(c)(1)", "NIST AU-9", "NIST AU-11", "SOC2 CC7.3"),
    types=("AWS::S3::Bucket",),
    concerns=_is_audit_bucket,
    judge=_judge,
    required=_required,
    waivable=False,
)
