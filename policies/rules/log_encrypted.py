"""Logs are under a key of ours, and no log group comes up by itself without one."""

from collections.abc import Iterator

from policies.lookups.keys import key_behind
from policies.lookups.log_groups import GROUP, written, written_by_programs
from policies.rule import Rule
from policies.templates.scope import Resource, Scope


def _judge(group: Resource, _: Scope) -> Iterator[str]:
    if key_behind(group.at("KmsKeyId"), group) is None:
        yield "KmsKeyId names no key of this environment and region"


def _required(scope: Scope) -> Iterator[str]:
    for name, group in (*written(scope), *written_by_programs(scope)):
        if group is None:
            yield f"no stack makes the log group {name}: AWS makes it itself, without a key"


RULE = Rule(
    id="log-encrypted",
    title="Every log group that is written to is made by a stack, under a key of the environment",
    why="Logs carry what the code was given. Under AWS's key, every reader of logs reads them.",
    remedy="Make the group with runbook_constructs.encrypted_log_group or phi_log_group.",
    clauses=("ROVN-LOG-1",),
    controls=("HIPAA 164.312(a)(2)(iv)", "NIST SC-28", "SOC2 CC6.1"),
    types=(GROUP,),
    judge=_judge,
    required=_required,
    waivable=False,
)
