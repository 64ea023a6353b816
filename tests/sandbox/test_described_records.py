"""Rules, queues, topics and what feeds functions: deployed complete, and each change found."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from runbook.deployed.comparison import compare
from sandbox.endpoint import Endpoint
from tests.sandbox.templates.records import RECORDS, policy
from tests.sandbox.test_described_functions import BUCKET, KEY, zipped
from tests.sandbox.test_emulated_stacks import Stack, endpoint

__all__ = ["endpoint"]  # the fixture: an emulator of this module's own

pytestmark = pytest.mark.sandbox

Change = Callable[[Stack], object]
Place = tuple[str, str]


def found(stack: Stack) -> set[Place]:
    """Return the resources that differ, each with the property."""
    differences = compare([(stack.deployed(), False)]).differences
    return {(each.resource, each.property.partition(".")[0]) for each in differences}


@pytest.fixture(scope="module", autouse=True)
def code(endpoint: Endpoint) -> None:
    s3 = endpoint.client("s3")
    s3.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": endpoint.region}
    )
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=zipped("def handler(*_): return {}\n"))


@pytest.fixture(scope="module")
def stack(endpoint: Endpoint) -> Stack:
    made = Stack(endpoint, "records")
    told = made.deploy(RECORDS)
    assert not told, "\n".join(str(each) for each in told)
    return made


def mapping_call(stack: Stack, **changed: object) -> None:
    client = stack.endpoint.client("lambda")
    client.update_event_source_mapping(UUID=stack.physical_id("Mapping"), **changed)


def queue_attributes(stack: Stack, queue: str, **changed: str) -> None:
    client = stack.endpoint.client("sqs")
    client.set_queue_attributes(QueueUrl=stack.physical_id(queue), Attributes=changed)


def another_pattern(stack: Stack) -> None:
    events = stack.endpoint.client("events")
    about, pattern = "to the records", '{"source": ["aws.rds"]}'
    events.put_rule(Name="events", Description=about, EventPattern=pattern, State="DISABLED")


def another_target(stack: Stack) -> None:
    target = {"Id": "other", "Arn": "arn:aws:sqs:us-east-2:111122223333:other"}
    stack.endpoint.client("events").put_targets(Rule="events", Targets=[target])


def another_life(stack: Stack) -> None:
    queue_attributes(stack, "Letters", MessageRetentionPeriod="60")


def no_redrive(stack: Stack) -> None:
    queue_attributes(stack, "Queue", RedrivePolicy="", VisibilityTimeout="30")


def one_queue_open(stack: Stack) -> None:
    queue_attributes(stack, "Letters", Policy=json.dumps(policy("All", "sqs:*")))


def both_queues_open(stack: Stack) -> None:
    for queue in ("Letters", "Queue"):
        queue_attributes(stack, queue, Policy=json.dumps(policy("All", "sqs:*")))


def no_key(stack: Stack) -> None:
    stack.endpoint.client("sns").set_topic_attributes(
        TopicArn=stack.physical_id("Topic"), AttributeName="KmsMasterKeyId", AttributeValue=""
    )


def listener(stack: Stack) -> None:
    stack.endpoint.client("sns").subscribe(
        TopicArn=stack.physical_id("Topic"),
        Protocol="sqs",
        Endpoint="arn:aws:sqs:us-east-2:111122223333:other",
    )


def open_topic(stack: Stack) -> None:
    stack.endpoint.client("sns").set_topic_attributes(
        TopicArn=stack.physical_id("Topic"),
        AttributeName="Policy",
        AttributeValue=json.dumps(policy("All", "sns:*")),
    )


def others_may_call(stack: Stack) -> None:
    stack.endpoint.client("lambda").add_permission(
        FunctionName="recorder",
        StatementId="everybody",
        Action="lambda:InvokeFunction",
        Principal="*",
    )


def wider_permission(stack: Stack) -> None:
    client, identity = stack.endpoint.client("lambda"), stack.physical_id("Permission")
    client.remove_permission(FunctionName="recorder", StatementId=identity)
    client.add_permission(
        FunctionName="recorder",
        StatementId=identity,
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceAccount="444455556666",
    )


def no_permission(stack: Stack) -> None:
    stack.endpoint.client("lambda").remove_permission(
        FunctionName="recorder", StatementId=stack.physical_id("Permission")
    )


def larger_batches(stack: Stack) -> None:
    mapping_call(stack, BatchSize=1, ScalingConfig={"MaximumConcurrency": 100})


def nothing_fed(stack: Stack) -> None:
    mapping_call(stack, Enabled=False)


def out_of_the_network(stack: Stack) -> None:
    stack.endpoint.client("lambda").update_function_configuration(
        FunctionName="recorder",
        VpcConfig={"SubnetIds": [], "SecurityGroupIds": []},
        DeadLetterConfig={"TargetArn": ""},
    )


def no_rule(stack: Stack) -> None:
    events = stack.endpoint.client("events")
    events.remove_targets(Rule="events", Ids=["queue", "topic", "other"])
    events.delete_rule(Name="events")


def no_mapping(stack: Stack) -> None:
    client = stack.endpoint.client("lambda")
    client.delete_event_source_mapping(UUID=stack.physical_id("Mapping"))


# In this order: what is gone shows no further change.
CHANGES: list[tuple[Change, set[Place]]] = [
    (another_pattern, {("Rule", "EventPattern"), ("Rule", "State")}),
    (another_target, {("Rule", "Targets")}),
    (another_life, {("Letters", "MessageRetentionPeriod")}),
    (no_redrive, {("Queue", "RedrivePolicy"), ("Queue", "VisibilityTimeout")}),
    (one_queue_open, {("QueuePolicy", "Queues")}),
    (both_queues_open, {("QueuePolicy", "PolicyDocument")}),
    (no_key, {("Topic", "KmsMasterKeyId")}),
    (listener, {("Topic", "Subscription")}),
    (open_topic, {("TopicPolicy", "PolicyDocument")}),
    (others_may_call, {("Function", "Permissions")}),
    (wider_permission, {("Permission", "SourceArn"), ("Permission", "SourceAccount")}),
    (no_permission, {("Permission", "")}),
    (larger_batches, {("Mapping", "BatchSize"), ("Mapping", "ScalingConfig")}),
    (nothing_fed, {("Mapping", "Enabled")}),
    (out_of_the_network, {("Function", "VpcConfig"), ("Function", "DeadLetterConfig")}),
    (no_rule, {("Rule", "")}),
    (no_mapping, {("Mapping", "")}),
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


def updated() -> dict[str, Any]:
    """Return the template with less of the topic and of the function, and other tags."""
    template = copy.deepcopy(RECORDS)
    resources = template["Resources"]
    for name in ("KmsMasterKeyId", "DisplayName"):
        del resources["Topic"]["Properties"][name]
    for name in ("DeadLetterConfig", "VpcConfig"):
        del resources["Function"]["Properties"][name]
    resources["Mapping"]["Properties"]["Tags"] = [{"Key": "owner", "Value": "security"}]
    return template


def test_updates_reach_what_the_handlers_drop(endpoint: Endpoint) -> None:
    first = copy.deepcopy(RECORDS)
    second = updated()
    for template in (first, second):
        resources = template["Resources"]
        resources["Topic"]["Properties"]["TopicName"] = "second"
        resources["Rule"]["Properties"]["Name"] = "second"
        resources["Function"]["Properties"]["FunctionName"] = "second"
        for name in ("Letters", "Queue"):
            resources[name]["Properties"]["QueueName"] = f"second-{name.lower()}"
    stack = Stack(endpoint, "second")
    assert stack.deploy(first) == []
    assert stack.deploy(second, "update") == []
    live = endpoint.client("lambda").get_function_configuration(FunctionName="second")
    assert not live.get("DeadLetterConfig", {}).get("TargetArn")
    assert not live["VpcConfig"].get("SubnetIds")
    tags = endpoint.client("lambda").list_tags(
        Resource=endpoint.client("lambda").get_event_source_mapping(
            UUID=stack.physical_id("Mapping")
        )["EventSourceMappingArn"]
    )["Tags"]
    assert {key: tag for key, tag in tags.items() if not key.startswith("aws:")} == {
        "owner": "security"
    }
    stack.delete()
