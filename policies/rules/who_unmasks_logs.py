"""ROVN-LOG-1: what the masks of log groups hide, people see in an emergency and nobody else."""

from collections.abc import Iterator

from policies.iam.grants import holds_policies, outsiders
from policies.rule import ANY, Rule
from policies.templates.scope import Resource, Scope

SEE = ("logs:Unmask",)
# What takes a mask away, for one group or for the account.
MASKS = (
    "logs:DeleteAccountPolicy",
    "logs:DeleteDataProtectionPolicy",
    "logs:PutAccountPolicy",
    "logs:PutDataProtectionPolicy",
)


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    yield from outsiders(resource, scope, SEE, scope.principals.break_glass)
    yield from outsiders(resource, scope, MASKS, scope.principals.builders)


RULE = Rule(
    id="who-unmasks-logs",
    title="Only break-glass roles see what logs mask, and only CloudFormation changes the masks",
    why="Masks hide patients' data only from those who may not lift them.",
    remedy="Take the action out of the policy; whoever needs the data reads it where it belongs.",
    clauses=("ROVN-LOG-1",),
    controls=("HIPAA 164.312(a)(1)", "NIST AC-6", "SOC2 CC6.1"),
    types=ANY,
    concerns=holds_policies,
    judge=_judge,
    waivable=False,
)
