"""ROVN-DEP-9: the roles that deploy are assumed by the deploy identity and by people only."""

from collections.abc import Iterator

from policies.iam.grants import holds_policies, outsiders
from policies.rule import ANY, Rule
from policies.templates.scope import Resource, Scope

ACTIONS = ("sts:AssumeRole",)
# The roles of the CDK's bootstrap; CloudFormation's own is assumed by CloudFormation.
KINDS = ("cfn-exec", "deploy", "file-publishing", "image-publishing", "lookup")


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    principals = scope.principals
    roles = [role for kind in KINDS for role in principals.cdk_roles(kind)]
    roles += [principals.deploy_identity, *principals.break_glass]
    yield from outsiders(resource, scope, ACTIONS, principals.may_start_deploys, roles)


RULE = Rule(
    id="who-starts-deploys",
    title="Only the deploy identity and break-glass roles assume the roles that deploy",
    why="A role that may assume the deploy role is a second deploy identity, whatever its name.",
    remedy="Name in sts:AssumeRole the one role that is needed, none of the CDK's.",
    clauses=("ROVN-DEP-9",),
    controls=("NIST AC-6", "SOC2 CC6.3"),
    types=ANY,
    concerns=holds_policies,
    judge=_judge,
    waivable=False,
)
