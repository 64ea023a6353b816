"""Amazon SNS."""

from __future__ import annotations

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

READ = ("DisplayName", "FifoTopic", "KmsMasterKeyId", "SignatureVersion", "TracingConfig")


@describes("AWS::SNS::Topic")
def topic(resource: Resource) -> Description:
    """Read a topic, its key, who gets its messages, and its tags."""
    sns, arn = resource.client("sns"), resource.physical_id
    live = _attributes(resource, arn)
    name = arn.rpartition(":")[2]
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
    subscriptions = [each for page in pages for each in page["Subscriptions"]]
    properties = {
        **selected(live, *READ),
        "Subscription": [selected(each, "Endpoint", "Protocol") for each in subscriptions],
        "Tags": sns.list_tags_for_resource(ResourceArn=arn)["Tags"],
        "TopicName": name,
    }
    return Description(
        present(properties),
        {"TopicArn": arn, "TopicName": name},
        unordered=frozenset({"Subscription"}),
        closed=frozenset({"KmsMasterKeyId", "Subscription"}),
    )


@describes("AWS::SNS::TopicPolicy")
def topic_policy(resource: Resource) -> Description:
    """Read the policy of the topics that it is declared for; a topic with another is left out."""
    return shared_policy(resource, "Topics", _attributes)


def _attributes(resource: Resource, arn: str) -> dict[str, Any]:
    sns = resource.client("sns")
    try:
        attributes: dict[str, Any] = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    except sns.exceptions.NotFoundException:
        raise NotThereError(f"no topic {arn}") from None
    return attributes
