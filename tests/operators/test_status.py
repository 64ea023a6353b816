"""`runbook status`: what it says of a service, and what wants attention."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner, Result

from runbook.cli import app
from tests.operations.aws import Aws
from tests.operations.revisions import NEW, OLD

ARN = "arn:service-deployment/x"


@pytest.fixture(autouse=True)
def in_aws(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    session = aws.session()
    monkeypatch.setattr(boto3, "Session", lambda: session)


def status(*more: str) -> Result:
    return CliRunner().invoke(app, ["status", "rovn/production", *more])


def attention() -> list[str]:
    told: list[str] = json.loads(status("--json").stdout)["attention"]
    return told


def test_all_as_it_should_be(aws: Aws) -> None:
    result = status("--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["attention"] == []
    assert told["releases"] == "open"
    service = told["services"]["passport-api"]
    assert service["image_tag"] == service["stack_image_tag"] == OLD
    assert (service["stack"], service["tasks"]) == ("UPDATE_COMPLETE", "3 of 3")


def test_for_people(aws: Aws) -> None:
    aws.tasks = (2, 3)
    result = status()
    assert result.exit_code == 1
    assert f"  image tag        {OLD}" in result.stdout
    assert "! 2 of 3 tasks run" in result.stdout


def deployment(status: str, **more: str) -> dict[str, Any]:
    return {"serviceDeploymentArn": ARN, "status": status, **more}


def changed(attribute: str, value: object) -> Callable[[Aws], None]:
    return lambda aws: setattr(aws, attribute, value)


def stack(status: str, tag: str = OLD) -> Callable[[Aws], None]:
    def change(aws: Aws) -> None:
        aws.stack["StackStatus"] = status
        aws.stack["Parameters"][0]["ParameterValue"] = tag

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            changed("freeze", '{"frozen": true, "by": "me", "reason": "x", "since": "now"}'),
            "me froze releases at now: x",
        ),
        (
            changed("freeze", None),
            "the release freeze cannot be read, which counts as frozen: it is not there",
        ),
        (
            stack("none"),
            "the stack rovn-production-passport-api does not exist: nothing was released yet",
        ),
        (
            stack("UPDATE_IN_PROGRESS"),
            "the stack rovn-production-passport-api is UPDATE_IN_PROGRESS: a change is under way",
        ),
        (
            stack("UPDATE_ROLLBACK_FAILED"),
            "the stack rovn-production-passport-api is UPDATE_ROLLBACK_FAILED: it takes no release",
        ),
        (
            stack("UPDATE_COMPLETE", NEW),
            f"{OLD} runs, but the stack has {NEW}: the next stack update would bring that; "
            f"to keep {OLD}: runbook release deploy rovn/production --service passport-api "
            f"--image-tag {OLD}",
        ),
        (changed("running", ""), "there is no such service in the cluster"),
        (changed("tasks", (0, 0)), "0 of 0 tasks run"),
        (
            changed(
                "deployment",
                deployment("IN_PROGRESS", lifecycleStage="BAKE_TIME", statusReason="baking"),
            ),
            "the last service deployment is IN_PROGRESS at BAKE_TIME: baking",
        ),
        (
            changed("deployment", deployment("ROLLBACK_SUCCESSFUL")),
            "the last service deployment is ROLLBACK_SUCCESSFUL",
        ),
    ],
)
def test_what_wants_attention(aws: Aws, change: Callable[[Aws], None], told: str) -> None:
    change(aws)
    assert told in attention()
    assert status().exit_code == 1


def test_a_deployment_that_went_well_wants_none(aws: Aws) -> None:
    aws.deployment = deployment("SUCCESSFUL", lifecycleStage="CLEAN_UP")
    assert attention() == []


def test_alarms_that_ring_or_are_missing(aws: Aws) -> None:
    aws.alarm_names = ["errors", "latency", "gone"]
    aws.alarm_states = {"errors": "ALARM", "latency": "OK"}
    assert attention() == [
        "alarm errors rings: no alarm would end a deployment that begins now",
        "alarm gone does not exist: it guards no deployment",
    ]


def test_a_part_of_a_composite_guards_a_deployment_by_its_name(aws: Aws) -> None:
    """Nobody is told of it, and ECS goes back by it."""
    part = "rovn-production-api-colour-ill-passport-api"
    aws.alarm_names, aws.alarm_states = [part], {part: "OK"}
    assert attention() == []


def test_it_changes_nothing(aws: Aws) -> None:
    status()
    assert all(call.startswith(("Describe", "Get", "List")) for call in aws.calls)


def test_an_error_of_aws_is_one_line_and_what_to_do(aws: Aws) -> None:
    aws.faults["DescribeStacks"] = [("ExpiredToken", "the token has expired")]
    result = status()
    assert result.exit_code == 2
    assert "DescribeStacks: ExpiredToken: the token has expired" in result.stderr
    assert "sign in to the environment's account" in result.stderr
