"""A deployed pipeline in an emulator that rehearses: from a ZIP in its bucket to an approval."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox import emulator_process
from sandbox.emulator.rehearsal.settings import RehearsalSettings
from sandbox.endpoint import Endpoint
from sandbox.workplace import Workplace
from tests.assembly import ROOT
from tests.sandbox.loopback import free_port
from tests.sandbox.patience import eventually
from tests.sandbox.rehearsal.image import PYTHON
from tests.sandbox.templates.delivery import DELIVERY, role
from tests.sandbox.templates.expressions import arn
from tests.sandbox.test_emulated_stacks import Stack

pytestmark = pytest.mark.sandbox

ACCOUNT, REGION = "111122223333", "us-east-2"
BUCKET, NAME = "pipeline-sources", "releases"
Members = dict[str, Any]
# Two builds that take all the time they have, and the first of all makes its environment.
PATIENCE_SECONDS = 240
BUILDSPEC = {
    "version": 0.2,
    "env": {"shell": "bash", "exported-variables": ["WORD", "FROM"]},
    "phases": {
        "build": {
            "on-failure": "ABORT",
            "commands": [
                'WORD="$(cat word.txt)"',
                'FROM="${WHERE} ${CODEBUILD_BUILD_ID%%:*} ${SUFFIX}"',
                "export WORD FROM",
                # CloudWatch Logs takes no empty message.
                "echo",
                'test "${WORD}" != slow || sleep 600',
                'test "${WORD}" != bad || { echo "no good word"; exit 3; }',
            ],
        }
    },
}


def template() -> Members:
    """Return the pipeline of the other tests with a source that starts it, and commands."""
    made = copy.deepcopy(DELIVERY)
    resources = made["Resources"]
    resources["Source"]["Properties"] |= {
        "BucketName": BUCKET,
        "VersioningConfiguration": {"Status": "Enabled"},
    }
    resources["Project"]["Properties"]["Source"]["BuildSpec"] = json.dumps(BUILDSPEC)
    _, build, approve = resources["Pipeline"]["Properties"]["Stages"]
    variable = {"name": "SUFFIX", "value": "#{variables.SUFFIX}", "type": "PLAINTEXT"}
    build["Actions"][0]["Configuration"]["EnvironmentVariables"] = json.dumps([variable])
    approve["Actions"][0]["Configuration"] = {"CustomData": "#{Built.WORD}, #{Built.FROM}"}
    revision = {
        "actionName": "Source",
        "revisionType": "S3_OBJECT_VERSION_ID",
        "revisionValue": "<version>",
    }
    resources["EventsRole"] = role("events")
    resources["OnSource"] = {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Name": "on-source",
            "State": "ENABLED",
            "EventPattern": {
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {"bucket": {"name": [BUCKET]}, "object": {"key": ["source.zip"]}},
            },
            "Targets": [
                {
                    "Id": "Pipeline",
                    "Arn": {
                        "Fn::Sub": "arn:aws:codepipeline:${AWS::Region}:${AWS::AccountId}:"
                        "${Pipeline}"
                    },
                    "RoleArn": arn("EventsRole"),
                    "InputTransformer": {
                        "InputPathsMap": {"version": "$.detail.object.version-id"},
                        "InputTemplate": json.dumps({"sourceRevisions": [revision]}),
                    },
                }
            ],
        },
    }
    return made


@dataclass
class Delivery:
    """The deployed pipeline."""

    endpoint: Endpoint

    @property
    def client(self) -> Any:  # noqa: ANN401 - boto3
        return self.endpoint.client("codepipeline")

    def drop(self, word: str) -> str:
        """Put a source and return the version that it became."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as packed:
            packed.writestr("word.txt", word)
        answer = self.endpoint.client("s3").put_object(
            Bucket=BUCKET, Key="source.zip", Body=content.getvalue()
        )
        return str(answer["VersionId"])

    def executions(self) -> list[Members]:
        told = self.client.list_pipeline_executions(pipelineName=NAME)
        return list(told["pipelineExecutionSummaries"])

    def of(self, version: str, execution: str = "") -> Members:
        """Wait for the execution that a version started, and return its summary.

        `execution` names it where another one had the version before.
        """

        def found() -> list[Members]:
            return [
                each
                for each in self.executions()
                if [one["revisionId"] for one in each["sourceRevisions"]] == [version]
                and execution in ("", each["pipelineExecutionId"])
            ]

        eventually(found, f"the execution of {version}", PATIENCE_SECONDS)
        return found()[0]

    def asked(self, version: str, execution: str = "") -> Members:
        """Wait until approval is asked for a version; return the approval's state."""
        execution = self.of(version, execution)["pipelineExecutionId"]

        def waiting() -> bool:
            stage = self.stage("Approve")
            latest = stage.get("latestExecution", {})
            action = stage["actionStates"][0].get("latestExecution", {})
            return latest.get("pipelineExecutionId") == execution and "token" in action

        eventually(waiting, "the question for approval", PATIENCE_SECONDS)
        return dict(self.stage("Approve")["actionStates"][0]["latestExecution"])

    def stage(self, name: str) -> Members:
        state = self.client.get_pipeline_state(name=NAME)
        found: dict[str, Members] = {each["stageName"]: each for each in state["stageStates"]}
        return found[name]

    def answer(self, token: str, status: str) -> None:
        self.client.put_approval_result(
            pipelineName=NAME,
            stageName="Approve",
            actionName="Approval",
            token=token,
            result={"status": status, "summary": "a test"},
        )

    def ended(self, version: str) -> str:
        eventually(lambda: self.of(version)["status"] != "InProgress", "its end", PATIENCE_SECONDS)
        return str(self.of(version)["status"])

    def runs(self, version: str) -> list[Members]:
        wanted = {"pipelineExecutionId": self.of(version)["pipelineExecutionId"]}
        told = self.client.list_action_executions(pipelineName=NAME, filter=wanted)
        return list(reversed(told["actionExecutionDetails"]))


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivery]:
    folder = tmp_path_factory.mktemp("pipeline")
    settings = RehearsalSettings(
        images=str(folder / "images"),
        python=PYTHON,
        account=ACCOUNT,
        region=REGION,
        builds=str(folder / "builds"),
        # A quarter of an hour, which a build is given, is enough for all but the one that is slow.
        timeout_seconds_per_minute=1.6,
    )
    settings.write(folder / "rehearsal.json")
    emulator = emulator_process.start(
        Workplace(ROOT, folder),
        free_port(),
        keep_running=False,
        rehearsal=folder / "rehearsal.json",
    )
    try:
        emulator.wait_until_ready()
        endpoint = Endpoint(emulator.url, ACCOUNT, REGION)
        assert Stack(endpoint, "delivery").deploy(template()) == []
        yield Delivery(endpoint)
    finally:
        emulator.stop()


def test_a_pipeline_runs_when_it_is_made_and_finds_no_source(delivery: Delivery) -> None:
    eventually(lambda: delivery.executions()[-1]["status"] == "Failed", "the end of its first run")
    assert delivery.executions()[-1]["trigger"]["triggerType"] == "CreatePipeline"


def test_a_source_goes_as_far_as_the_approval_and_no_further(delivery: Delivery) -> None:
    version = delivery.drop("good")
    asked = delivery.asked(version)
    source, build, approval = delivery.runs(version)
    assert source["output"]["outputVariables"]["VersionId"] == version
    assert build["output"]["outputVariables"] == {"WORD": "good", "FROM": "here builder main"}
    assert approval["input"]["resolvedConfiguration"] == {"CustomData": "good, here builder main"}
    with pytest.raises(ClientError, match="InvalidApprovalTokenException"):
        delivery.answer("another", "Approved")
    delivery.answer(asked["token"], "Approved")
    assert delivery.ended(version) == "Succeeded"
    with pytest.raises(ClientError, match="ApprovalAlreadyCompletedException"):
        delivery.answer(asked["token"], "Rejected")
    trigger = delivery.of(version)["trigger"]
    assert trigger == {"triggerType": "CloudWatchEvent", "triggerDetail": "on-source"}


def test_a_build_that_fails_is_tried_again_and_says_its_last_lines(delivery: Delivery) -> None:
    version = delivery.drop("bad")
    assert delivery.ended(version) == "Failed"
    _, *builds = delivery.runs(version)
    assert [each["status"] for each in builds] == ["Failed", "Failed"]
    message = builds[-1]["output"]["executionResult"]["errorDetails"]["message"]
    assert "Phase: BUILD" in message
    assert message.endswith("no good word")
    number = builds[-1]["output"]["executionResult"]["externalExecutionId"].partition(":")[2]
    told = delivery.endpoint.client("logs").filter_log_events(logGroupName="/build")
    lines = [each["message"] for each in told["events"] if number in each["logStreamName"]]
    assert "no good word" in lines
    assert delivery.stage("Build")["retryStageMetadata"]["autoStageRetryAttempt"] == 1


def test_a_build_ends_when_its_time_is_up(delivery: Delivery) -> None:
    version = delivery.drop("slow")
    assert delivery.ended(version) == "Failed"
    message = delivery.runs(version)[-1]["output"]["executionResult"]["errorDetails"]["message"]
    assert "TIMED_OUT after 15 minutes" in message
    assert "Running command test" in message


def test_a_rejected_release_lets_the_next_one_ask(delivery: Delivery) -> None:
    first = delivery.drop("first")
    token = delivery.asked(first)["token"]
    second = delivery.drop("second")
    execution = delivery.of(second)["pipelineExecutionId"]

    def waits() -> bool:
        inbound = delivery.stage("Approve").get("inboundExecution", {})
        return bool(inbound.get("pipelineExecutionId") == execution)

    eventually(waits, "the second before the approval")
    delivery.answer(token, "Rejected")
    assert delivery.ended(first) == "Failed"
    last = delivery.runs(first)[-1]
    assert last["output"]["executionResult"]["errorDetails"]["message"] == "Rejected: a test"
    delivery.answer(delivery.asked(second)["token"], "Approved")
    assert delivery.ended(second) == "Succeeded"


def test_an_older_version_can_be_started_with_another_variable(delivery: Delivery) -> None:
    older = delivery.drop("older")
    delivery.answer(delivery.asked(older)["token"], "Rejected")
    newer = delivery.drop("newer")
    delivery.answer(delivery.asked(newer)["token"], "Rejected")
    revision = {"revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": older}
    again = delivery.client.start_pipeline_execution(
        name=NAME,
        variables=[{"name": "SUFFIX", "value": "again"}],
        sourceRevisions=[{"actionName": "Source", **revision}],
    )["pipelineExecutionId"]
    token = delivery.asked(older, again)["token"]
    build = delivery.runs(older)[1]["output"]["outputVariables"]
    assert build == {"WORD": "older", "FROM": "here builder again"}
    delivery.answer(token, "Rejected")


def test_what_the_rehearsal_does_not_know_is_not_started(delivery: Delivery) -> None:
    declared = delivery.client.get_pipeline(name=NAME)["pipeline"]
    other = copy.deepcopy(declared)
    other["name"] = "others"
    other["stages"][1]["actions"][0]["actionTypeId"]["provider"] = "Jenkins"
    delivery.client.create_pipeline(pipeline=other)
    with pytest.raises(ClientError, match="no action AWS/Build/Jenkins"):
        delivery.client.start_pipeline_execution(name="others")
