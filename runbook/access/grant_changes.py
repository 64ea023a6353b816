"""The calls that change who may read a secret: what gives, or takes a denial or a boundary away.

Names are listed, not prefixes, which would bring every tag. A test holds them against botocore's
models: a call that AWS invents fails there.
"""

from collections.abc import Mapping, Sequence

GRANT_CHANGES: Mapping[str, Sequence[str]] = {
    # All of them in the one region that IAM tells of itself in.
    "iam": (
        *("AcceptDelegationRequest", "AcquireRole", "AddUserToGroup", "AttachGroupPolicy"),
        *("AttachRolePolicy", "AttachUserPolicy", "CreatePolicyVersion", "CreateRole"),
        *("CreateServiceLinkedRole", "CreateUser", "DeleteGroupPolicy", "DeletePolicyVersion"),
        *("DeleteRolePermissionsBoundary", "DeleteRolePolicy", "DeleteUserPermissionsBoundary"),
        *("DeleteUserPolicy", "DetachGroupPolicy", "DetachRolePolicy", "DetachUserPolicy"),
        *("PutGroupPolicy", "PutRolePermissionsBoundary", "PutRolePolicy"),
        *("PutUserPermissionsBoundary", "PutUserPolicy", "RemoveUserFromGroup"),
        *("SetDefaultPolicyVersion", "UpdateAssumeRolePolicy", "UpdateGroup", "UpdateUser"),
    ),
    "kms": ("CreateGrant", "PutKeyPolicy", "ReplicateKey", "UpdatePrimaryRegion"),
    "secretsmanager": (
        *("AssociateCrossAccountReplica", "CreateSecret", "DeleteResourcePolicy", "DeleteSecret"),
        *("PutResourcePolicy", "ReplicateSecretToRegions", "RestoreSecret", "UpdateSecret"),
    ),
}
