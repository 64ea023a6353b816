"""What a rehearsal puts on the bus: of deployments, tasks, stacks and calls, and by whom."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import Session

from sandbox.emulator.rehearsal.snapshots import AGE_TAG, TYPE_TAG
from tests.sandbox.patience import eventually
from tests.sandbox.rehearsal import rig as rigs
from tests.sandbox.rehearsal.rig import ACCOUNT, CLUSTER, NAME, REGION, TAGS, Rig

pytestmark = pytest.mark.sandbox
SERVICE = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/{CLUSTER}/{NAME}"
CALL = "AWS API Call via CloudTrail"
Event = dict[str, Any]


class Bus:
    """A queue of the test's own behind every event of the bus."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.seen = rig, dict[str, Event]()
        sqs, events = rig.client("sqs"), rig.client("events")
        self.url = sqs.create_queue(QueueName="all")["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:all"
        events.put_rule(Name="all", EventPattern=json.dumps({"account": [ACCOUNT]}))
        events.put_targets(Rule="all", Targets=[{"Id": "all", "Arn": arn}])

    def events(self, detail_type: str, **of_detail: object) -> list[Event]:
        sqs = self.rig.client("sqs")
        while messages := sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                event = json.loads(message["Body"])
                self.seen[event["id"]] = event
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return [
            event
            for event in self.seen.values()
            if event["detail-type"] == detail_type and of_detail.items() <= event["detail"].items()
        ]

    def calls(self, name: str) -> list[Event]:
        return [event["detail"] for event in self.events(CALL, eventName=name)]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    made, emulator = rigs.start(tmp_path_factory.mktemp("announced"))
    try:
        emulator.wait_until_ready()
        rigs.deploy_shared(made)
        made.answers()
        for tag in TAGS[:3]:
            made.image(tag)
        yield made
    finally:
        emulator.stop()


@pytest.fixture(scope="module")
def bus(rig: Rig) -> Bus:
    return Bus(rig)


def test_a_first_release_is_announced_step_by_step(rig: Rig, bus: Bus) -> None:
    assert rig.release(TAGS[0], "create") == "CREATE_COMPLETE"
    deployment = rig.described()["deployments"][0]["id"]
    eventually(lambda: bus.events("CloudFormation Stack Status Change"), "what the stack announces")
    told = bus.events("ECS Deployment State Change")
    assert [event["detail"]["eventName"] for event in told] == [
        "SERVICE_DEPLOYMENT_IN_PROGRESS",
        "SERVICE_DEPLOYMENT_COMPLETED",
    ]
    for event in told:
        assert event["detail"]["deploymentId"] == deployment
        assert (event["source"], event["resources"]) == ("aws.ecs", [SERVICE])
        assert (event["account"], event["region"]) == (ACCOUNT, REGION)
        assert event["version"] == "0"
    [steady] = bus.events("ECS Service Action")
    assert steady["detail"]["eventName"] == "SERVICE_STEADY_STATE"
    stack = [
        event["detail"]["status-details"]["status"]
        for event in bus.events("CloudFormation Stack Status Change")
    ]
    assert stack == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    tasks = bus.events("ECS Task State Change", lastStatus="RUNNING")
    assert [task["detail"]["group"] for task in tasks] == [f"service:{NAME}"] * len(tasks)
    assert len(tasks) == rig.described()["runningCount"]


def test_the_rollback_of_a_service_without_a_breaker_is_told_without_a_failure(
    rig: Rig, bus: Bus
) -> None:
    before = rig.described()["deployments"][0]["id"]
    already = set(bus.seen)
    rig.answers(PRE_SCALE_UP=[{"hookStatus": "FAILED"}])
    assert rig.release(TAGS[1]) == "UPDATE_ROLLBACK_COMPLETE"
    bus.events("ECS Deployment State Change", eventName="SERVICE_DEPLOYMENT_COMPLETED")
    new = [
        event["detail"]
        for event in bus.events("ECS Deployment State Change")
        if event["id"] not in already
    ]
    names = [detail["eventName"].removeprefix("SERVICE_DEPLOYMENT_") for detail in new]
    # Begun, back, at rest; then the stack's own way back is a deployment, too.
    assert names == ["IN_PROGRESS", "IN_PROGRESS", "COMPLETED", "IN_PROGRESS", "COMPLETED"]
    assert new[1]["reason"].endswith(f"rolling back to deploymentId {before}.")
    assert new[2]["deploymentId"] == before != new[0]["deploymentId"]


def test_calls_tell_who_and_a_stack_calls_in_the_name_of_cloudformation(rig: Rig, bus: Bus) -> None:
    [*_, update] = bus.calls("UpdateService")
    assert update["sourceIPAddress"] == "cloudformation.amazonaws.com"
    assert update["userIdentity"]["invokedBy"] == "cloudformation.amazonaws.com"
    assert update["responseElements"]["service"]["serviceArn"] == SERVICE
    [made] = bus.calls("CreateStack")
    assert made["userIdentity"]["type"] == "Root"
    assert made["userIdentity"]["arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    [parameter] = made["requestParameters"]["parameters"]
    assert parameter["parameterKey"] == "ImageTag"
    assert parameter["parameterValue"] == "HIDDEN_DUE_TO_SECURITY_REASONS"
    assert ":stack/service/" in made["responseElements"]["stackId"]
    shifts = bus.calls("ModifyRule")
    assert {call["sourceIPAddress"] for call in shifts} == {"ecs.amazonaws.com"}
    assert not bus.calls("DescribeServices")


def test_a_role_that_somebody_took_is_named_and_so_is_a_refusal(rig: Rig, bus: Bus) -> None:
    session = rig.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/some-role", RoleSessionName="ada"
    )["Credentials"]
    ecs: Any = Session().create_client(
        "ecs",
        region_name=REGION,
        endpoint_url=rig.endpoint.url,
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )
    with pytest.raises(ecs.exceptions.ClientError):
        ecs.stop_service_deployment(serviceDeploymentArn=f"{SERVICE}/none", stopType="ROLLBACK")
    eventually(lambda: bus.calls("StopServiceDeployment"), "the call")
    [call] = bus.calls("StopServiceDeployment")
    assert call["userIdentity"]["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/some-role/ada"
    assert call["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"] == "some-role"
    assert call["errorCode"] == "ServiceDeploymentNotFoundException"
    assert call["responseElements"] is None
    assert call["requestParameters"]["stopType"] == "ROLLBACK"


def test_a_function_calls_in_its_own_role(rig: Rig, bus: Bus) -> None:
    """Its calls go on to where its account's things are, too."""
    code = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    ssm = boto3.client('ssm')\n"
        "    ssm.put_parameter(Name='/by/function', Value='hidden', Type='String')\n"
        "    return boto3.client('sts').get_caller_identity()['Account']\n"
    )
    lambda_ = rig.client("lambda")
    role = f"arn:aws:iam::{ACCOUNT}:role/some-role"
    lambda_.create_function(
        FunctionName="writes",
        Runtime="python3.12",
        Handler="index.handler",
        Role=role,
        Code={"ZipFile": rigs.zipped("index.py", code)},
        Timeout=30,
    )
    told = lambda_.invoke(FunctionName="writes")["Payload"].read()
    assert json.loads(told) == ACCOUNT
    assert rig.client("ssm").get_parameter(Name="/by/function")["Parameter"]["Value"] == "hidden"
    eventually(lambda: bus.calls("PutParameter"), "the call")
    [call] = bus.calls("PutParameter")
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/some-role/writes"
    assert call["userIdentity"]["arn"] == arn
    assert call["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == role
    assert call["requestParameters"]["value"] == "HIDDEN_DUE_TO_SECURITY_REASONS"


def test_an_error_of_a_function_has_the_name_of_its_class(rig: Rig) -> None:
    code = (
        "class Refused(Exception): pass\n"
        "def handler(event, context):\n"
        "    try:\n"
        "        {}['x']\n"
        "    except KeyError as error:\n"
        "        raise Refused('not now:\\nlater') from error\n"
    )
    lambda_ = rig.client("lambda")
    lambda_.create_function(
        FunctionName="refuses",
        Runtime="python3.12",
        Handler="index.handler",
        Role=f"arn:aws:iam::{ACCOUNT}:role/some-role",
        Code={"ZipFile": rigs.zipped("index.py", code)},
        Timeout=30,
    )
    told = json.loads(lambda_.invoke(FunctionName="refuses")["Payload"].read())
    assert (told["errorType"], told["errorMessage"]) == ("Refused", "not now:\nlater")


def test_a_snapshot_is_as_old_as_its_tags_say_and_tells_who_may_restore_it(rig: Rig) -> None:
    rds = rig.client("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="db", DBInstanceClass="db.t3.micro", Engine="postgres"
    )
    for name, tags in (("old", {AGE_TAG: "91"}), ("other", {TYPE_TAG: "automated"})):
        rds.create_db_snapshot(
            DBSnapshotIdentifier=name,
            DBInstanceIdentifier="db",
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
    [manual] = rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    age = datetime.now(UTC) - manual["SnapshotCreateTime"]
    assert (manual["DBSnapshotIdentifier"], age.days) == ("old", 91)
    shared = {"DBSnapshotIdentifier": "old", "AttributeName": "restore"}
    rds.modify_db_snapshot_attribute(**shared, ValuesToAdd=["999999999999", "888888888888"])
    rds.modify_db_snapshot_attribute(**shared, ValuesToRemove=["888888888888"])
    told = rds.describe_db_snapshot_attributes(DBSnapshotIdentifier="old")
    [restore] = told["DBSnapshotAttributesResult"]["DBSnapshotAttributes"]
    assert restore == {"AttributeName": "restore", "AttributeValues": ["999999999999"]}
    with pytest.raises(ClientError, match="DBSnapshotNotFound"):
        rds.describe_db_snapshot_attributes(DBSnapshotIdentifier="none")
