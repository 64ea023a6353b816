"""Who builds, who looks, who releases, and who approves are different ones."""

import json
from typing import Any

import pytest

from runbook.access import delivery_names as names
from runbook.access.delivery_sources import delivery_sources
from runbook.access.policy import document_of
from runbook.access.principals import Principals
from runbook.access.service_control_policy import service_control_policy
from runbook.model.environment import Environment
from tests.access.evaluation import decides
from tests.assembly import Assembly, plain
from tests.stacks.delivery.places import EXAMPLE, KEY

Json = Any


def statements(assembly: Assembly, stack: str, role: str) -> list[Json]:
    policy = assembly.named(stack, "AWS::IAM::ManagedPolicy", f"Roles{role}Policy")
    found: list[Json] = policy["Properties"]["PolicyDocument"]["Statement"]
    return found


def actions(assembly: Assembly, stack: str, role: str) -> set[str]:
    listed = [statement["Action"] for statement in statements(assembly, stack, role)]
    return {a for each in listed for a in (each if isinstance(each, list) else [each])}


@pytest.mark.clause("ROVN-DEP-8")
def test_only_people_approve(assembly: Assembly, environment: Environment) -> None:
    principals = Principals(environment)
    people = principals.may_approve_releases
    machines = {
        principals.deploy_identity,
        principals.release,
        principals.release_checks,
        principals.evidence,
        principals.pipeline,
        principals.image_build,
        *principals.builders[:-1],
    }
    assert not machines & set(people)
    action = "codepipeline:PutApprovalResult"
    granted = {
        resource["Properties"].get("ManagedPolicyName")
        for template in assembly.templates.values()
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::IAM::ManagedPolicy" and action in json.dumps(resource)
    }
    slugs = {name.rsplit("-", 1)[0] for name in assembly.templates if name.endswith("-access")}
    assert granted == {f"{slug}-approve-releases" for slug in slugs}
    arn = f"arn:aws:codepipeline:{environment.region}:{environment.account}"
    action_arn = f"{arn}:{environment.slug}-{KEY}/Approve/Approve"
    for who in (*machines, *people):
        decided = decides(
            service_control_policy(principals), action, action_arn, {"aws:PrincipalArn": who}
        )
        assert (decided == "Deny") is (who in machines), who


def test_the_topics_policy_waits_for_the_role_it_names(assembly: Assembly, stack: str) -> None:
    """SNS refuses a principal that does not exist; a name alone makes nobody wait."""
    (policy,) = assembly.of_type(stack, "AWS::SNS::TopicPolicy").values()
    (publish, _) = policy["Properties"]["PolicyDocument"]["Statement"]
    named = publish["Principal"]["AWS"].rpartition("/")[2]
    roles = assembly.of_type(stack, "AWS::IAM::Role")
    (role,) = [id_ for id_, of in roles.items() if of["Properties"]["RoleName"] == named]
    assert role in policy["DependsOn"]


@pytest.mark.clause("ROVN-DEP-8")
def test_who_builds_who_looks_and_who_releases_are_three(assembly: Assembly, stack: str) -> None:
    build, checks, release = (actions(assembly, stack, r) for r in ("Build", "Checks", "Release"))
    assert "ecr:PutImage" in build
    assert not any(action.startswith(("cloudformation:", "ecs:")) for action in build)
    assert "cloudformation:ExecuteChangeSet" in release
    assert "cloudformation:ExecuteChangeSet" not in checks
    assert not {"ecr:PutImage", "ecs:UpdateService", "iam:PassRole"} & (checks | release)
    assert not any(action.startswith("secretsmanager:") for action in build | checks | release)
    orchestration = actions(assembly, stack, "Pipeline")
    assert not any(a.startswith(("cloudformation:", "ecs:", "ecr:")) for a in orchestration)


def test_a_release_writes_records_and_reads_none(assembly: Assembly, stack: str) -> None:
    by_sid = {s["Sid"]: s for s in statements(assembly, stack, "Release")}
    assert by_sid["WriteRecords"]["Action"] == "s3:PutObject"
    assert plain(by_sid["WriteRecords"]["Resource"]).endswith("/releases/*")
    assert by_sid["EncryptRecords"]["Action"] == "kms:GenerateDataKey"


@pytest.mark.clause("ALL-1")
def test_evidence_reads_stacks_and_writes_one_folder(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    by_sid = {s["Sid"]: s for s in statements(assembly, stack, "Evidence")}
    stacks = by_sid["JudgeStacks"]
    assert stacks["Action"] == ["cloudformation:DescribeStacks", "cloudformation:GetTemplate"]
    own = f"{environment.account}:stack/{environment.slug}-*"
    assert {resource.split(":", 4)[4] for resource in stacks["Resource"]} == {own}
    assert {resource.split(":")[3] for resource in stacks["Resource"]} == set(environment.regions)
    writes = by_sid["PublishEvidence"]
    assert writes["Action"] == ["s3:GetObjectRetention", "s3:PutObject"]
    assert plain(writes["Resource"]).endswith("/evidence/*/release-*")
    may = actions(assembly, stack, "Evidence")
    assert may == {
        *("cloudformation:DescribeStacks", "cloudformation:GetTemplate", "kms:Decrypt"),
        *("kms:GenerateDataKey", "logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObject"),
        *("s3:GetBucketObjectLockConfiguration", "s3:GetObjectRetention", "s3:GetObjectVersion"),
        "s3:PutObject",
    }
    readable = [s["Resource"] for s in by_sid.values() if "s3:GetObject" in s["Action"]]
    assert not any("AuditRecords" in plain(resource) for resource in readable)


def test_each_role_is_taken_on_for_exactly_its_own_builds_pipelines_and_rules(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    sources = delivery_sources(Principals(environment))
    roles = assembly.of_type(stack, "AWS::IAM::Role").values()
    assert len(roles) == len(sources)
    for role in roles:
        properties = role["Properties"]
        arn = Principals(environment).role(properties["RoleName"])
        (trust,) = properties["AssumeRolePolicyDocument"]["Statement"]
        named = trust["Condition"]["ArnEquals"]["aws:SourceArn"]
        assert ([named] if isinstance(named, str) else named) == sources[arn]
        assert trust["Condition"]["StringEquals"]["aws:SourceAccount"] == environment.account


@pytest.mark.clause("ROVN-DEP-10")
def test_the_deploy_identity_uploads_what_the_pipeline_reads(
    environment: Environment,
) -> None:
    from runbook.access.deploy_policy import deploy_statements

    may = document_of(deploy_statements(Principals(environment)))
    bucket = f"arn:aws:s3:::{names.source_bucket(environment)}"
    assert decides(may, "s3:PutObject", f"{bucket}/{KEY}/source.zip", {}) == "Allow"
    for other in (f"{bucket}/{KEY}/other.zip", f"{bucket}/other/source.zip", f"{bucket}x/a"):
        assert decides(may, "s3:PutObject", other, {}) is None
    workflow = (EXAMPLE / ".github/workflows/deliver.yml").read_text("utf-8")
    for variable in ("SOURCE_BUCKET", "SOURCE_KEY"):
        assert f"vars.{variable}" in workflow
    assert "--server-side-encryption" not in workflow, "the bucket's own key is the only one taken"
