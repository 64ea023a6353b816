"""Amazon SQS."""

from __future__ import annotations

import json
from typing import Any

from runbook.deployed.description import (
    Description,
    NotThereError,
    Resource,
    describes,
    present,
    selected,
)
from runbook.deployed.shared_policy import shared_policy

READ = (
    "DelaySeconds",
    "FifoQueue",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
)
# Attributes that are JSON in a text.
DOCUMENTS = ("RedriveAllowPolicy", "RedrivePolicy")


@describes("AWS::SQS::Queue")
def queue(resource: Resource) -> Description:
    """Read a queue, where its failed messages go, and its tags."""
    url = resource.physical_id
    live = _attributes(resource, url)
    arn = live["QueueArn"]
    name = arn.rpartition(":")[2]
    tags = resource.client("sqs").list_queue_tags(QueueUrl=url).get("Tags", {})
    properties = {
        **selected(live, *READ),
        **{each: json.loads(live[each]) for each in DOCUMENTS if live.get(each)},
        "QueueName": name,
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }
    return Description(
        present(properties),
        {"Arn": arn, "QueueName": name, "QueueUrl": url},
        closed=frozenset({"KmsMasterKeyId", *DOCUMENTS}),
    )


@describes("AWS::SQS::QueuePolicy")
def queue_policy(resource: Resource) -> Description:
    """Read the policy of the queues that it is declared for; a queue with another is left out."""
    return shared_policy(resource, "Queues", _attributes)


def _attributes(resource: Resource, url: str) -> dict[str, Any]:
    sqs = resource.client("sqs")
    try:
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    except sqs.exceptions.QueueDoesNotExist:
        raise NotThereError(f"no queue {url}") from None
    attributes: dict[str, Any] = found["Attributes"]
    return attributes
