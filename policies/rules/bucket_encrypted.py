"""Every bucket encrypts under a key of ours, unless AWS could then not write to it."""

from collections.abc import Iterator

from policies.lookups.buckets import BUCKET, receives_logs, takes_trail
from policies.lookups.keys import key_behind
from policies.rule import Rule
from policies.rules.audit_bucket_lock import OUTPUT as AUDIT
from policies.rules.receipts_lifecycle import OUTPUT as RECEIPTS
from policies.templates.scope import Resource, Scope
from policies.templates.values import known

_OWN_KEY = ("aws:kms", "aws:kms:dsse")


def _judge(bucket: Resource, scope: Scope) -> Iterator[str]:
    given = bucket.at("BucketEncryption.ServerSideEncryptionConfiguration", [])
    defaults = [known(known(rule).get("ServerSideEncryptionByDefault")) or {} for rule in given]
    receives = receives_logs(bucket, scope)
    if receives and _keeps_records(bucket, scope):
        yield "it keeps records, and others deliver their logs into it"
        receives = False
    # S3 encrypts with its own key when nothing is said.
    for default in defaults or [{}]:
        algorithm = known(default.get("SSEAlgorithm", "AES256"))
        if receives:
            if algorithm != "AES256":
                yield f"it receives logs, and {algorithm} loses them: only AES256 takes them"
        elif algorithm not in _OWN_KEY:
            yield f"SSEAlgorithm is {algorithm}, not aws:kms with a key of ours"
        elif key_behind(default.get("KMSMasterKeyID"), bucket) is None:
            yield "KMSMasterKeyID names no key of this environment and region"


def _keeps_records(bucket: Resource, scope: Scope) -> bool:
    outputs = (scope.target(scope.output("audit", name)) for name in (AUDIT, RECEIPTS))
    return takes_trail(bucket, scope) or any(found is bucket for found in outputs)


RULE = Rule(
    id="bucket-encrypted",
    title="Every bucket encrypts under a key of the environment, a receiver of logs under S3's own",
    why="Under AWS's key, whoever may read the bucket reads the records; under ours, the key has "
    "to let him, too. A bucket under our key gets no access logs at all.",
    remedy="Give runbook_constructs.private_bucket a key; leave it out for a receiver of logs.",
    clauses=(),
    controls=("HIPAA 164.312(a)(2)(iv)", "NIST SC-28", "SOC2 CC6.1"),
    types=(BUCKET,),
    judge=_judge,
    waivable=False,
)
