"""What nobody who deploys may ever do, whatever else is allowed: the guard rails themselves."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from runbook.access.policy import Statement
from runbook.access.principals import Principals

WORKLOAD_BOUNDARY = "workload-boundary"
DELIVERY_BOUNDARY = "delivery-boundary"
FUNCTION_BOUNDARY = "function-boundary"
SECRET_BOUNDARY = "secret-boundary"  # noqa: S105 - a name
WATCH_BOUNDARY = "watch-boundary"
DEPLOY_BOUNDARY = "deployer-boundary"
CLOUDFORMATION_BOUNDARY = "cloudformation-boundary"
# The condition key of all that gives a role its boundary, or works under it.
BOUNDARY = "iam:PermissionsBoundary"
# Who may approve a release: of people, and as closed to a deploy as the limits are.
APPROVALS = "approve-releases"
ROLE_BOUNDARIES = (
    WORKLOAD_BOUNDARY,
    DELIVERY_BOUNDARY,
    FUNCTION_BOUNDARY,
    SECRET_BOUNDARY,
    WATCH_BOUNDARY,
)
# Of every one of them, and of no other policy.
EVERY_BOUNDARY = "*-boundary"
BOUNDARIES = (*ROLE_BOUNDARIES, DEPLOY_BOUNDARY, CLOUDFORMATION_BOUNDARY)
POLICY_EDITS = (
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:SetDefaultPolicyVersion",
)
ROLE_EDITS = (
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
)
# Whatever lets somebody act as an identity for longer than a session.
LASTING_CREDENTIALS = (
    "iam:AddUserToGroup",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreateServiceSpecificCredential",
    "iam:CreateUser",
    "iam:DeleteUserPermissionsBoundary",
    "iam:PutUserPermissionsBoundary",
    "iam:PutUserPolicy",
    "iam:UpdateAccessKey",
    "iam:UpdateLoginProfile",
    "iam:UploadSigningCertificate",
    "iam:UploadSSHPublicKey",
)
PROVIDER_EDITS = (
    "iam:AddClientIDToOpenIDConnectProvider",
    "iam:CreateOpenIDConnectProvider",
    "iam:CreateSAMLProvider",
    "iam:DeleteOpenIDConnectProvider",
    "iam:RemoveClientIDFromOpenIDConnectProvider",
    "iam:UpdateOpenIDConnectProviderThumbprint",
    "iam:UpdateSAMLProvider",
)
# Records, and what reads them. Each resource of these is retained by its stack.
RECORD_LOSSES = (
    "cloudtrail:DeleteTrail",
    "cloudtrail:StopLogging",
    "kms:DeleteImportedKeyMaterial",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:ScheduleKeyDeletion",
    "rds:DeleteDBInstance",
    "rds:DeleteDBInstanceAutomatedBackup",
    "rds:DeleteDBSnapshot",
    "rds:StopDBInstanceAutomatedBackupsReplication",
    "s3:BypassGovernanceRetention",
    "s3:DeleteBucket",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:PutObjectLegalHold",
    "s3:PutObjectRetention",
)
ACCOUNT_EDITS = (
    "account:*",
    "organizations:LeaveOrganization",
    "s3:PutAccountPublicAccessBlock",
)
# What is denied together anyhow, in fewer characters.
_TOGETHER = (
    *("iam:*ClientID*", "iam:Create*Provider", "iam:DeletePolicy*", "iam:DeleteRole*"),
    *("iam:PutRole*", "iam:PutUser*", "iam:Update*Provider*"),
)

_MAKE_ROLES = ("iam:CreateRole", "iam:PutRolePermissionsBoundary")


def guard_rails(principals: Principals) -> list[Statement]:
    """List the denials that CloudFormation carries in a policy and in its boundary."""
    guarded_roles = [
        principals.role("cdk-*"),
        *principals.break_glass,
        principals.role(principals.environment.deploy.identity_name),
    ]
    return [
        _never("NeverEditTheLimits", POLICY_EDITS, limits(principals)),
        _never("NeverEditWhoDeploys", ROLE_EDITS, guarded_roles),
        # A role without a boundary, or with another, could do more than its maker.
        _never(
            "NeverARoleWithoutItsBoundary",
            ("iam:AttachRolePolicy", *_MAKE_ROLES, "iam:PutRolePolicy"),
            ["*"],
            {"StringNotEquals": {BOUNDARY: role_boundaries(principals)}},
        ),
        # Nor one that serves, under what only those that release may do.
        *(
            _never(
                "OnlyTheseUnder" + name.title().replace("-", ""),
                _MAKE_ROLES,
                [],
                {"StringEquals": {BOUNDARY: _policy(principals, name)}},
                but=carriers,
            )
            for name, carriers in _carriers(principals).items()
        ),
        _never("NeverTakeABoundaryAway", ("iam:DeleteRolePermissionsBoundary",), ["*"]),
        _never("NeverALastingCredential", LASTING_CREDENTIALS, ["*"]),
        _never("NeverAnotherIdentityProvider", PROVIDER_EDITS, ["*"]),
        _never("NeverLoseRecords", RECORD_LOSSES, ["*"]),
        _never("NeverChangeTheAccount", ACCOUNT_EDITS, ["*"]),
    ]


def limits(principals: Principals) -> list[str]:
    """Write the policies that limit others: boundaries, execution policies, the deploy identity's.

    Those of the stacks' own roles begin with their stack's name.
    """
    names = (EVERY_BOUNDARY, APPROVALS, "cloudformation-*", "deploy")
    return [principals.policy(principals.named(name)) for name in names]


def shortened(actions: Sequence[str]) -> list[str]:
    """Write several denied names as the one pattern that takes them and no other action of IAM."""
    left = list(actions)
    for pattern in _TOGETHER:
        taken = [action for action in left if fnmatchcase(action, pattern)]
        if len(taken) > 1:
            left = [*(action for action in left if action not in taken), pattern]
    return left


def boundary_of(identity: str, principals: Principals) -> str:
    """Name the boundary that a role or user of the environment's stacks carries, by its ARN.

    One that no list names can do what serves, and nothing of what releases.
    """
    apart = {DEPLOY_BOUNDARY: (principals.deploy_identity,), **_carriers(principals)}
    found = (name for name, carriers in apart.items() if identity in carriers)
    return _policy(principals, next(found, WORKLOAD_BOUNDARY))


def role_boundaries(principals: Principals) -> list[str]:
    """Name the boundaries that CloudFormation may make roles under."""
    return [_policy(principals, name) for name in ROLE_BOUNDARIES]


def _carriers(principals: Principals) -> Mapping[str, Sequence[str]]:
    """Map the boundaries that let more be done than to serve to the roles that may carry them."""
    return {
        DELIVERY_BOUNDARY: principals.delivering,
        FUNCTION_BOUNDARY: principals.around_functions,
        SECRET_BOUNDARY: principals.around_secrets,
        WATCH_BOUNDARY: principals.watching,
    }


def _policy(principals: Principals, name: str) -> str:
    return principals.policy(principals.named(name))


def _never(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[str],
    conditions: Mapping[str, Mapping[str, str | list[str]]] | None = None,
    but: Sequence[str] = (),
) -> Statement:
    denied = shortened(actions)
    return Statement(sid, denied, resources, conditions or {}, effect="Deny", but=but)
