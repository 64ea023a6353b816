"""A log group under a key of ours is one that CloudWatch Logs can write to."""

from collections.abc import Iterator

from policies.lookups.keys import key_behind, refused
from policies.lookups.log_groups import GROUP
from policies.lookups.references import log_group_arn
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import known

_CONTEXT = "kms:EncryptionContext:aws:logs:arn"
# A log group that nobody has.
_FOREIGN = "arn:aws:logs:nowhere-1:000000000000:log-group:foreign"
_ACTIONS = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)


def _is_under_our_key(group: Resource, _: Scope) -> bool:
    return key_behind(group.at("KmsKeyId"), group) is not None


def _judge(group: Resource, _: Scope) -> Iterator[str]:
    key = key_behind(group.at("KmsKeyId"), group)
    assert key is not None  # noqa: S101 - it concerns none other
    arn = log_group_arn(group)
    service = f"logs.{known(group.stack.ref('AWS::Region'))}.amazonaws.com"
    missing = list(refused(key, service, {action: {_CONTEXT: arn} for action in _ACTIONS}))
    if missing:
        yield f"{key.logical_id} does not let {service} call {', '.join(missing)} for {arn}"
    foreign = {action: {_CONTEXT: _FOREIGN} for action in _ACTIONS}
    if len(list(refused(key, service, foreign))) < len(_ACTIONS):
        yield f"{key.logical_id} lets {service} use it for log groups of other accounts, too"


RULE = Rule(
    id="key-grants-logs",
    title="The key of a log group lets CloudWatch Logs of its region use it for that group",
    why="Without the grant nothing is written to the group, and nobody is told.",
    remedy="Make the group with runbook_constructs.encrypted_log_group, which adds the grant to "
    "its key.",
    clauses=("ROVN-LOG-1",),
    controls=("HIPAA 164.312(b)", "NIST AU-12", "NIST SC-12"),
    types=(GROUP,),
    concerns=_is_under_our_key,
    judge=_judge,
)
