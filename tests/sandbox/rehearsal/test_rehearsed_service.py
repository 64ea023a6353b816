"""Deployments of a service in an emulator that rehearses: real processes, real functions."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.emulator.rehearsal.lifecycle import STAGES
from tests.sandbox.patience import eventually
from tests.sandbox.rehearsal import rig as rigs
from tests.sandbox.rehearsal.rig import CLUSTER, NAME, TAGS, Rig

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    made, emulator = rigs.start(tmp_path_factory.mktemp("rehearsal"))
    try:
        emulator.wait_until_ready()
        rigs.deploy_shared(made)
        made.answers()
        made.client("cloudwatch").put_metric_alarm(
            AlarmName="api-5xx",
            Namespace="Some",
            MetricName="Errors",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        made.image(TAGS[0])
        assert made.release(TAGS[0], "create") == "CREATE_COMPLETE"
        yield made
    finally:
        emulator.stop()


@pytest.fixture(autouse=True)
def quiet(rig: Rig) -> None:
    rig.answers()
    rig.alarm("OK")


def test_a_first_release_serves(rig: Rig) -> None:
    service = rig.described()
    assert rig.version() == TAGS[0]
    assert service["runningCount"] == service["desiredCount"] == 2
    [first] = rig.deployments()
    assert first["status"] == "SUCCESSFUL"
    assert first["sourceServiceRevisions"] == []


def test_a_release_goes_through_every_stage_and_shifts_both_listeners(rig: Rig) -> None:
    before, weights = rig.version(), rig.weights()
    rig.answers(
        PRE_SCALE_UP=[
            {"hookStatus": "IN_PROGRESS", "callBackDelay": 15, "hookDetails": {"step": 1}},
            {"hookStatus": "SUCCEEDED"},
        ]
    )
    assert rig.release(rig.image(TAGS[1])) == "UPDATE_COMPLETE"
    assert before != TAGS[1]
    assert {rig.version() for _ in range(5)} == {TAGS[1]} == {rig.version("8443")}
    assert rig.weights() == {name: pair[::-1] for name, pair in weights.items()}
    [latest, *_] = rig.deployments()
    assert latest["status"] == "SUCCESSFUL"
    assert latest["lifecycleStage"] == STAGES[-1]
    source, target = latest["sourceServiceRevisions"][0], latest["targetServiceRevision"]
    first, again, probe = rig.events()
    assert first == {
        "executionDetails": {
            "testTrafficWeights": {source["arn"]: 100.0},
            "productionTrafficWeights": {source["arn"]: 100.0},
            "serviceArn": latest["serviceArn"],
            "targetServiceRevisionArn": target["arn"],
        },
        "executionId": first["executionId"],
        "lifecycleStage": "PRE_SCALE_UP",
        "resourceArn": latest["serviceDeploymentArn"],
        "hookDetails": {"given": "by the template"},
    }
    assert again == {**first, "hookDetails": {"step": 1}}
    assert probe["lifecycleStage"] == "POST_TEST_TRAFFIC_SHIFT"
    assert probe["executionDetails"]["testTrafficWeights"] == {
        source["arn"]: 0.0,
        target["arn"]: 100.0,
    }
    assert probe["executionDetails"]["productionTrafficWeights"] == {source["arn"]: 100.0}
    service = rig.described()
    assert [each["rolloutState"] for each in service["deployments"]] == ["COMPLETED"]
    assert service["runningCount"] == 2
    [revision] = rig.client("ecs").describe_service_revisions(serviceRevisionArns=[target["arn"]])[
        "serviceRevisions"
    ]
    assert revision["taskDefinition"] == service["taskDefinition"]


FAILED = {"hookStatus": "FAILED"}
WORKS_ON = {"hookStatus": "IN_PROGRESS", "callBackDelay": 1}
# To be called again when its half an hour is over; see the rig for what that lasts.
TOO_LATE = {"hookStatus": "IN_PROGRESS", "callBackDelay": 3600}


def next_tag(rig: Rig, **variables: str) -> str:
    """Return the tag of a new image."""
    known = len(list((rig.images / NAME).iterdir()))
    return rig.image(TAGS[known], **variables)


def image_of(rig: Rig, service: dict[str, Any]) -> str:
    told = rig.client("ecs").describe_task_definition(taskDefinition=service["taskDefinition"])
    return str(told["taskDefinition"]["containerDefinitions"][0]["image"])


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"PRE_SCALE_UP": [FAILED]}, "hook gate answered FAILED at PRE_SCALE_UP"),
        ({"PRE_SCALE_UP": ["raise"]}, "as told"),
        ({"PRE_SCALE_UP": [{}]}, "answered no hookStatus"),
        ({"PRE_SCALE_UP": [WORKS_ON, TOO_LATE]}, "timed out at PRE_SCALE_UP"),
        ({"POST_TEST_TRAFFIC_SHIFT": [FAILED]}, "at POST_TEST_TRAFFIC_SHIFT"),
    ],
    ids=["failed", "raised", "without answer", "timed out", "after the test shift"],
)
def test_a_failing_hook_brings_everything_back(
    rig: Rig, answers: dict[str, Any], said: str
) -> None:
    before, serves = rig.described(), rig.version()
    rig.answers(**answers)
    tag, deployments_before = next_tag(rig), len(rig.deployments())
    assert rig.release(tag) == "UPDATE_ROLLBACK_COMPLETE"
    rollback, failed = rig.deployments()[:-deployments_before]
    assert failed["status"] == "ROLLBACK_SUCCESSFUL"
    assert said in failed["statusReason"]
    assert failed["rollback"]["serviceRevisionArn"] == failed["sourceServiceRevisions"][0]["arn"]
    assert rollback["status"] == "SUCCESSFUL"
    after = rig.described()
    assert rig.version() == serves
    assert image_of(rig, after) == image_of(rig, before)
    assert after["runningCount"] == 2


def test_a_gate_that_refuses_the_way_back_wedges_the_stack(rig: Rig) -> None:
    serves = rig.version()
    rig.answers(always=True, PRE_SCALE_UP=[FAILED])
    assert rig.release(next_tag(rig)) == "UPDATE_ROLLBACK_FAILED"
    assert rig.version() == serves
    rig.answers()
    rig.client("cloudformation").continue_update_rollback(StackName="service")
    eventually(lambda: rig.status() == "UPDATE_ROLLBACK_COMPLETE", "the end of the rollback")
    assert rig.version() == serves


def test_an_alarm_in_the_bake_window_rolls_back_and_wedges_nothing(rig: Rig) -> None:
    serves = rig.version()
    tag, begun = next_tag(rig), len(rig.deployments())

    def bakes() -> bool:
        latest, *_ = found = rig.deployments()
        return len(found) > begun and latest["lifecycleStage"] == "BAKE_TIME"

    with ThreadPoolExecutor() as pool:
        with rig.baking():
            released = pool.submit(rig.release, tag)
            eventually(bakes, "the bake window")
            assert rig.version() == tag, "production is shifted already"
            rig.alarm("ALARM")
        assert released.result() == "UPDATE_ROLLBACK_COMPLETE"
    back, failed = rig.deployments()[:2]
    assert failed["statusReason"] == "alarms in ALARM: api-5xx"
    assert failed["alarms"]["triggeredAlarmNames"] == ["api-5xx"]
    # Begun in ALARM, it is not watched: a way back must be open.
    assert (back["status"], back["alarms"]["status"]) == ("SUCCESSFUL", "DISABLED")
    assert rig.version() == serves


def test_a_deployment_is_stopped_in_its_bake_window(rig: Rig) -> None:
    serves, ecs = rig.version(), rig.client("ecs")
    revision = rig.register(next_tag(rig))
    with rig.baking():
        ecs.update_service(cluster=CLUSTER, service=NAME, taskDefinition=revision)
        eventually(lambda: rig.deployments()[0]["lifecycleStage"] == "BAKE_TIME", "the bake window")
        arn = rig.deployments()[0]["serviceDeploymentArn"]
        [shown] = [each for each in rig.described()["deployments"] if each["status"] == "PRIMARY"]
        assert (shown["taskDefinition"], shown["rolloutState"]) == (revision, "IN_PROGRESS")
        assert (shown["runningCount"], shown["desiredCount"]) == (2, 2), "as many as there are now"
        stopped = ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
        assert stopped["serviceDeploymentArn"] == arn
        eventually(lambda: rig.deployments()[0]["status"] == "ROLLBACK_SUCCESSFUL", "the way back")
    eventually(partial(rig.runs, 2), "the two tasks of before")
    assert rig.version() == serves
    assert rig.described()["taskDefinition"] != revision
    with pytest.raises(ClientError, match="ConflictException"):
        ecs.stop_service_deployment(serviceDeploymentArn=arn)


def test_tasks_that_are_never_healthy_roll_back(rig: Rig) -> None:
    serves, tag = rig.version(), next_tag(rig, HEALTH="503")
    assert rig.release(tag) == "UPDATE_ROLLBACK_COMPLETE"
    assert "did not answer /health" in rig.deployments()[1]["statusReason"]
    assert rig.deployments()[1]["lifecycleStage"] == "SCALE_UP"
    assert rig.version() == serves


def test_an_image_that_is_not_there_rolls_back(rig: Rig) -> None:
    serves = rig.version()
    assert rig.release("prod-20991231235959") == "UPDATE_ROLLBACK_COMPLETE"
    assert "CannotPullContainerError" in rig.deployments()[1]["statusReason"]
    assert rig.version() == serves


def test_scaling_starts_and_stops_tasks(rig: Rig) -> None:
    ecs, begun = rig.client("ecs"), len(rig.deployments())
    for count in (3, 2):
        ecs.update_service(cluster=CLUSTER, service=NAME, desiredCount=count)
        eventually(partial(rig.runs, count), f"{count} tasks")
        running = ecs.list_tasks(cluster=CLUSTER, serviceName=NAME, desiredStatus="RUNNING")
        assert len(running["taskArns"]) == count
    assert len(rig.deployments()) == begun, "to scale is no deployment"


def test_a_task_logs_where_its_definition_says(rig: Rig) -> None:
    [arn, *_] = rig.client("ecs").list_tasks(cluster=CLUSTER, serviceName=NAME)["taskArns"]
    where = {"logGroupName": "/ecs/some-api", "logStreamName": f"app/app/{arn.rpartition('/')[2]}"}
    # A task answers before the emulator has written what it printed.
    logs = rig.client("logs")
    named = {"logGroupName": "/ecs/some-api", "logStreamNamePrefix": where["logStreamName"]}
    eventually(lambda: logs.describe_log_streams(**named)["logStreams"], "the stream of the task")
    eventually(lambda: logs.get_log_events(**where)["events"], "its first line")
    told = logs.get_log_events(**where)
    assert [event["message"] for event in told["events"]] == [f"started {rig.version()}"]


def test_a_one_off_task_ends_with_its_code_and_its_last_line(rig: Rig) -> None:
    ecs = rig.client("ecs")
    request = {
        "cluster": CLUSTER,
        "taskDefinition": rig.described()["taskDefinition"],
        "clientToken": "once",
        "startedBy": "a test",
        "overrides": {
            "containerOverrides": [
                {
                    "name": "app",
                    "command": ["python", "migrate.py", "--pending"],
                    "environment": [
                        {"name": "PREVIOUS_IMAGE", "value": "the one before"},
                        {"name": "CODE", "value": "3"},
                    ],
                }
            ]
        },
    }
    arns = {ecs.run_task(**request)["tasks"][0]["taskArn"] for _ in range(3)}
    assert len(arns) == 1, "one token is one task"
    [arn] = arns

    def described() -> dict[str, Any]:
        return dict(ecs.describe_tasks(cluster=CLUSTER, tasks=[arn])["tasks"][0])

    eventually(lambda: described()["lastStatus"] == "STOPPED", "the end of the task")
    task = described()
    [app] = [each for each in task["containers"] if each["name"] == "app"]
    assert (app["exitCode"], task["stopCode"]) == (3, "EssentialContainerExited")
    told = rig.client("logs").get_log_events(
        logGroupName="/ecs/some-api", logStreamName=f"app/app/{arn.rpartition('/')[2]}"
    )
    lines = [event["message"] for event in told["events"]]
    assert lines[0] == "some words first"
    assert json.loads(lines[-1]) == {
        "APP_VERSION": rig.version(),
        "PREVIOUS_IMAGE": "the one before",
        "arguments": ["--pending"],
        "secret": 32,
    }


def test_a_task_that_is_stopped_says_by_whom(rig: Rig) -> None:
    ecs = rig.client("ecs")
    override = {
        "name": "app",
        "command": ["python", "migrate.py"],
        "environment": [{"name": "SECONDS", "value": "60"}],
    }
    [task] = ecs.run_task(
        cluster=CLUSTER,
        taskDefinition=rig.described()["taskDefinition"],
        overrides={"containerOverrides": [override]},
    )["tasks"]
    stopped = ecs.stop_task(cluster=CLUSTER, task=task["taskArn"], reason="enough")["task"]
    assert stopped["stoppedReason"] == "enough"
    assert (stopped["lastStatus"], stopped["stopCode"]) == ("STOPPED", "UserInitiated")
    [app] = [each for each in stopped["containers"] if each["name"] == "app"]
    assert app["exitCode"] == 128 + signal.SIGTERM
