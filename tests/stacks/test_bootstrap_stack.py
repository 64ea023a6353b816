"""ROVN-DEP-9: the limits that everything else is deployed under."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from runbook.access.boundaries import boundaries
from runbook.access.execution_policies import execution_policies
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
        for part in ("bootstrap", "execution")
        for resource in assembly.of_type(
            f"{environment.slug}-{part}", "AWS::IAM::ManagedPolicy"
        ).values()
    }


@pytest.mark.clause("ROVN-DEP-9")
def test_it_holds_every_boundary_and_execution_policy(
    environment: Environment, documents: dict[str, dict[str, Any]]
) -> None:
    principals = Principals(environment)
    policies = [*boundaries(principals), *execution_policies(principals)]
    assert documents == {policy.name: policy.document for policy in policies}
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
    assert len(yaml.safe_dump(template)) < LARGEST_BODY
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
) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """Walk the policies of the stacks' roles: each action, on each resource that is plain text.

    With what its conditions demand, which the call then carries.

    What an intrinsic stands for is not known here, so "*" is not tried for it.
    """
    slug = environment.slug
    for stack, template in assembly.templates.items():
        if not stack.startswith(f"{slug}-") or stack in [f"{slug}-{p}" for p in OF_BOOTSTRAP]:
            continue
        for logical_id, resource in template["Resources"].items():
            if resource["Type"] not in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
                continue
            (role,) = resource["Properties"]["Roles"]
            name = template["Resources"][role["Ref"]]["Properties"]["RoleName"]
            caller = {"aws:PrincipalArn": Principals(environment).role(name)}
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                equals = statement.get("Condition", {}).get("StringEquals", {})
                plain = {key: value for key, value in equals.items() if isinstance(value, str)}
                carried = caller | plain
                for action in _listed(statement["Action"]):
                    for target in _listed(statement["Resource"]):
                        yield f"{stack} {logical_id}", action, target, carried


@pytest.mark.clause("ROVN-DEP-9")
def test_the_workload_boundary_is_no_obstacle_to_any_role(
    assembly: Assembly, environment: Environment, documents: dict[str, dict[str, Any]]
) -> None:
    """Else a role would fail for want of what its own policy allows."""
    boundary = documents[f"{environment.slug}-workload-boundary"]
    actions = {a for s in boundary["Statement"] for a in _listed(s["Action"])}
    tried = 0
    for where, action, target, carried in granted(assembly, environment):
        assert action in actions, f"{where}: {action}"
        if isinstance(target, str):
            decided = decides(boundary, action, target, carried)
            assert decided == "Allow", f"{where}: {action} {target}"
            tried += 1
    assert tried > 10


@pytest.mark.clause("ROVN-DEP-9")
def test_the_workload_boundary_names_each_action(
    assembly: Assembly, environment: Environment, documents: dict[str, dict[str, Any]]
) -> None:
    """Those that the templates grant, and those of what they do not show."""
    boundary = documents[f"{environment.slug}-workload-boundary"]
    named = {a for s in boundary["Statement"] for a in _listed(s["Action"])}
    shown = {action for _, action, *_ in granted(assembly, environment)}
    # AWS's own policy for RDS, which the database's monitoring role carries.
    monitoring = {"CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "GetLogEvents"}
    monitoring |= {"PutLogEvents", "PutRetentionPolicy", "DescribeLogGroups"}
    # What keys, buckets and secrets answer beside, to whoever reads them.
    build = {"kms:DescribeKey", "kms:GenerateDataKey", "secretsmanager:DescribeSecret"}
    build |= {f"s3:{action}" for action in ("GetObject", "ListBucket", "PutObject")}
    push = ("CompleteLayerUpload", "InitiateLayerUpload", "PutImage", "UploadLayerPart")
    build |= {f"ecr:{action}" for action in push}
    sampling = {f"xray:GetSampling{what}" for what in ("Rules", "StatisticSummaries", "Targets")}
    place = f"{environment.region}:{environment.account}"
    metrics = f"arn:aws:logs:{place}:log-group:RDSOSMetrics:log-stream:db"
    for action in monitoring - {"DescribeLogGroups"}:
        assert decides(boundary, f"logs:{action}", metrics, {}) == "Allow", action
    assert named == shown | {f"logs:{action}" for action in monitoring} | build | sampling


@pytest.mark.clause("ROVN-DEP-9")
@pytest.mark.parametrize(
    "action",
    [
        "ecr:PutImage",
        "ecs:RegisterTaskDefinition",
        "ecs:RunTask",
        "ecs:UpdateService",
        "iam:CreateRole",
        "iam:PassRole",
        "kms:ScheduleKeyDeletion",
        "s3:DeleteObjectVersion",
        "secretsmanager:PutResourcePolicy",
        "sts:AssumeRole",
    ],
)
def test_no_workload_deploys_whatever_its_policies_say(
    environment: Environment, documents: dict[str, dict[str, Any]], action: str
) -> None:
    principals = Principals(environment)
    boundary = documents[f"{environment.slug}-workload-boundary"]
    place = f"{environment.region}:{environment.account}"
    for service in environment.services:
        caller = {"aws:PrincipalArn": principals.service_roles(service).task}
        for target in (
            "*",
            principals.cdk_role("deploy", environment.region),
            f"arn:aws:ecr:{place}:repository/{environment.services[service].name}",
        ):
            assert decides(boundary, action, target, caller) is None


def test_codebuild_pushes_under_the_same_boundary(
    environment: Environment, documents: dict[str, dict[str, Any]]
) -> None:
    principals = Principals(environment)
    boundary = documents[f"{environment.slug}-workload-boundary"]
    caller = {"aws:PrincipalArn": principals.image_build}
    for name in principals.service_names:
        repository = f"arn:aws:ecr:{environment.region}:{environment.account}:repository/{name}"
        assert decides(boundary, "ecr:PutImage", repository, caller) == "Allow"


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - JSON is any value
    return value if isinstance(value, list) else [value]
