"""ROVN-DEP-8: whoever confirms a release is somebody else than what executes it."""

from collections.abc import Iterator

from policies.iam.grants import holds_policies, outsiders
from policies.rule import ANY, Rule
from policies.templates.scope import Resource, Scope
from runbook.access.guard_rails import APPROVALS

ACTIONS = ("codepipeline:PutApprovalResult",)


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    principals = scope.principals
    # People's roles stand outside of the stacks, and are given this policy there. Whoever of the
    # stacks carries it is named as its carrier, and is a stranger.
    outside = f"whoever carries {principals.policy(principals.named(APPROVALS))}"
    yield from outsiders(resource, scope, ACTIONS, (*principals.may_approve_releases, outside))


RULE = Rule(
    id="releases-approved-by-people",
    title="Only the approvers of the environment file and break-glass roles approve a release",
    why="A role that releases and may approve has confirmed its own work: nobody else looked at "
    "the preview.",
    remedy="Take the action out of the policy; delivery.approver_roles of the environment file "
    "names the people's roles that may approve.",
    clauses=("ROVN-DEP-8",),
    controls=("NIST AC-5", "NIST CM-3", "SOC2 CC8.1"),
    types=ANY,
    concerns=holds_policies,
    judge=_judge,
    waivable=False,
)
