"""ROVN-DEP-9, ROVN-DEP-4, ALL-3: only a release changes what runs."""

from collections.abc import Iterator

from policies.iam.grants import holds_policies, outsiders
from policies.rule import ANY, Rule
from policies.templates.scope import Resource, Scope

ACTIONS = (
    "ecs:ContinueServiceDeployment",
    "ecs:CreateExpressGatewayService",
    "ecs:CreateService",
    "ecs:CreateTaskSet",
    "ecs:DeleteExpressGatewayService",
    "ecs:DeleteService",
    "ecs:DeleteTaskDefinitions",
    "ecs:DeleteTaskSet",
    "ecs:DeregisterTaskDefinition",
    "ecs:ExecuteCommand",
    "ecs:RegisterTaskDefinition",
    "ecs:StartTask",
    "ecs:StopServiceDeployment",
    "ecs:StopTask",
    "ecs:UpdateExpressGatewayService",
    "ecs:UpdateServicePrimaryTaskSet",
    "ecs:UpdateTaskSet",
)
# What follows a rotation asks for new tasks of the same revision (no-forced-deployment holds it
# to that), and may do nothing else of all this.
RESTART = ("ecs:UpdateService",)
# The gate runs migrations, and may do nothing else of all this.
RUN = ("ecs:RunTask",)
# Which colour the traffic goes to, and which tasks a colour is.
SHIFT = (
    "elasticloadbalancing:CreateListener",
    "elasticloadbalancing:CreateRule",
    "elasticloadbalancing:DeleteListener",
    "elasticloadbalancing:DeleteRule",
    "elasticloadbalancing:DeregisterTargets",
    "elasticloadbalancing:ModifyListener",
    "elasticloadbalancing:ModifyRule",
    "elasticloadbalancing:RegisterTargets",
    "elasticloadbalancing:SetRulePriorities",
)


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    yield from outsiders(resource, scope, ACTIONS, scope.principals.may_update_services)
    yield from outsiders(resource, scope, RESTART, scope.principals.may_restart_services)
    yield from outsiders(resource, scope, RUN, scope.principals.may_run_tasks)
    yield from outsiders(resource, scope, SHIFT, scope.principals.may_shift_traffic)


RULE = Rule(
    id="who-updates-services",
    title="Only the deploy identity, its release and break-glass roles change what runs; the "
    "gate runs migrations, a rotation restarts, and ECS shifts traffic",
    why="An update beside the release meets neither the health check nor the schema gate, and "
    "whoever may edit the deployment configuration or a listener's rules can go past it.",
    remedy="Take the action out of the policy; who may update services stands in "
    "runbook/access/principals.py.",
    clauses=("ROVN-DEP-9", "ROVN-DEP-4", "ALL-3"),
    controls=("NIST CM-5", "SOC2 CC8.1"),
    types=ANY,
    concerns=holds_policies,
    judge=_judge,
    waivable=False,
)
