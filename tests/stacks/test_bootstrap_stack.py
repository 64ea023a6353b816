"""ROVN-DEP-9: the limits that everything else is deployed under."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from runbook.access.boundaries import boundaries
from runbook.access.execution_policies import execution_policies
from runbook.access.guard_rails import (
    APPROVALS,
    DELIVERY_BOUNDARY,
    FUNCTION_BOUNDARY,
    ROLE_BOUNDARIES,
    SECRET_BOUNDARY,
    WORKLOAD_BOUNDARY,
)
from runbook.access.principals import Principals
from runbook.model.environment import Environment
from tests.access.evaluation import decides
from tests.assembly import Assembly

# CloudFormation's limit for a template that comes without a bucket.
LARGEST_BODY = 51_200
OF_BOOTSTRAP = ("access", "bootstrap", "execution")


@pytest.fixture
def documents(assembly: Assembly, environment: Environment) -> dict[str, dict[str, Any]]:
    return {
        resource["Properties"]["ManagedPolicyName"]: resource["Properties"]["PolicyDocument"]
        for part in OF_BOOTSTRAP
        for resource in assembly.of_type(
            f"{environment.slug}-{part}", "AWS::IAM::ManagedPolicy"
        ).values()
    }


@pytest.mark.clause("ROVN-DEP-9")
def test_it_holds_every_boundary_and_execution_policy(
    environment: Environment, documents: dict[str, dict[str, Any]]
) -> None:
    principals = Principals(environment)
    limits = [*boundaries(principals), *execution_policies(principals)]
    granted = {principals.named(name) for name in (APPROVALS, "deploy")}
    assert documents.keys() == granted | {policy.name for policy in limits}
    for policy in limits:
        assert documents[policy.name] == policy.document
    for name, document in documents.items():
        assert len(json.dumps(document, separators=(",", ":"))) <= 6144, name


@pytest.mark.parametrize("part", ["bootstrap", "execution"])
def test_nothing_is_attached_to_anybody(
    assembly: Assembly, environment: Environment, part: str
) -> None:
    for resource in assembly.template(f"{environment.slug}-{part}")["Resources"].values():
        assert resource["Type"] == "AWS::IAM::ManagedPolicy"
        assert not {"Roles", "Users", "Groups"} & set(resource["Properties"])


@pytest.mark.parametrize("part", ["bootstrap", "execution", "access"])
def test_it_is_deployed_where_no_bootstrap_is(
    assembly: Assembly, environment: Environment, part: str
) -> None:
    """By whoever calls: no role of the CDK, no asset, no version to look up."""
    template = assembly.template(f"{environment.slug}-{part}")
    assert "Parameters" not in template
    # The CLI writes YAML with more in quotation marks than Python does: as much as JSON.
    assert len(json.dumps(template, indent=1)) < LARGEST_BODY
    artifacts = [
        artifact
        for manifest in assembly.manifests()
        for artifact in manifest["artifacts"].values()
        if artifact.get("properties", {}).get("stackName") == f"{environment.slug}-{part}"
    ]
    assert len(artifacts) == 1
    properties = artifacts[0]["properties"]
    assert "assumeRoleArn" not in properties
    assert "cloudFormationExecutionRoleArn" not in properties


@pytest.mark.clause("ROVN-DEP-9")
def test_the_environments_own_stacks_do_not_take_it_along(
    assembly: Assembly, environment: Environment
) -> None:
    """`cdk deploy '<slug>/**'`: who deploys cannot change what limits the deploy."""
    own = json.loads(
        (assembly.directory / f"assembly-{environment.slug}" / "manifest.json").read_text("utf-8")
    )
    names = {a.get("properties", {}).get("stackName") for a in own["artifacts"].values()}
    assert f"{environment.slug}-network" in names
    assert not names & {f"{environment.slug}-{part}" for part in OF_BOOTSTRAP}


def granted(
    assembly: Assembly, environment: Environment
) -> Iterator[tuple[str, str, str, str, dict[str, str]]]:
    """Walk the policies of the stacks' roles: each action, on each resource that is plain text.

    Beside it the role's boundary, and what its conditions demand, which the call then carries.

    What an intrinsic stands for is not known here, so "*" is not tried for it.
    """
    slug = environment.slug
    for stack, template in assembly.templates.items():
        if not stack.startswith(f"{slug}-") or stack in [f"{slug}-{p}" for p in OF_BOOTSTRAP]:
            continue
        for logical_id, resource in template["Resources"].items():
            if resource["Type"] not in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
                continue
            (reference,) = resource["Properties"]["Roles"]
            role = template["Resources"][reference["Ref"]]["Properties"]
            boundary = role["PermissionsBoundary"].partition(":policy/")[2]
            caller = {"aws:PrincipalArn": Principals(environment).role(role["RoleName"])}
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                equals = {
                    key: value
                    for operator, keys in statement.get("Condition", {}).items()
                    for key, value in keys.items()
                    # What must not be carried is not.
                    if isinstance(value, str) and operator != "Null"
                }
                for action in _listed(statement["Action"]):
                    for target in _listed(statement["Resource"]):
                        where = f"{stack} {logical_id}"
                        yield where, boundary, action, target, caller | equals


@pytest.mark.clause("ROVN-DEP-9")
def test_no_boundary_is_an_obstacle_to_its_roles(
    assembly: Assembly, environment: Environment, documents: dict[str, dict[str, Any]]
) -> None:
    """Else a role would fail for want of what its own policy allows."""
    tried = set()
    for where, boundary, action, target, carried in granted(assembly, environment):
        document = documents[boundary]
        assert action in _named(document), f"{where}: {action}"
        if isinstance(target, str):
            decided = decides(document, action, target, carried)
            assert decided == "Allow", f"{where}: {action} {target}"
            tried.add(boundary)
    assert tried == {f"{environment.slug}-{name}" for name in ROLE_BOUNDARIES}


@pytest.mark.clause("ROVN-DEP-9")
@pytest.mark.parametrize("name", ROLE_BOUNDARIES)
def test_each_boundary_names_what_its_roles_are_granted_and_nothing_else(
    assembly: Assembly, environment: Environment, documents: dict[str, dict[str, Any]], name: str
) -> None:
    boundary = f"{environment.slug}-{name}"
    shown = {action for _, of, action, *_ in granted(assembly, environment) if of == boundary}
    if name == WORKLOAD_BOUNDARY:
        # AWS's own policy for RDS, which the database's monitoring role carries.
        monitoring = {"CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "GetLogEvents"}
        monitoring |= {"PutLogEvents", "PutRetentionPolicy"}
        metrics = f"log-group:RDSOSMetrics:log-stream:db-{environment.slug}"
        group = f"arn:aws:logs:{environment.region}:{environment.account}:{metrics}"
        for action in monitoring:
            assert decides(documents[boundary], f"logs:{action}", group, {}) == "Allow", action
        shown |= {f"logs:{action}" for action in (*monitoring, "DescribeLogGroups")}
    assert _named(documents[boundary]) == shown


# What each kind of role cannot do, whatever policy somebody attaches to it.
BEYOND = {
    WORKLOAD_BOUNDARY: (
        "cloudformation:CreateChangeSet",
        "ecr:PutImage",
        "ecs:RunTask",
        "ecs:UpdateService",
        "iam:PassRole",
        "lambda:InvokeFunction",
        "rds:CreateDBSnapshot",
        "s3:PutObject",
        "sns:Publish",
        "states:StartExecution",
    ),
    DELIVERY_BOUNDARY: (
        "bedrock:InvokeModel",
        "ecs:RunTask",
        "ecs:UpdateService",
        "iam:PassRole",
        "lambda:InvokeFunction",
        "rds:CreateDBSnapshot",
        "secretsmanager:GetSecretValue",
    ),
    FUNCTION_BOUNDARY: (
        "bedrock:InvokeModel",
        "cloudformation:CreateChangeSet",
        "codepipeline:StartPipelineExecution",
        "ecr:PutImage",
        "ecs:StopServiceDeployment",
        "rds:ModifyDBInstance",
        "secretsmanager:GetSecretValue",
        "sns:Publish",
    ),
    SECRET_BOUNDARY: (
        "bedrock:InvokeModel",
        "cloudformation:CreateChangeSet",
        "codepipeline:StartPipelineExecution",
        "ecr:PutImage",
        "ecs:RunTask",
        "ecs:StopServiceDeployment",
        "iam:PassRole",
        "lambda:InvokeFunction",
        "rds:CreateDBSnapshot",
        "rds:ModifyDBInstance",
        "s3:PutObject",
    ),
}
BEYOND_ALL = (
    "codepipeline:PutApprovalResult",
    "ecs:RegisterTaskDefinition",
    "iam:CreateRole",
    "kms:ScheduleKeyDeletion",
    "s3:DeleteObjectVersion",
    "secretsmanager:PutResourcePolicy",
    "sts:AssumeRole",
)


@pytest.mark.clause("ROVN-DEP-9")
@pytest.mark.parametrize(
    ("name", "action"),
    [(name, action) for name, of in BEYOND.items() for action in (*of, *BEYOND_ALL)],
)
def test_no_role_does_anothers_work_whatever_its_policies_say(
    environment: Environment, documents: dict[str, dict[str, Any]], name: str, action: str
) -> None:
    assert action not in _named(documents[f"{environment.slug}-{name}"])


@pytest.mark.clause("ROVN-DEP-9")
def test_what_a_boundary_leaves_to_one_role_is_not_the_others(
    environment: Environment, documents: dict[str, dict[str, Any]]
) -> None:
    principals = Principals(environment)
    boundary = documents[f"{environment.slug}-{DELIVERY_BOUNDARY}"]
    place = f"{environment.region}:{environment.account}"
    builds = {principals.image_build, principals.release, principals.release_checks}
    for key, service in environment.services.items():
        repository = f"arn:aws:ecr:{place}:repository/{service.name}"
        stack = f"arn:aws:cloudformation:{place}:stack/{environment.slug}-{key}/id"
        audit = f"arn:aws:s3:::{environment.slug}-audit-auditrecords-x"
        bundles = f"{audit}/evidence/{environment.environment}"
        for action, target, wanted in (
            ("ecr:PutImage", repository, {principals.image_build}),
            ("cloudformation:CreateChangeSet", stack, builds - {principals.image_build}),
            ("cloudformation:GetTemplate", stack, {principals.evidence}),
            ("s3:PutObject", f"{bundles}/release-{key}-tag-sha/x", {principals.evidence}),
            ("s3:PutObject", f"{bundles}/2026-05-10-commit-sha/x", set()),
            ("cloudformation:ExecuteChangeSet", stack, {principals.release}),
        ):
            may = {
                role
                for role in principals.delivering
                if decides(boundary, action, target, {"aws:PrincipalArn": role}) == "Allow"
            }
            assert may == wanted, action


@pytest.mark.clause("ROVN-SEC-2")
@pytest.mark.parametrize("action", ["GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"])
def test_of_the_functions_only_those_that_rotate_touch_a_secret(
    environment: Environment, documents: dict[str, dict[str, Any]], action: str
) -> None:
    principals = Principals(environment)
    boundary = documents[f"{environment.slug}-{SECRET_BOUNDARY}"]
    place = f"{environment.region}:{environment.account}"
    target = f"arn:aws:secretsmanager:{place}:secret:{environment.name}/admin-token-AbCdEf"
    may = {
        role
        for role in principals.around_secrets
        if decides(boundary, f"secretsmanager:{action}", target, {"aws:PrincipalArn": role})
        == "Allow"
    }
    assert may == set(principals.rotations)


@pytest.mark.clause("ROVN-SEC-6")
def test_who_looks_at_readers_and_who_hands_events_on_is_one_role_each(
    environment: Environment, documents: dict[str, dict[str, Any]]
) -> None:
    principals = Principals(environment)
    boundary = documents[f"{environment.slug}-{SECRET_BOUNDARY}"]
    place = f"{environment.region}:{environment.account}"
    secret = f"arn:aws:secretsmanager:{place}:secret:{environment.name}/x-AbCdEf"
    for action, target, wanted in (
        ("iam:GetAccountAuthorizationDetails", "*", principals.secret_readers),
        ("kms:ListGrants", f"arn:aws:kms:{place}:key/x", principals.secret_readers),
        ("secretsmanager:GetResourcePolicy", secret, principals.secret_readers),
        (
            "events:PutEvents",
            f"arn:aws:events:{place}:event-bus/default",
            principals.identity_events,
        ),
    ):
        may = {
            role
            for role in principals.around_secrets
            if decides(boundary, action, target, {"aws:PrincipalArn": role}) == "Allow"
        }
        assert may == {wanted}, action


def _named(document: dict[str, Any]) -> set[str]:
    return {
        action for statement in document["Statement"] for action in _listed(statement["Action"])
    }


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - JSON is any value
    return value if isinstance(value, list) else [value]
