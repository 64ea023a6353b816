"""Functions, state machines and parameters: deployed complete, read back, and each change found."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from runbook.deployed.comparison import compare
from sandbox.endpoint import Endpoint
from tests.sandbox.templates.expressions import ASSUMED, TAGS, arn
from tests.sandbox.test_emulated_stacks import Stack, endpoint

__all__ = ["endpoint"]  # the fixture: an emulator of this module's own

pytestmark = pytest.mark.sandbox

BUCKET, KEY = "code", "code.zip"
DEFINITION = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": ASSUMED}},
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/functions/gate"}},
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Architectures": ["x86_64"],
                "Code": {"S3Bucket": BUCKET, "S3Key": KEY},
                "Description": "a gate",
                "Environment": {"Variables": {"WHERE": "here"}},
                "FunctionName": "gate",
                "Handler": "hook.handler",
                "LoggingConfig": {"LogGroup": {"Ref": "Logs"}},
                "MemorySize": 256,
                "ReservedConcurrentExecutions": 2,
                "Role": arn("Role"),
                "Runtime": "python3.13",
                "Tags": TAGS,
                "Timeout": 150,
            },
        },
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "DefinitionString": json.dumps(DEFINITION),
                "LoggingConfiguration": {
                    "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": arn("Logs")}}],
                    "IncludeExecutionData": True,
                    "Level": "ALL",
                },
                "RoleArn": arn("Role"),
                "StateMachineName": "migrate",
                "StateMachineType": "STANDARD",
                "Tags": TAGS,
                "TracingConfiguration": {"Enabled": True},
            },
        },
        "Freeze": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {
                "Description": "whether releases are frozen",
                "Name": "/some/where/freeze",
                "Tags": {"owner": "ops"},
                "Type": "String",
                "Value": '{"frozen": false}',
            },
        },
    }
}


def zipped(text: str) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr("hook.py", text)
    return kept.getvalue()


@pytest.fixture(scope="module")
def stack(endpoint: Endpoint) -> Stack:
    s3 = endpoint.client("s3")
    s3.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": endpoint.region}
    )
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=zipped("def handler(*_): return {}\n"))
    made = Stack(endpoint, "gate")
    found = made.deploy(TEMPLATE)
    told = "\n".join(f"{d.resource}.{d.property}: {d.message} {d.found}" for d in found)
    assert not found, told
    return made


Change = Callable[[Stack], object]


def other_code(stack: Stack) -> None:
    stack.endpoint.client("lambda").update_function_code(
        FunctionName="gate", ZipFile=zipped("def handler(*_): return None\n")
    )


def other_settings(stack: Stack) -> None:
    stack.endpoint.client("lambda").update_function_configuration(
        FunctionName="gate", Timeout=3, Environment={"Variables": {"WHERE": "there"}}
    )


def no_concurrency(stack: Stack) -> None:
    stack.endpoint.client("lambda").delete_function_concurrency(FunctionName="gate")


def frozen(stack: Stack) -> None:
    stack.endpoint.client("ssm").put_parameter(
        Name="/some/where/freeze", Value='{"frozen": true}', Overwrite=True
    )


def other_definition(stack: Stack) -> None:
    stack.endpoint.client("stepfunctions").update_state_machine(
        stateMachineArn=stack.physical_id("Machine"),
        definition=json.dumps({**DEFINITION, "Comment": "another"}),
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (other_code, {("Function", "Code")}),
        (other_settings, {("Function", "Timeout"), ("Function", "Environment")}),
        (no_concurrency, {("Function", "ReservedConcurrentExecutions")}),
        (frozen, {("Freeze", "Value")}),
        (other_definition, {("Machine", "DefinitionString")}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_change_behind_the_stacks_back_is_found(
    stack: Stack, change: Change, expected: set[tuple[str, str]]
) -> None:
    before = compare([(stack.deployed(), False)]).differences
    change(stack)
    after = compare([(stack.deployed(), False)]).differences
    new = {(each.resource, each.property.partition(".")[0]) for each in after} - {
        (each.resource, each.property.partition(".")[0]) for each in before
    }
    assert new == expected
