"""What nobody who deploys may ever do, action by action: the lists stand here once more."""

import pytest

from runbook.access.execution_policies import (
    SERVICE_LINKED,
    cloudformation_boundary,
    execution_policies,
)
from runbook.access.guard_rails import boundary_of, role_boundaries
from runbook.access.policy import Document
from runbook.access.principals import Principals
from runbook.access.service_control_policy import service_control_policy
from tests.access.evaluation import allowed, decides

EVERYTHING: Document = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
WHO = ("workload", "delivery", "function", "secret", "watch", "deploy", "cloudformation")
POLICY_EDITS = (
    *("CreatePolicyVersion", "DeletePolicy", "DeletePolicyVersion", "SetDefaultPolicyVersion"),
)
ROLE_EDITS = (
    *("AttachRolePolicy", "CreateRole", "DeleteRole", "DeleteRolePermissionsBoundary"),
    *("DeleteRolePolicy", "DetachRolePolicy", "PutRolePermissionsBoundary", "PutRolePolicy"),
    *("UpdateAssumeRolePolicy", "UpdateRole"),
)
NEEDS_BOUNDARY = ("AttachRolePolicy", "CreateRole", "PutRolePermissionsBoundary", "PutRolePolicy")
LASTING = (
    *("AddUserToGroup", "AttachUserPolicy", "CreateAccessKey", "CreateLoginProfile"),
    *("CreateServiceSpecificCredential", "CreateUser", "DeleteUserPermissionsBoundary"),
    *("PutUserPermissionsBoundary", "PutUserPolicy", "UpdateAccessKey", "UpdateLoginProfile"),
    *("UploadSigningCertificate", "UploadSSHPublicKey"),
)
PROVIDERS = (
    *("AddClientIDToOpenIDConnectProvider", "CreateOpenIDConnectProvider", "CreateSAMLProvider"),
    *("DeleteOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider"),
    *("UpdateOpenIDConnectProviderThumbprint", "UpdateSAMLProvider"),
)
NEVER = (
    *(f"iam:{action}" for action in (*LASTING, *PROVIDERS, "DeleteRolePermissionsBoundary")),
    *("account:CloseAccount", "organizations:LeaveOrganization", "s3:PutAccountPublicAccessBlock"),
    *("cloudtrail:DeleteTrail", "cloudtrail:StopLogging"),
    *("kms:DeleteImportedKeyMaterial", "kms:DisableKey", "kms:DisableKeyRotation"),
    *("kms:ScheduleKeyDeletion", "rds:DeleteDBInstance", "rds:DeleteDBInstanceAutomatedBackup"),
    *("rds:DeleteDBSnapshot", "rds:StopDBInstanceAutomatedBackupsReplication"),
    *("s3:BypassGovernanceRetention", "s3:DeleteBucket", "s3:DeleteObject"),
    *("s3:DeleteObjectVersion", "s3:PutObjectLegalHold", "s3:PutObjectRetention"),
)


def under(principals: Principals, kind: str) -> list[Document]:
    """Give CloudFormation everything, limited by its guard policy or by its boundary alone."""
    (guard,) = [p for p in execution_policies(principals) if p.name.endswith("-guard")]
    limit = guard if kind == "policies" else cloudformation_boundary(principals)
    return [EVERYTHING, limit.document]


@pytest.mark.clause("ROVN-DEP-9")
@pytest.mark.parametrize("kind", ["policies", "boundary"])
def test_each_is_denied_whatever_is_allowed(principals: Principals, kind: str) -> None:
    may = under(principals, kind)
    own = {"iam__PermissionsBoundary": boundary_of("any other role", principals)}
    assert allowed(may, "s3:CreateBucket", "arn:aws:s3:::x", **own)
    for action in NEVER:
        assert not allowed(may, action, "arn:aws:x:::anything", **own), action
    for action in NEEDS_BOUNDARY:
        role = principals.role(principals.named("x"))
        assert allowed(may, f"iam:{action}", role, **own), action
        assert not allowed(may, f"iam:{action}", role), action


@pytest.mark.clause("ROVN-DEP-9")
@pytest.mark.parametrize("kind", ["policies", "boundary"])
def test_a_role_that_serves_is_never_made_one_that_releases(
    principals: Principals, kind: str
) -> None:
    """By a template, too: its boundary is not to be had by any role but those of the lists."""
    may = under(principals, kind)
    releasing = (
        *principals.delivering,
        *principals.around_functions,
        *principals.around_secrets,
        *principals.watching,
    )
    served = {boundary_of("any other role", principals)}
    for role in (*releasing, principals.role(principals.named("passport-api-task"))):
        own = boundary_of(role, principals)
        assert (own in served) is (role not in releasing), role
        for action in ("iam:CreateRole", "iam:PutRolePermissionsBoundary"):
            given = {
                boundary
                for boundary in role_boundaries(principals)
                if allowed(may, action, role, iam__PermissionsBoundary=boundary)
            }
            assert given == {own} | served, (action, role)


@pytest.mark.clause("ROVN-DEP-9")
@pytest.mark.parametrize("kind", ["policies", "boundary"])
def test_limits_and_those_who_deploy_are_out_of_reach(principals: Principals, kind: str) -> None:
    may = under(principals, kind)
    own = {"iam__PermissionsBoundary": boundary_of("any other role", principals)}
    boundaries = [f"{who}-boundary" for who in WHO]
    for name in (*boundaries, "deploy", "cloudformation-guard", "cloudformation-roles"):
        for action in POLICY_EDITS:
            policy = principals.policy(principals.named(name))
            assert not allowed(may, f"iam:{action}", policy, **own), (action, name)
    deploys = principals.role(principals.environment.deploy.identity_name)
    executor = principals.cdk_role("cfn-exec", principals.environment.region)
    for role in (deploys, executor, *principals.break_glass):
        for action in ROLE_EDITS:
            assert not allowed(may, f"iam:{action}", role, **own), (action, role)


@pytest.mark.clause("ROVN-DEP-9")
def test_a_role_of_ours_gets_policies_of_ours_only(principals: Principals) -> None:
    may = [policy.document for policy in execution_policies(principals)]
    own = {"iam__PermissionsBoundary": boundary_of("any other role", principals)}
    role = principals.role(principals.named("x"))
    monitoring = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
    for policy in (principals.policy(principals.named("x")), monitoring):
        for action in ("iam:AttachRolePolicy", "iam:DetachRolePolicy"):
            assert allowed(may, action, role, iam__PolicyARN=policy, **own)
            assert not allowed(may, action, role, iam__PolicyARN=policy)
    other = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert not allowed(may, "iam:AttachRolePolicy", role, iam__PolicyARN=other, **own)


def test_service_linked_roles_are_made_for_these_services_only(principals: Principals) -> None:
    may = [policy.document for policy in execution_policies(principals)]
    assert set(SERVICE_LINKED) == {
        "ecs.amazonaws.com",
        "ecs.application-autoscaling.amazonaws.com",
        "elasticloadbalancing.amazonaws.com",
        "management.chatbot.amazonaws.com",
        "pullthroughcache.ecr.amazonaws.com",
        "rds.amazonaws.com",
        "wafv2.amazonaws.com",
    }
    make = "iam:CreateServiceLinkedRole"
    for service in SERVICE_LINKED:
        role = principals.role(f"aws-service-role/{service}/AWSServiceRoleForIt")
        assert allowed(may, make, role, iam__AWSServiceName=service)
        assert not allowed(may, make, role, iam__AWSServiceName="ssm.amazonaws.com")
        assert not allowed(may, make, principals.role("x"), iam__AWSServiceName=service)


@pytest.mark.clause("ROVN-DEP-9")
def test_administrators_are_bound_by_each_action_too(principals: Principals) -> None:
    document = service_control_policy(principals)
    administrator = {"aws:PrincipalArn": principals.role("administrator")}
    limits = [principals.policy(principals.named(f"{who}-boundary")) for who in WHO]
    guarded = [(f"iam:{action}", limit) for action in POLICY_EDITS for limit in limits]
    guarded += [(f"iam:{a}", principals.deploy_identity) for a in ROLE_EDITS]
    guarded += [(f"iam:{action}", "*") for action in (*LASTING, *PROVIDERS)]
    push = ("CompleteLayerUpload", "InitiateLayerUpload", "PutImage", "UploadLayerPart")
    images = (*push, "BatchDeleteImage", "DeleteRepository", "ReplicateImage")
    guarded += [(f"ecr:{action}", "*") for action in images]
    records = ("cloudtrail:DeleteTrail", "cloudtrail:StopLogging", "kms:ScheduleKeyDeletion")
    guarded += [(action, "*") for action in (*records, "s3:BypassGovernanceRetention")]
    environment = principals.environment
    place = f"{environment.region}:{environment.account}"
    stack = f"arn:aws:cloudformation:{place}:stack/{principals.named('data')}/id"
    stacks = ("CreateChangeSet", "CreateStack", "DeleteStack", "ExecuteChangeSet", "UpdateStack")
    guarded += [(f"cloudformation:{action}", stack) for action in stacks]
    tasks = ("DeregisterTaskDefinition", "ExecuteCommand", "StartTask", "StopTask", "CreateTaskSet")
    guarded += [(f"ecs:{action}", "*") for action in tasks]
    for action, resource in guarded:
        assert decides(document, action, resource, administrator) == "Deny", action
