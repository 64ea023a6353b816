"""ALL-1, ROVN-AUD-1: evidence is written by who judges, and who judges writes nothing else.

Who deploys may publish by hand, never what the pipeline publishes of a release: that is judged.
There counts what the audit bucket's policy surely denies (``policies.iam.denials``).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from policies.iam.called import called
from policies.iam.globs import covers
from policies.iam.grants import grants_of, holds_policies, outsiders
from policies.iam.statements import Statement
from policies.lookups.keys import key_behind
from policies.rule import ANY, Rule
from policies.rules.audit_bucket_lock import OUTPUT
from policies.templates.scope import Resource, Scope
from policies.templates.values import UnresolvedError
from runbook.access.delivery_names import (
    EVIDENCE,
    EVIDENCE_STEP,
    OF_RELEASE,
    RELEASE_BUNDLES,
    build_log_group,
)

_WRITE = "s3:PutObject"
_READS = re.compile(r"[a-z0-9-]+:(BatchGet|Describe|Get|List)[A-Za-z]*|kms:Decrypt")
# Records are about patients' data and its releases: a judge of templates needs none.
_RECORDS = ("s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions")
_KEY = "BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault"


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    bucket = scope.target(scope.output("audit", OUTPUT))
    if bucket is not None:
        publishers = scope.principals.may_publish_evidence
        bundles = _below(bucket, f"{EVIDENCE}/*")
        others = list(outsiders(resource, scope, (_WRITE,), publishers, bundles))
        yield from others or _of_releases(resource, scope, bucket)
    elif scope.whole:
        _require_no_writer(resource, scope)
    role = scope.principals.evidence
    for statement in grants_of(scope).at(resource):
        carries = statement.kind in ("identity", "resource") and role in statement.holders
        if carries and statement.allows:
            yield from _beside(statement, scope, bucket)


def _below(bucket: Resource, objects: str) -> Sequence[str]:
    """Tell how policies may call these objects of a bucket."""
    return [f"{name}/{objects}" for name in called(bucket) if not name.endswith("/*")]


def _of_releases(resource: Resource, scope: Scope, bucket: Resource) -> Iterator[str]:
    """Tell who may write, in the end, what only the pipeline publishes of releases."""
    grants, judges = grants_of(scope), scope.principals.may_publish_release_evidence
    names = _below(bucket, f"{EVIDENCE}/{scope.environment.environment}/{OF_RELEASE}*")
    for statement in grants.at(resource):
        others, _ = grants.strangers(statement, (_WRITE,), judges, names)
        who = [each for each in others if not grants.denials.certainly(each, _WRITE, names[:1])]
        if who:
            yield (
                f"{statement.label} allows {_WRITE} of the evidence of releases to "
                f"{', '.join(who)}; only {', '.join(sorted(judges))} may"
            )


def _require_no_writer(resource: Resource, scope: Scope) -> None:
    """Refuse to judge who may write somewhere while nothing tells where bundles lie."""
    judges = scope.principals.may_publish_release_evidence
    if any(outsiders(resource, scope, (_WRITE,), judges)):
        raise UnresolvedError(
            f"the audit stack has no bucket behind its output {OUTPUT}: nobody can tell whether "
            f"{_WRITE} is of evidence"
        )


def _beside(statement: Statement, scope: Scope, bucket: Resource | None) -> Iterator[str]:
    found = statement.among(_RECORDS) if bucket is not None else []
    if bucket is not None and found and statement.touches(called(bucket)):
        yield f"{statement.label} lets the evidence step read records: {', '.join(found)}"
    for action in statement.actions:
        if _READS.fullmatch(action):
            continue
        allowed = _writes(scope).get(action, ())
        for given in statement.resources:
            if not any(covers(pattern, given) for pattern in allowed):
                yield f"{statement.label} lets the evidence step do {action} on {given}"


@lru_cache(maxsize=2)
def _writes(scope: Scope) -> Mapping[str, Sequence[str]]:
    """Map what the step may do beside reading to the things it may do it to."""
    environment = scope.environment
    logs = f"arn:aws:logs:{environment.region}:{environment.account}:log-group:"
    groups = [build_log_group(environment, key, EVIDENCE_STEP) for key in environment.services]
    streams = [f"{logs}{group}:log-stream:*" for group in groups]
    writes: dict[str, Sequence[str]] = {
        "logs:CreateLogStream": streams,
        "logs:PutLogEvents": streams,
    }
    bucket = scope.target(scope.output("audit", OUTPUT))
    if bucket is not None:
        writes[_WRITE] = _below(bucket, RELEASE_BUNDLES)[:1]
        key = key_behind(bucket.at(f"{_KEY}.KMSMasterKeyID"), bucket)
        writes["kms:GenerateDataKey"] = called(key)[:1] if key else ()
    return writes


RULE = Rule(
    id="who-writes-evidence",
    title="Only the evidence step, the deploy identity and break-glass roles write bundles of "
    "evidence, and not the deploy identity those of releases; the step reads no record and writes "
    "nothing but bundles of releases",
    why="Evidence that whoever is judged could write proves nothing, and a judge that may change "
    "what it judges is none.",
    remedy="Take the action out of the policy, or name the folder; the step's rights stand in "
    "runbook_constructs.delivery_roles, who publishes in runbook/access/principals.py.",
    clauses=("ALL-1", "ROVN-AUD-1"),
    controls=("HIPAA 164.312(c)(1)", "NIST AC-5", "NIST AU-9", "SOC2 CC7.3"),
    types=ANY,
    concerns=holds_policies,
    judge=_judge,
    waivable=False,
)
