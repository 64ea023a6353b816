"""ROVN-DEP-9: one identity starts deploys, from one place, and cannot change what it is."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from runbook.access.principals import Principals
from runbook.model.environment import Environment
from tests.access.evaluation import allowed
from tests.assembly import ROOT, Assembly, plain
from tests.model.spoiling import HAPPY

SYNTHESIZE = """
import sys
from pathlib import Path
from runbook.model.loader import load_environment
from stacks.context import cdk_context
from stacks.jsii_runtime import use_pinned_node
use_pinned_node()
from aws_cdk import App
from stacks.bootstrap_stage import BootstrapStage
app = App(context=cdk_context(), outdir=sys.argv[2], analytics_reporting=False)
for name in ("user", "branch"):
    BootstrapStage(app, load_environment(f"rovn/{name}", root=Path(sys.argv[1])))
app.synth()
"""
GITHUB = "token.actions.githubusercontent.com"
NAMES = {"identity_name": "claude-deploy", "break_glass_roles": ["break-glass"]}
VARIANTS: dict[str, dict[str, Any]] = {
    "user": {**NAMES, "identity": "iam_user"},
    "branch": {
        **NAMES,
        "identity": "oidc_role",
        "repository": "octo-org@123456/octo-repo@456789",
        "branch": "main",
        "github_environment": "live",
    },
}


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-access"


@pytest.fixture
def policy(assembly: Assembly, stack: str) -> dict[str, Any]:
    resource = assembly.named(stack, "AWS::IAM::ManagedPolicy", "DeployPolicy")
    properties: dict[str, Any] = resource["Properties"]
    return properties


@pytest.fixture(scope="module")
def variants(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """Synthesize what no shipped environment chooses."""
    work = tmp_path_factory.mktemp("identities")
    files = work / "environments" / "rovn"
    files.mkdir(parents=True)
    for name, deploy in VARIANTS.items():
        (files / f"{name}.toml").write_text(tomli_w.dumps(HAPPY | {"deploy": deploy}), "utf-8")
    paths = os.pathsep.join([str(ROOT), str(ROOT / "constructs")])
    subprocess.run(
        [sys.executable, "-c", SYNTHESIZE, files.parent, work / "cdk.out"],
        check=True,
        cwd=work,
        env=os.environ | {"PYTHONPATH": paths},
    )
    return Assembly(Path(work / "cdk.out"))


@pytest.mark.clause("ROVN-DEP-9")
def test_only_one_place_of_one_repository_assumes_the_role(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    (provider,) = assembly.of_type(stack, "AWS::IAM::OIDCProvider").values()
    assert provider["Properties"]["Url"] == f"https://{GITHUB}"
    assert provider["Properties"]["ClientIdList"] == ["sts.amazonaws.com"]
    (role,) = assembly.of_type(stack, "AWS::IAM::Role").values()
    properties = role["Properties"]
    assert properties["RoleName"] == environment.deploy.identity_name
    assert properties["MaxSessionDuration"] == 3600
    (trust,) = properties["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert plain(trust["Principal"]) == {"Federated": "<DeployGitHub>"}
    assert trust["Condition"] == {
        "StringEquals": {
            f"{GITHUB}:aud": "sts.amazonaws.com",
            f"{GITHUB}:sub": f"repo:rovn/passport-api:environment:{environment.environment}",
        }
    }


@pytest.mark.clause("ROVN-DEP-9")
def test_a_branch_is_demanded_beside_the_environment(variants: Assembly) -> None:
    (role,) = variants.of_type("rovn-branch-access", "AWS::IAM::Role").values()
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {
        "StringEquals": {
            f"{GITHUB}:aud": "sts.amazonaws.com",
            f"{GITHUB}:sub": "repo:octo-org@123456/octo-repo@456789:environment:live",
            f"{GITHUB}:ref": "refs/heads/main",
        }
    }


@pytest.mark.clause("ROVN-DEP-9")
def test_the_user_has_no_credential_and_the_same_limits(variants: Assembly) -> None:
    stack = "rovn-user-access"
    (user,) = variants.of_type(stack, "AWS::IAM::User").values()
    properties = user["Properties"]
    assert properties["UserName"] == "claude-deploy"
    assert "LoginProfile" not in properties
    boundary = "arn:aws:iam::111122223333:policy/rovn-user-deployer-boundary"
    assert properties["PermissionsBoundary"] == boundary
    types = {resource["Type"] for resource in variants.template(stack)["Resources"].values()}
    assert types == {"AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::ManagedPolicy"}
    policy = variants.named(stack, "AWS::IAM::ManagedPolicy", "DeployPolicy")
    (group,) = variants.of_type(stack, "AWS::IAM::Group")
    assert policy["Properties"]["Groups"] == [{"Ref": group}]
    assert properties["Groups"] == [{"Ref": group}]
    # The lists know it as the user that it is.
    bootstrap = json.dumps(variants.template("rovn-user-bootstrap"))
    assert "user/claude-deploy" not in bootstrap
    assert "role/claude-deploy" in bootstrap


@pytest.mark.clause("ROVN-DEP-9")
def test_it_pushes_and_releases_and_starts_deploys_and_no_more(
    environment: Environment, policy: dict[str, Any]
) -> None:
    principals = Principals(environment)
    assert policy["ManagedPolicyName"] == principals.named("deploy")
    may = [policy["PolicyDocument"]]
    place = f"{environment.region}:{environment.account}"
    slug = environment.slug
    for name in principals.service_names:
        repository = f"arn:aws:ecr:{place}:repository/{name}"
        service = f"arn:aws:ecs:{place}:service/{slug}/{name}"
        assert allowed(may, "ecr:PutImage", repository)
        assert allowed(may, "ecs:UpdateService", service)
        assert not allowed(may, "ecr:PutImage", repository + "-other")
        assert not allowed(may, "ecr:BatchDeleteImage", repository)
        assert not allowed(may, "ecs:UpdateService", service.replace(slug, "other"))
        assert not allowed(may, "ecs:DeleteService", service)
    for region in environment.regions:
        assert allowed(may, "sts:AssumeRole", principals.cdk_role("deploy", region))
        assert not allowed(may, "sts:AssumeRole", principals.cdk_role("cfn-exec", region))
    for service in environment.services:
        stacks = f"arn:aws:cloudformation:{place}:stack"
        assert allowed(may, "cloudformation:CreateChangeSet", f"{stacks}/{slug}-{service}/id")
        assert not allowed(may, "cloudformation:CreateChangeSet", f"{stacks}/{slug}-data/id")
        roles = principals.service_roles(service)
        tasks = {"iam__PassedToService": "ecs-tasks.amazonaws.com"}
        assert allowed(may, "iam:PassRole", roles.migrations_task, **tasks)
        assert not allowed(may, "iam:PassRole", roles.migrations_task)
        assert not allowed(may, "iam:PassRole", roles.traffic, **tasks)
    for action in ("iam:CreateRole", "secretsmanager:GetSecretValue", "ecs:ExecuteCommand"):
        assert not allowed(may, action, "*")


@pytest.mark.clause("ROVN-DEP-9")
def test_it_calls_exactly_these(policy: dict[str, Any]) -> None:
    """More would be a privilege, less a release that stops half-way."""
    found: dict[str, set[str]] = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        assert statement["Effect"] == "Allow"
        actions = statement["Action"]
        for action in actions if isinstance(actions, list) else [actions]:
            service, _, name = action.partition(":")
            found.setdefault(service, set()).add(name)
    assert found == {
        "cloudformation": {
            *("ContinueUpdateRollback", "CreateChangeSet", "DeleteChangeSet", "DescribeChangeSet"),
            *("DescribeEvents", "DescribeStackEvents", "DescribeStackResources", "DescribeStacks"),
            *("ExecuteChangeSet", "GetTemplate", "ListChangeSets"),
        },
        "cloudwatch": {"DescribeAlarms"},
        "ecr": {
            *("BatchCheckLayerAvailability", "BatchGetImage", "CompleteLayerUpload"),
            *("DescribeImageScanFindings", "DescribeImages", "DescribeRepositories"),
            *("GetAuthorizationToken", "InitiateLayerUpload", "PutImage", "UploadLayerPart"),
        },
        "ecs": {
            *("ContinueServiceDeployment", "DescribeServiceDeployments", "DescribeTasks"),
            *("DescribeServiceRevisions", "DescribeServices", "DescribeTaskDefinition"),
            *("ListServiceDeployments", "RunTask", "StopServiceDeployment", "StopTask"),
            "UpdateService",
        },
        "elasticloadbalancing": {"DescribeTargetHealth"},
        "iam": {"PassRole"},
        "kms": {"Decrypt", "GenerateDataKey"},
        "logs": {"FilterLogEvents"},
        "s3": {
            *("GetBucketObjectLockConfiguration", "GetObject", "GetObjectRetention"),
            *("ListBucket", "PutObject"),
        },
        "ssm": {"GetParameter"},
        "states": {"DescribeExecution"},
        "sts": {"AssumeRole"},
    }


def test_one_off_tasks_are_migrations_in_the_environments_cluster(
    environment: Environment, policy: dict[str, Any]
) -> None:
    may = [policy["PolicyDocument"]]
    place = f"{environment.region}:{environment.account}"
    cluster = f"arn:aws:ecs:{place}:cluster/{environment.slug}"
    for name in Principals(environment).service_names:
        family = f"arn:aws:ecs:{place}:task-definition/{name}"
        run = "ecs:RunTask"
        assert allowed(may, run, f"{family}-migrations:7", ecs__cluster=cluster)
        assert not allowed(may, run, f"{family}-migrations:7", ecs__cluster=cluster + "x")
        assert not allowed(may, run, f"{family}:7", ecs__cluster=cluster)


@pytest.mark.clause("ROVN-DEP-9")
def test_its_boundary_says_what_its_policy_says(
    assembly: Assembly, stack: str, policy: dict[str, Any]
) -> None:
    """A policy that is widened by hand widens nothing."""
    made = assembly.named(stack, "AWS::IAM::ManagedPolicy", "DeployBoundary")
    boundary = made["Properties"]["PolicyDocument"]["Statement"]

    def by_sid(statements: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        return {
            s["Sid"]: {
                key: value if isinstance(value, list) else [value] for key, value in s.items()
            }
            for s in statements
        }

    assert by_sid(boundary) == by_sid(policy["PolicyDocument"]["Statement"])


def test_no_template_makes_a_key_or_a_password(assembly: Assembly) -> None:
    for template in assembly.templates.values():
        for resource in template["Resources"].values():
            assert resource["Type"] != "AWS::IAM::AccessKey"
            assert "LoginProfile" not in resource.get("Properties", {})
