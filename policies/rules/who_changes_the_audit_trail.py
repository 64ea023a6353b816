"""ROVN-BCK-2, ROVN-AUD-1: nobody unwrites what was done; a deploy changes how it is kept."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from policies.iam.called import called
from policies.iam.grants import grants_of, holds_policies, outsiders
from policies.rule import ANY, Rule
from policies.rules.audit_bucket_lock import OUTPUT
from policies.templates.scope import Resource, Scope
from runbook.access.guard_rails import RECORD_LOSSES

_OF_BUCKETS = (*(a for a in RECORD_LOSSES if a.startswith("s3:")), "s3:DeleteObjectVersionTagging")
_OF_TRAILS_AND_KEYS = tuple(a for a in RECORD_LOSSES if a.startswith(("cloudtrail:", "kms:")))
_KEEPING = (
    "s3:DeleteBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
    "s3:PutReplicationConfiguration",
)
_TRAILING = (
    "cloudtrail:PutEventSelectors",
    "cloudtrail:PutInsightSelectors",
    "cloudtrail:UpdateTrail",
)


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    principals = scope.principals
    about = (*_OF_BUCKETS, *_KEEPING)
    touches = any(statement.among(about) for statement in grants_of(scope).at(resource))
    if touches and (names := _called(scope)):
        yield from outsiders(resource, scope, _OF_BUCKETS, principals.break_glass, names)
        yield from outsiders(resource, scope, _KEEPING, principals.builders, names)
    yield from outsiders(resource, scope, _OF_TRAILS_AND_KEYS, principals.break_glass)
    yield from outsiders(resource, scope, _TRAILING, principals.builders)


@lru_cache(maxsize=2)
def _called(scope: Scope) -> Sequence[str]:
    """Tell how policies may call the audit bucket, or one where a trail writes."""
    trails = scope.resources("AWS::CloudTrail::Trail")
    written = [scope.output("audit", OUTPUT), *(trail.at("S3BucketName") for trail in trails)]
    found = (scope.target(bucket) for bucket in written)
    buckets = (bucket for bucket in dict.fromkeys(found) if bucket is not None)
    return tuple(dict.fromkeys(name for bucket in buckets for name in called(bucket)))


RULE = Rule(
    id="who-changes-the-audit-trail",
    title="Nobody but break-glass roles loses records, and only a deploy changes how they are kept",
    why="A trail that somebody can stop, unlock or make unreadable proves nothing afterwards.",
    remedy="Take the action out of the policy, or name another bucket; the guard rails stand in "
    "runbook/access/guard_rails.py.",
    clauses=("ROVN-BCK-2", "ROVN-AUD-1"),
    controls=("HIPAA 164.312(b)", "HIPAA 164.312(c)(1)", "NIST AU-9", "SOC2 CC7.3"),
    types=ANY,
    concerns=holds_policies,
    judge=_judge,
    waivable=False,
)
