"""What asks each service from outside: canaries, what they may do, and Route 53 beside them."""

from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from runbook.alarms.alarm import Stands
from runbook.alarms.canary import canary_name, variables
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.mute_rules import muted_alarms
from runbook.model.environment import IDENTITY_REGION, Environment
from tests.assembly import Assembly, plain

CANARY, CHECK = "AWS::Synthetics::Canary", "AWS::Route53::HealthCheck"


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-canary"


@pytest.fixture
def canary(assembly: Assembly, stack: str) -> dict[str, Any]:
    [found] = assembly.of_type(stack, CANARY).values()
    properties: dict[str, Any] = plain(found["Properties"])
    return properties


@pytest.mark.clause("ROVN-HLT-3")
def test_each_service_has_a_canary_that_runs_at_once(
    canary: dict[str, Any], environment: Environment
) -> None:
    [(service, model)] = environment.services.items()
    assert canary["Name"] == canary_name(environment, service)
    assert canary["StartCanaryAfterCreation"] is True
    assert canary["Schedule"] == {
        "DurationInSeconds": "0",
        "Expression": "rate(1 minute)",
        "RetryConfig": {"MaxRetries": 0},
    }
    told = canary["RunConfig"]["EnvironmentVariables"]
    assert told == variables(environment, service)
    assert told["HOSTNAME_OF_SERVICE"] == model.ingress.hostname
    assert (told["PROBES"], told["SPACING_SECONDS"]) == ("2", "30")


def test_its_name_is_one_that_synthetics_takes(canary: dict[str, Any]) -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-2", CANARY).schema
    assert schema["properties"]["Name"]["pattern"] == r"^[0-9a-z_\-]{1,255}$"
    assert len(canary["Name"]) <= 255


def test_its_code_is_one_file_where_synthetics_looks(
    assembly: Assembly, stack: str, canary: dict[str, Any]
) -> None:
    [found] = assembly.of_type(stack, CANARY).values()
    folder = assembly.directory / Path(found["Metadata"]["aws:asset:path"]).name
    files = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    assert files == ["python/health_canary.py"]
    assert canary["Code"]["Handler"] == "health_canary.handler"


def test_its_log_group_is_made_here_under_the_stacks_key(
    assembly: Assembly, stack: str, canary: dict[str, Any], environment: Environment
) -> None:
    [group] = assembly.of_type(stack, "AWS::Logs::LogGroup").values()
    properties = plain(group["Properties"])
    # Synthetics takes 21 characters of the name.
    begins = f"/aws/lambda/cwsyn-{canary['Name'][:21]}-<PassportApiCanary"
    assert properties["LogGroupName"].startswith(begins)
    assert properties["LogGroupName"].endswith(".Id>")
    [key] = assembly.of_type(stack, "AWS::KMS::Key").values()
    patterns = [
        statement["Condition"]["ArnEquals"]["kms:EncryptionContext:aws:logs:arn"]
        for statement in plain(key["Properties"]["KeyPolicy"]["Statement"])
        if "ArnEquals" in statement.get("Condition", {})
    ]
    assert [pattern.split(":log-group:")[1] for pattern in patterns] == [
        f"/aws/lambda/cwsyn-{environment.slug}-*"
    ]


@pytest.mark.clause("ROVN-SEC-2")
def test_it_may_leave_results_and_nothing_else(
    assembly: Assembly, stack: str, environment: Environment
) -> None:
    policy = assembly.named(stack, "AWS::IAM::ManagedPolicy", "Policy")["Properties"]
    granted = {}
    for statement in plain(policy["PolicyDocument"]["Statement"]):
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            granted[action] = statement
    assert set(granted) == {
        *("cloudwatch:PutMetricData", "kms:Decrypt", "kms:GenerateDataKey"),
        *("logs:CreateLogStream", "logs:PutLogEvents"),
        *("s3:GetBucketLocation", "s3:ListAllMyBuckets", "s3:PutObject"),
    }
    assert granted["s3:PutObject"]["Resource"].endswith(".Arn>/canary/*")
    assert granted["cloudwatch:PutMetricData"]["Condition"] == {
        "StringEquals": {"cloudwatch:namespace": "CloudWatchSynthetics"}
    }
    role = assembly.named(stack, "AWS::IAM::Role", "Role")["Properties"]
    assert role["RoleName"] == f"{environment.slug}-canary"
    assert role["PermissionsBoundary"].endswith(f":policy/{environment.slug}-watch-boundary")


def test_its_artifacts_go_and_come_under_no_key_of_others(assembly: Assembly, stack: str) -> None:
    policy = plain(assembly.named(stack, "AWS::S3::BucketPolicy", "ArtifactsPolicy")["Properties"])
    sids = {statement.get("Sid") for statement in policy["PolicyDocument"]["Statement"]}
    assert {"DenyOtherEncryption", "DenyOtherKey", "DenyCustomerProvidedKey"} <= sids
    # Synthetics names no key (docs/decisions/0039).
    assert "DenyUnnamedKey" not in sids
    bucket = assembly.named(stack, "AWS::S3::Bucket", "Artifacts")["Properties"]
    rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert rules["Expire"]["ExpirationInDays"] == 31


@pytest.mark.clause("ROVN-HLT-3")
def test_route_53_asks_from_elsewhere(assembly: Assembly, environment: Environment) -> None:
    [check] = assembly.of_type(f"{environment.slug}-probes", CHECK).values()
    config = check["Properties"]["HealthCheckConfig"]
    assert len(set(config["Regions"]) - {environment.region}) >= 3
    offered = PROVIDER_SCHEMA_MANAGER.get_resource_schema(IDENTITY_REGION, CHECK).schema
    known = offered["properties"]["HealthCheckConfig"]["properties"]["Regions"]["items"]["enum"]
    assert set(config["Regions"]) <= set(known)
    assert "us-east-2" not in known


def test_every_alarm_of_its_region_stands_there_and_is_muted_there(
    assembly: Assembly, environment: Environment
) -> None:
    stack = f"{environment.slug}-probes"
    wanted = {
        alarm.name(environment.slug)
        for alarm in alarms_of(environment)
        if alarm.stands is Stands.PROBE
    }
    alarms = assembly.of_type(stack, "AWS::CloudWatch::Alarm")
    assert {alarm["Properties"]["AlarmName"] for alarm in alarms.values()} == wanted
    rules = assembly.of_type(stack, "AWS::CloudWatch::AlarmMuteRule").values()
    muted = {name for rule in rules for name in rule["Properties"]["MuteTargets"]["AlarmNames"]}
    assert muted == set(muted_alarms(environment, IDENTITY_REGION)) < wanted
    for rule in rules:
        assert any("MessagesUndelivered" in name for name in rule["DependsOn"])
