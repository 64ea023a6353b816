"""ROVN-DEP-9: roles are made by CloudFormation alone, under their boundary, and keys by nobody."""

from collections.abc import Iterator

from policies.iam.conditions import demanded
from policies.iam.grants import grants_of, holds_policies, outsiders
from policies.iam.statements import Statement
from policies.rule import ANY, Rule
from policies.templates.scope import Resource, Scope
from runbook.access.guard_rails import (
    BOUNDARY,
    LASTING_CREDENTIALS,
    POLICY_EDITS,
    PROVIDER_EDITS,
    ROLE_EDITS,
    role_boundaries,
)

_UNBOUND = "iam:DeleteRolePermissionsBoundary"
PEOPLE_ONLY = (
    *LASTING_CREDENTIALS,
    *PROVIDER_EDITS,
    _UNBOUND,
    "iam:AttachGroupPolicy",
    "iam:ChangePassword",
    "iam:CreateGroup",
    "iam:CreateVirtualMFADevice",
    "iam:DeactivateMFADevice",
    "iam:EnableMFADevice",
    "iam:PutGroupPolicy",
    "iam:ResetServiceSpecificCredential",
    "iam:UpdateServiceSpecificCredential",
    "identitystore:CreateGroupMembership",
    "rolesanywhere:CreateProfile",
    "rolesanywhere:CreateTrustAnchor",
    "rolesanywhere:UpdateProfile",
    "rolesanywhere:UpdateTrustAnchor",
    "sso:AttachCustomerManagedPolicyReferenceToPermissionSet",
    "sso:AttachManagedPolicyToPermissionSet",
    "sso:CreateAccountAssignment",
    "sso:CreatePermissionSet",
    "sso:DeletePermissionsBoundaryFromPermissionSet",
    "sso:ProvisionPermissionSet",
    "sso:PutInlinePolicyToPermissionSet",
    "sso:PutPermissionsBoundaryToPermissionSet",
)
BUILD = tuple(a for a in (*ROLE_EDITS, *POLICY_EDITS, "iam:CreatePolicy") if a != _UNBOUND)
ATTACHED = "iam:PolicyARN"
_UNDER_THE_BOUNDARY = (
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
)


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    principals = scope.principals
    yield from outsiders(resource, scope, PEOPLE_ONLY, principals.break_glass)
    yield from outsiders(resource, scope, BUILD, principals.builders)
    for statement in grants_of(scope).at(resource):
        if statement.kind == "identity" and statement.allows:
            yield from _unbounded(statement, scope)


def _unbounded(statement: Statement, scope: Scope) -> Iterator[str]:
    """Want CloudFormation to make no role but under a boundary, whatever a template asks for."""
    if not statement.holders & set(scope.principals.cdk_roles("cfn-exec")):
        return
    made = statement.among(_UNDER_THE_BOUNDARY)
    wanted = role_boundaries(scope.principals)
    if made and not set(demanded(statement.conditions, BOUNDARY) or ["none"]) <= set(wanted):
        yield f"{statement.label} allows {', '.join(made)} without the condition that " + (
            f"{BOUNDARY} is {' or '.join(wanted)}"
        )
    if "iam:AttachRolePolicy" in made and demanded(statement.conditions, ATTACHED) is None:
        yield f"{statement.label} lets any policy be attached: it has no condition {ATTACHED}"


RULE = Rule(
    id="who-grants-access",
    title="Only CloudFormation makes roles, under their boundary; nobody makes lasting credentials",
    why="Whoever can make or widen an identity can do all that it may, and more.",
    remedy="Take the action out of the policy: a stack makes the role; CloudFormation's own limits "
    "stand in runbook/access/execution_policies.py.",
    clauses=("ROVN-DEP-9", "ROVN-SEC-6"),
    controls=("HIPAA 164.308(a)(4)(i)", "NIST AC-2", "NIST AC-6", "SOC2 CC6.2", "SOC2 CC6.3"),
    types=ANY,
    concerns=holds_policies,
    judge=_judge,
    waivable=False,
)
