"""Rotations in a rehearsal: what is told of them, who follows, and where events of IAM come in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.endpoint import Endpoint
from tests.sandbox.patience import eventually
from tests.sandbox.rehearsal import rig as rigs
from tests.sandbox.rehearsal.rig import ACCOUNT, CLUSTER, NAME, REGION, TAGS, Rig, zipped
from tests.sandbox.rehearsal.test_announced import Bus
from tests.sandbox.templates.secrets import BUCKET, FUNCTION, KEY, rotating
from tests.sandbox.test_emulated_stacks import Stack

pytestmark = pytest.mark.sandbox
SERVICE_EVENT = "AWS Service Event via CloudTrail"
SECRET = "some/token"  # noqa: S105 - a name
HOME = "us-east-1"
MONITORING = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
CANARY = "canary-7f3b/@"
# As a machine that restarts what reads a rotated secret: no deployment since, then a new one.
RESTARTS = {
    "StartAt": "Look",
    "States": {
        "Look": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:ecs:listServiceDeployments",
            "Parameters": {
                "Cluster": CLUSTER,
                "Service": NAME,
                "Status": ["SUCCESSFUL"],
                "CreatedAt": {"After.$": "$.rotated"},
            },
            "ResultPath": "$.since",
            "Next": "Restart",
        },
        "Restart": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:ecs:updateService",
            "Parameters": {"Cluster": CLUSTER, "Service": NAME, "ForceNewDeployment": True},
            "ResultSelector": {"Service.$": "$.Service.ServiceName"},
            "ResultPath": "$.restarted",
            "Next": "Nobody",
        },
        "Nobody": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:ecs:updateService",
            "Parameters": {"Cluster": CLUSTER, "Service": "nobody", "ForceNewDeployment": True},
            "Catch": [
                {
                    "ErrorEquals": ["Ecs.ServiceNotFoundException"],
                    "ResultPath": None,
                    "Next": "Done",
                }
            ],
            "End": True,
        },
        "Done": {"Type": "Succeed"},
    },
}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    made, emulator = rigs.start(tmp_path_factory.mktemp("rotations"))
    try:
        emulator.wait_until_ready()
        rigs.deploy_shared(made)
        made.answers()
        made.image(TAGS[0])
        yield made
    finally:
        emulator.stop()


@pytest.fixture(scope="module")
def bus(rig: Rig) -> Bus:
    return Bus(rig)


def told(bus: Bus, arn: str) -> list[str]:
    return [
        event["detail"]["eventName"]
        for event in bus.events(SERVICE_EVENT)
        if event["detail"]["additionalEventData"] == {"SecretId": arn}
    ]


def test_a_rotation_is_told_by_its_begin_and_its_end(rig: Rig, bus: Bus) -> None:
    s3 = rig.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=zipped("index.py", FUNCTION))
    stack = Stack(rig.endpoint, "rotating")
    stack.deploy(rotating(str(rig.folder)))
    arn = stack.physical_id("Secret")
    done = ["RotationStarted", "RotationSucceeded"]
    eventually(lambda: told(bus, arn) == done, "the first rotation")
    event = bus.events(SERVICE_EVENT)[-1]
    assert (event["source"], event["account"]) == ("aws.secretsmanager", ACCOUNT)
    assert event["detail"]["eventType"] == "AwsServiceEvent"
    assert event["detail"]["userIdentity"]["invokedBy"] == "secretsmanager.amazonaws.com"
    [rotate] = bus.calls("RotateSecret")
    assert rotate["userIdentity"]["invokedBy"] == "cloudformation.amazonaws.com"
    assert rotate["responseElements"]["aRN"] == arn
    [moved] = bus.calls("UpdateSecretVersionStage")
    function = f":assumed-role/{stack.physical_id('Role')}/rotate-token"
    assert moved["userIdentity"]["arn"].endswith(function)
    (rig.folder / "fails").write_text("testSecret", "utf-8")
    rig.client("secretsmanager").rotate_secret(SecretId=SECRET)
    failed = ["RotationStarted", "RotationFailed"]
    eventually(lambda: told(bus, arn)[:4] == done + failed, "the rotation that fails")
    rig.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString=CANARY)
    eventually(lambda: "RotationAbandoned" in told(bus, arn), "the end of that rotation")
    assert not bus.calls("GetSecretValue")


def test_no_value_of_a_secret_goes_over_the_bus_or_into_the_history(rig: Rig, bus: Bus) -> None:
    manager, kms = rig.client("secretsmanager"), rig.client("kms")
    manager.create_secret(Name="canary", SecretString=CANARY)
    manager.update_secret(SecretId="canary", SecretString=CANARY)
    manager.get_secret_value(SecretId="canary")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    pair = kms.generate_data_key_pair(KeyId=key, KeyPairSpec="ECC_NIST_P256")
    assert kms.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"])["Plaintext"]
    user = rig.client("iam").create_user(UserName="ada")["User"]["UserName"]
    secret = rig.client("iam").create_access_key(UserName=user)["AccessKey"]["SecretAccessKey"]
    eventually(lambda: bus.calls("UpdateSecret"), "the last of these calls")
    pages = rig.client("cloudtrail").get_paginator("lookup_events").paginate()
    home = Endpoint(rig.endpoint.url, ACCOUNT, HOME).client("cloudtrail")
    history = [e["CloudTrailEvent"] for page in pages for e in page["Events"]]
    history += [e["CloudTrailEvent"] for e in home.lookup_events()["Events"]]
    for text in (json.dumps(list(bus.seen.values())), *history):
        assert CANARY not in text
        assert secret not in text
    assert not bus.calls("GenerateDataKeyPair")


def test_the_history_tells_who_read_a_secret(rig: Rig) -> None:
    cloudtrail = rig.client("cloudtrail")
    which = [{"AttributeKey": "EventName", "AttributeValue": "GetSecretValue"}]
    begin = datetime.now(UTC) - timedelta(hours=1)
    found = cloudtrail.lookup_events(LookupAttributes=which, StartTime=begin)["Events"]
    read = [json.loads(each["CloudTrailEvent"]) for each in found]
    assert "canary" in [each["requestParameters"]["secretId"] for each in read]
    assert {each["responseElements"] for each in read} == {None}
    assert {each["ReadOnly"] for each in found} == {"true"}
    later = datetime.now(UTC) + timedelta(hours=1)
    assert not cloudtrail.lookup_events(LookupAttributes=which, StartTime=later)["Events"]
    pages = cloudtrail.get_paginator("lookup_events").paginate(
        LookupAttributes=which, PaginationConfig={"PageSize": 1}
    )
    assert sum(len(page["Events"]) for page in pages) == len(found)
    with pytest.raises(ClientError, match="InvalidLookupAttributes"):
        cloudtrail.lookup_events(LookupAttributes=which * 2)


def test_calls_of_iam_come_in_its_own_region_and_a_rule_hands_them_on(rig: Rig, bus: Bus) -> None:
    there = Endpoint(rig.endpoint.url, ACCOUNT, HOME).client("events")
    pattern = {"source": ["aws.iam"], "detail": {"eventName": ["PutUserPolicy"]}}
    there.put_rule(Name="identities", EventPattern=json.dumps(pattern))
    target = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    role = f"arn:aws:iam::{ACCOUNT}:role/some-role"
    there.put_targets(Rule="identities", Targets=[{"Id": "here", "Arn": target, "RoleArn": role}])
    statement = {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for user in ("grace", "edsger"):
        rig.client("iam").create_user(UserName=user)
        rig.client("iam").put_user_policy(UserName=user, PolicyName="all", PolicyDocument=document)
    eventually(lambda: len(bus.calls("PutUserPolicy")) == 2, "the events that are handed on")
    assert not bus.calls("CreateUser")
    [event, _] = bus.events("AWS API Call via CloudTrail", eventName="PutUserPolicy")
    assert (event["region"], event["detail"]["awsRegion"]) == (HOME, HOME)
    assert event["detail"]["requestParameters"]["policyDocument"] == document


def test_a_call_about_a_key_names_its_arn_however_it_was_named(rig: Rig, bus: Bus) -> None:
    kms = rig.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/some", TargetKeyId=key["KeyId"])
    policy = kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]
    kms.put_key_policy(KeyId="alias/some", PolicyName="default", Policy=policy)
    eventually(lambda: bus.calls("PutKeyPolicy"), "the call")
    [call] = bus.calls("PutKeyPolicy")
    assert [each["ARN"] for each in call["resources"]] == [key["Arn"]]
    assert call["requestParameters"]["keyId"] == "alias/some"


def test_functions_are_answered_what_they_ask_of_who_may_read(rig: Rig) -> None:
    """The calls by which readers and ages are looked at."""
    iam = rig.client("iam")
    iam.attach_user_policy(UserName="grace", PolicyArn=READ_ONLY)
    iam.attach_user_policy(UserName="grace", PolicyArn=MONITORING)
    iam.put_user_permissions_boundary(UserName="edsger", PermissionsBoundary=READ_ONLY)
    details = iam.get_paginator("get_account_authorization_details").paginate()
    [page] = details
    users = {user["UserName"]: user for user in page["UserDetailList"]}
    assert [each["PolicyName"] for each in users["grace"]["UserPolicyList"]] == ["all"]
    described = {each["Arn"]: each for each in page["Policies"]}
    for arn in (READ_ONLY, MONITORING):
        [version] = described[arn]["PolicyVersionList"]
        assert version["IsDefaultVersion"]
        assert version["Document"]["Statement"]
    assert users["edsger"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ_ONLY
    assert "PermissionsBoundary" not in users["grace"]
    kms = rig.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    grantee = f"arn:aws:iam::{ACCOUNT}:role/some-role"
    kms.create_grant(KeyId=key, GranteePrincipal=grantee, Operations=["Decrypt"])
    [grant] = kms.list_grants(KeyId=key)["Grants"]
    assert (grant["GranteePrincipal"], grant["Operations"]) == (grantee, ["Decrypt"])
    assert json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])["Statement"]
    cloudwatch = rig.client("cloudwatch")
    dimensions = [{"Name": "Secret", "Value": "token"}]
    datum = {"MetricName": "AgePercentOfCadence", "Dimensions": dimensions, "Value": 40}
    cloudwatch.put_metric_data(Namespace="Runbook/Secrets", MetricData=[datum])
    [metric] = cloudwatch.list_metrics(Namespace="Runbook/Secrets")["Metrics"]
    assert metric["Dimensions"] == dimensions


def test_a_machine_calls_ecs_in_its_own_role(rig: Rig, bus: Bus) -> None:
    assert rig.release(TAGS[0], "create") == "CREATE_COMPLETE"
    begun = len(rig.deployments())
    machines: Any = rig.client("stepfunctions")
    role = f"arn:aws:iam::{ACCOUNT}:role/some-role"
    machine = machines.create_state_machine(
        name="restarts", definition=json.dumps(RESTARTS), roleArn=role
    )["stateMachineArn"]
    given = {"rotated": (datetime.now(UTC) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}
    execution = machines.start_execution(stateMachineArn=machine, input=json.dumps(given))

    def ended() -> dict[str, Any]:
        return dict(machines.describe_execution(executionArn=execution["executionArn"]))

    eventually(lambda: ended()["status"] != "RUNNING", "the end of the execution")
    assert ended()["status"] == "SUCCEEDED", ended()
    output = json.loads(ended()["output"])
    assert output["since"] == {"ServiceDeployments": []}
    assert output["restarted"] == {"Service": NAME}
    assert len(rig.deployments()) == begun + 1
    [*_, call] = [each for each in bus.calls("UpdateService") if "errorCode" not in each]
    assert call["userIdentity"]["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/some-role/states"
    assert call["requestParameters"]["forceNewDeployment"] is True
