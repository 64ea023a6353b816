"""What changes who may read a secret, as event patterns.

IAM tells of itself in one region only (``IDENTITY_REGION`` of the model). Names are listed: a
prefix would bring every tag, and a call that nobody knows yet fails a test, not the page.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Pattern = Mapping[str, Any]
CALL = "AWS API Call via CloudTrail"
# What gives, or takes a denial or a boundary away. A test holds each against botocore's models.
IAM = (
    *("AcceptDelegationRequest", "AcquireRole", "AddUserToGroup", "AttachGroupPolicy"),
    *("AttachRolePolicy", "AttachUserPolicy", "CreatePolicyVersion", "CreateRole"),
    *("CreateServiceLinkedRole", "CreateUser", "DeleteGroupPolicy", "DeletePolicyVersion"),
    *("DeleteRolePermissionsBoundary", "DeleteRolePolicy", "DeleteUserPermissionsBoundary"),
    *("DeleteUserPolicy", "DetachGroupPolicy", "DetachRolePolicy", "DetachUserPolicy"),
    *("PutGroupPolicy", "PutRolePermissionsBoundary", "PutRolePolicy"),
    *("PutUserPermissionsBoundary", "PutUserPolicy", "RemoveUserFromGroup"),
    *("SetDefaultPolicyVersion", "UpdateAssumeRolePolicy", "UpdateGroup", "UpdateUser"),
)
SECRETS = (
    *("AssociateCrossAccountReplica", "CreateSecret", "DeleteResourcePolicy", "DeleteSecret"),
    *("PutResourcePolicy", "ReplicateSecretToRegions", "RestoreSecret", "UpdateSecret"),
)
KEYS = ("CreateGrant", "PutKeyPolicy", "ReplicateKey", "UpdatePrimaryRegion")


def identity_pattern(account: str) -> Pattern:
    """Match the calls to IAM of one account, refused ones too: the same rule in both regions."""
    return {"account": [account], **_calls("iam", IAM, {})}


def resource_patterns(environment: str, place: str, key: str) -> dict[str, Pattern]:
    """Map the name of each rule to its pattern; ``place`` is ``<region>:<account>``."""
    arn = f"arn:aws:secretsmanager:{place}:secret:{environment}/"
    named = [{"prefix": f"{environment}/"}, {"prefix": arn}]
    ours = [{"requestParameters": {parameter: named}} for parameter in ("secretId", "name")]
    return {
        "secrets": _calls("secretsmanager", SECRETS, {"$or": ours}),
        # However the call names the key, by id, ARN or alias: the trail adds its ARN.
        "keys": _calls("kms", KEYS, {"resources": {"ARN": [key]}}),
    }


def _calls(service: str, names: Sequence[str], more: Mapping[str, Any]) -> Pattern:
    return {
        "source": [f"aws.{service}"],
        "detail-type": [CALL],
        "detail": {
            "eventSource": [f"{service}.amazonaws.com"],
            "eventName": list(names),
            **more,
        },
    }
