"""What CloudFormation may do in the account: its execution policies and its boundary.

The CDK's bootstrap gives it AdministratorAccess unless told otherwise, which would make every
limit on the deploy identity a decoration (docs/decisions/0015).
"""

from runbook.access.guard_rails import (
    BOUNDARY,
    CLOUDFORMATION_BOUNDARY,
    guard_rails,
    role_boundaries,
)
from runbook.access.places import places
from runbook.access.policy import ManagedPolicy, Statement, policies_in
from runbook.access.principals import Principals

# What roles of our stacks carry beside inline policies.
ATTACHABLE = ("arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",)
# Services that make a role of their own the first time they are used.
SERVICE_LINKED = (
    "ecs.amazonaws.com",
    "ecs.application-autoscaling.amazonaws.com",
    "elasticloadbalancing.amazonaws.com",
    "management.chatbot.amazonaws.com",
    "pullthroughcache.ecr.amazonaws.com",
    "rds.amazonaws.com",
    "wafv2.amazonaws.com",
)


def execution_policies(principals: Principals) -> list[ManagedPolicy]:
    """List the managed policies for CloudFormation's role; at most ten go on one role."""
    policies = [
        *policies_in("cloudformation", places(principals)),
        ManagedPolicy("roles", "Roles of the environment's stacks", _roles(principals)),
        ManagedPolicy("passing", "Which service each role is passed to", _passing(principals)),
    ]
    return [
        *(
            ManagedPolicy(_name(principals, policy.name), policy.description, policy.statements)
            for policy in policies
        ),
        guard(principals),
    ]


def guard(principals: Principals) -> ManagedPolicy:
    """Build the one of them that denies."""
    named = _name(principals, "guard")
    return ManagedPolicy(named, "What no deploy may ever do", guard_rails(principals))


def _name(principals: Principals, what: str) -> str:
    return principals.named(f"cloudformation-{what}")


def cloudformation_boundary(principals: Principals) -> ManagedPolicy:
    """Build the most that CloudFormation's role can do, whatever is attached to it later.

    Whole services, because it grants nothing: the execution policies do. The guard rails stand
    here again, so that they hold for a policy that somebody attaches by hand.
    """
    services = sorted(
        {
            action.split(":")[0]
            for policy in execution_policies(principals)
            for statement in policy.statements
            if statement.effect == "Allow"
            for action in statement.actions
        }
    )
    ceiling = Statement("OnlyTheseServices", [f"{name}:*" for name in services], ["*"])
    return ManagedPolicy(
        principals.named(CLOUDFORMATION_BOUNDARY),
        "The most that CloudFormation can do",
        [ceiling, *guard_rails(principals)],
    )


def _roles(principals: Principals) -> list[Statement]:
    """Let roles be made, under a boundary only."""
    own = [principals.role(principals.named("*"))]
    bounded = {"StringEquals": {BOUNDARY: role_boundaries(principals)}}
    own_policies = [principals.policy(principals.named("*"))]
    attachable = {"ArnLike": {"iam:PolicyARN": [*ATTACHABLE, *own_policies]}}
    return [
        Statement(
            "MakeRolesUnderABoundary",
            (
                "iam:CreateRole",
                "iam:DeleteRolePolicy",
                "iam:PutRolePermissionsBoundary",
                "iam:PutRolePolicy",
            ),
            own,
            bounded,
        ),
        Statement(
            "AttachToRolesUnderABoundary",
            ("iam:AttachRolePolicy", "iam:DetachRolePolicy"),
            own,
            {**bounded, **attachable},
        ),
        Statement(
            "Policies",
            (
                "iam:CreatePolicy",
                "iam:CreatePolicyVersion",
                "iam:DeletePolicy",
                "iam:DeletePolicyVersion",
                "iam:GetPolicy",
                "iam:GetPolicyVersion",
                "iam:ListEntitiesForPolicy",
                "iam:ListPolicyVersions",
            ),
            own_policies,
        ),
        Statement(
            "KeepRoles",
            (
                "iam:DeleteRole",
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListRolePolicies",
                "iam:TagRole",
                "iam:UntagRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
                "iam:UpdateRoleDescription",
            ),
            own,
        ),
        Statement(
            "MakeServiceLinkedRoles",
            ("iam:CreateServiceLinkedRole", "iam:GetRole"),
            [principals.role(f"aws-service-role/{service}/*") for service in SERVICE_LINKED],
            {"StringEqualsIfExists": {"iam:AWSServiceName": list(SERVICE_LINKED)}},
        ),
        Statement("LookAtRoles", ("iam:ListRoles",), ["*"]),
    ]


def _passing(principals: Principals) -> list[Statement]:
    """Let each role be passed to the one service it is for."""
    return [
        Statement(
            "PassTo" + "".join(part.title() for part in service.split(".")[0].split("-")),
            ("iam:PassRole",),
            roles,
            {"StringEquals": {"iam:PassedToService": service}},
        )
        for service, roles in principals.passable.items()
    ]
