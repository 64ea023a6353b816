"""ROVN-DEP-9: infrastructure changes by a deploy, whoever wants the change."""

from collections.abc import Iterator

from policies.iam.grants import holds_policies, outsiders
from policies.rule import ANY, Rule
from policies.templates.scope import Resource, Scope

ACTIONS = (
    "cloudformation:CancelUpdateStack",
    "cloudformation:ContinueUpdateRollback",
    "cloudformation:CreateChangeSet",
    "cloudformation:CreateStack",
    "cloudformation:CreateStackInstances",
    "cloudformation:CreateStackRefactor",
    "cloudformation:CreateStackSet",
    "cloudformation:DeleteStack",
    "cloudformation:DeleteStackInstances",
    "cloudformation:DeleteStackSet",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:ExecuteStackRefactor",
    "cloudformation:RollbackStack",
    "cloudformation:SetStackPolicy",
    "cloudformation:UpdateStack",
    "cloudformation:UpdateStackInstances",
    "cloudformation:UpdateStackSet",
    "cloudformation:UpdateTerminationProtection",
)
# Cloud Control changes a resource beside its stack.
_BESIDE = (
    "cloudformation:CreateResource",
    "cloudformation:DeleteResource",
    "cloudformation:UpdateResource",
)


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    yield from outsiders(resource, scope, (*ACTIONS, *_BESIDE), scope.principals.may_change_stacks)


RULE = Rule(
    id="who-changes-stacks",
    title="Only the deploy identity, the CDK's deploy roles and break-glass roles change stacks",
    why="Whoever changes a stack has CloudFormation do what they may not do themselves.",
    remedy="Take the action out of the policy; who may change stacks stands in "
    "runbook/access/principals.py.",
    clauses=("ROVN-DEP-9",),
    controls=("NIST CM-5", "SOC2 CC8.1"),
    types=ANY,
    concerns=holds_policies,
    judge=_judge,
    waivable=False,
)
