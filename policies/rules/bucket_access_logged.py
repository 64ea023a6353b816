"""Every touch of a bucket leaves a line in another one."""

from collections.abc import Iterator

from policies.iam.resource_policies import Request, lets
from policies.lookups.buckets import BUCKET, logs_into, policy_of, receives_logs
from policies.lookups.references import reference
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import known

_DELIVERY = "logging.s3.amazonaws.com"


def _keeps_no_logs_of_others(bucket: Resource, scope: Scope) -> bool:
    return not receives_logs(bucket, scope)


def _judge(bucket: Resource, _: Scope) -> Iterator[str]:
    destination = logs_into(bucket)
    if destination is None or destination is bucket:
        yield "LoggingConfiguration names no other bucket of this environment: accesses are lost"
        return
    prefix = bucket.at("LoggingConfiguration.LogFilePrefix", "")
    delivery = Request(
        _DELIVERY,
        "s3:PutObject",
        f"{reference(destination, 'Arn')}/{prefix}0",
        {
            "aws:SecureTransport": "true",
            "aws:SourceAccount": known(bucket.stack.ref("AWS::AccountId")),
            "aws:SourceArn": reference(bucket, "Arn"),
            "s3:TlsVersion": "1.2",
        },
    )
    if not lets({"Statement": policy_of(destination)}, delivery):
        yield f"the policy of {destination.logical_id} does not let {_DELIVERY} write there"


RULE = Rule(
    id="bucket-access-logged",
    title="Every bucket logs accesses to another bucket of the environment, which takes them",
    why="After a leak, nobody could say who read which record. S3 drops logs that it may not "
    "write, and says nothing.",
    remedy="Give runbook_constructs.private_bucket the bucket of the audit stack as access_logs.",
    clauses=(),
    controls=("HIPAA 164.312(b)", "NIST AU-2", "SOC2 CC7.2"),
    types=(BUCKET,),
    concerns=_keeps_no_logs_of_others,
    judge=_judge,
    waivable=False,
)
