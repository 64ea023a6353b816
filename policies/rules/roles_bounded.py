"""ROVN-DEP-9: no identity of the templates can do more than its boundary, whatever it is given."""

from collections.abc import Iterator

from policies.iam.attachments import arn_of
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from runbook.access.guard_rails import DEPLOY_BOUNDARY, workload_boundary


def _judge(identity: Resource, scope: Scope) -> Iterator[str]:
    principals = scope.principals
    deploys = arn_of(identity) == principals.deploy_identity
    wanted = (
        principals.policy(principals.named(DEPLOY_BOUNDARY))
        if deploys
        else workload_boundary(principals)
    )
    found = identity.at("PermissionsBoundary", "none")
    if found != wanted:
        yield f"its permission boundary is {found}, not {wanted}"


RULE = Rule(
    id="roles-bounded",
    title="Every role and user carries the environment's permission boundary",
    why="A policy that somebody widens later, by hand or by mistake, would widen the role.",
    remedy="Make the role in a RunbookStack, which puts the boundary on its roles and users.",
    clauses=("ROVN-DEP-9",),
    controls=("NIST AC-6", "SOC2 CC6.3"),
    types=("AWS::IAM::Role", "AWS::IAM::User"),
    judge=_judge,
    waivable=False,
)
