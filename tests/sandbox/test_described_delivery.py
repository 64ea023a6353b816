"""Projects, pipelines and told buckets: deployed complete, updated, and each change found."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from runbook.deployed.comparison import compare
from sandbox.endpoint import Endpoint
from tests.deployed.answers import Answers, undeclared
from tests.sandbox.templates.delivery import DELIVERY, STAGES, role
from tests.sandbox.test_emulated_stacks import Stack, endpoint

__all__ = ["endpoint"]  # the fixture: an emulator of this module's own

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def stack(endpoint: Endpoint) -> Stack:
    made = Stack(endpoint, "delivery")
    told = made.deploy(DELIVERY)
    assert not told, "\n".join(str(each) for each in told)
    return made


Change = Callable[[Stack], object]
Place = tuple[str, str]


def found(stack: Stack) -> set[Place]:
    differences = compare([(stack.deployed(), False)]).differences
    return {(each.resource, each.property) for each in differences}


def pipeline_with(stack: Stack, change: Callable[[dict[str, Any]], object]) -> None:
    client = stack.endpoint.client("codepipeline")
    live = client.get_pipeline(name="releases")["pipeline"]
    change(live)
    client.update_pipeline(pipeline=live)


def no_approval(stack: Stack) -> None:
    pipeline_with(stack, lambda live: live["stages"].pop())


def another_project(stack: Stack) -> None:
    def change(live: dict[str, Any]) -> None:
        live["stages"][1]["actions"][0]["configuration"]["ProjectName"] = "another"

    pipeline_with(stack, change)


def several_at_once(stack: Stack) -> None:
    pipeline_with(stack, lambda live: live.update(executionMode="PARALLEL"))


def no_pipeline(stack: Stack) -> None:
    stack.endpoint.client("codepipeline").delete_pipeline(name="releases")


def another_buildspec(stack: Stack) -> None:
    source = {"type": "CODEPIPELINE", "buildspec": '{"version": 0.2, "phases": {}}'}
    stack.endpoint.client("codebuild").update_project(name="builder", source=source)


def more_variables(stack: Stack) -> None:
    client = stack.endpoint.client("codebuild")
    [live] = client.batch_get_projects(names=["builder"])["projects"]
    live["environment"]["environmentVariables"].append({"name": "MORE", "value": "x"})
    client.update_project(name="builder", environment=live["environment"])


def as_another_role(stack: Stack) -> None:
    role_arn = "arn:aws:iam::111122223333:role/another"
    stack.endpoint.client("codebuild").update_project(name="builder", serviceRole=role_arn)


def no_project(stack: Stack) -> None:
    stack.endpoint.client("codebuild").delete_project(name="builder")


def nobody_told(stack: Stack) -> None:
    stack.endpoint.client("s3").put_bucket_notification_configuration(
        Bucket=stack.physical_id("Source"), NotificationConfiguration={}
    )


# In this order: what is gone shows no further change.
CHANGES: list[tuple[Change, set[Place]]] = [
    (
        another_project,
        {("Pipeline", "Stages[1].Actions[0].Configuration.ProjectName")},
    ),
    (several_at_once, {("Pipeline", "ExecutionMode")}),
    (no_approval, {("Pipeline", "Stages")}),
    (no_pipeline, {("Pipeline", "")}),
    (another_buildspec, {("Project", "Source.BuildSpec")}),
    (more_variables, {("Project", "Environment.EnvironmentVariables")}),
    (as_another_role, {("Project", "ServiceRole")}),
    (no_project, {("Project", "")}),
    (nobody_told, {("Source", "NotificationConfiguration")}),
]


@pytest.mark.parametrize(
    ("change", "expected"), CHANGES, ids=[change.__name__ for change, _ in CHANGES]
)
def test_a_change_behind_the_stacks_back_is_found(
    stack: Stack, change: Change, expected: set[Place]
) -> None:
    before = found(stack)
    change(stack)
    assert found(stack) - before == expected


def changed(template: dict[str, Any]) -> dict[str, Any]:
    """Return the template with less of both, other tags, and a stage fewer."""
    template = copy.deepcopy(template)
    resources = template["Resources"]
    tags = [{"Key": "owner", "Value": "security"}]
    project, pipeline = resources["Project"]["Properties"], resources["Pipeline"]["Properties"]
    for name in ("ConcurrentBuildLimit", "LogsConfig"):
        del project[name]
    project |= {"Tags": tags, "TimeoutInMinutes": 20, "BadgeEnabled": True}
    pipeline |= {"Tags": tags, "Stages": STAGES[:2]}
    return template


def test_a_stacks_whole_life(endpoint: Endpoint) -> None:
    first = copy.deepcopy(DELIVERY)
    resources = first["Resources"]
    resources["Logs"]["Properties"]["LogGroupName"] = "/second"
    for name in ("Pipeline", "Project"):
        resources[name]["Properties"]["Name"] = f"second-{name.lower()}"
    stack = Stack(endpoint, "second")
    assert stack.deploy(first) == []

    assert stack.deploy(changed(first), "update") == []
    [live] = endpoint.client("codebuild").batch_get_projects(names=["second-project"])["projects"]
    assert "logsConfig" not in live
    pipelines = endpoint.client("codepipeline")
    found = pipelines.get_pipeline(name="second-pipeline")
    assert found["pipeline"]["version"] == 2
    arn_ = found["metadata"]["pipelineArn"]
    assert pipelines.list_tags_for_resource(resourceArn=arn_)["tags"] == [
        {"key": "owner", "value": "security"}
    ]

    renamed = changed(first)
    renamed["Resources"]["Pipeline"]["Properties"]["Name"] = "third-pipeline"
    assert stack.deploy(renamed, "update") == []
    names = {each["name"] for each in pipelines.list_pipelines()["pipelines"]}
    assert "second-pipeline" not in names, "replaced"
    stack.delete()
    names = {each["name"] for each in pipelines.list_pipelines()["pipelines"]}
    assert "third-pipeline" not in names


def test_a_pipeline_needs_a_role_that_it_may_assume(endpoint: Endpoint) -> None:
    template = copy.deepcopy(DELIVERY)
    resources = template["Resources"]
    resources["Logs"]["Properties"]["LogGroupName"] = "/third"
    for name in ("Pipeline", "Project"):
        resources[name]["Properties"]["Name"] = f"refused-{name.lower()}"
    resources["PipelineRole"] = role("codebuild")
    stack = Stack(endpoint, "refused")
    with pytest.raises(Exception, match="ROLLBACK"):
        stack.deploy(template)
    events = stack.cloudformation.describe_stack_events(StackName="refused")["StackEvents"]
    reasons = " ".join(event.get("ResourceStatusReason", "") for event in events)
    assert "not authorized to perform AssumeRole" in reasons


def test_what_codebuild_adds_by_itself_is_no_difference() -> None:
    """AWS answers with defaults that the emulator does not tell."""
    live = {
        "name": "builder",
        "arn": "arn:aws:codebuild:us-test-1:111122223333:project/builder",
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "i",
            "computeType": "c",
            "imagePullCredentialsType": "CODEBUILD",
        },
        "logsConfig": {
            "cloudWatchLogs": {"status": "ENABLED"},
            "s3Logs": {"status": "DISABLED", "encryptionDisabled": False},
        },
        "source": {"type": "CODEPIPELINE", "insecureSsl": False},
        "badge": {"badgeEnabled": False},
        "projectVisibility": "PRIVATE",
    }
    answers = Answers("codebuild", [("batch_get_projects", {"projects": [live]})])
    description = answers.describe("AWS::CodeBuild::Project", "builder")
    declared = {
        "Environment": {"Type": "LINUX_CONTAINER", "Image": "i", "ComputeType": "c"},
        "LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED"}},
        "Source": {"Type": "CODEPIPELINE"},
        "Visibility": "PRIVATE",
        "BadgeEnabled": False,
    }
    assert undeclared(description, declared) == []
