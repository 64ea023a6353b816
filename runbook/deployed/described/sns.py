"""Amazon SNS."""

from __future__ import annotations

import json
from typing import Any

from runbook.deployed.description import (
    Description,
    NotThereError,
    Part,
    Resource,
    describes,
    present,
    selected,
)
from runbook.deployed.secret_text import SecretText
from runbook.deployed.shared_policy import shared_policy

READ = ("DisplayName", "FifoTopic", "KmsMasterKeyId", "SignatureVersion", "TracingConfig")
DOCUMENTS = ("DeliveryPolicy", "FilterPolicy", "RedrivePolicy", "ReplayPolicy")
NETWORK = ("http", "https")


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
        "Subscription": [_subscriber(each) for each in subscriptions],
        "Tags": sns.list_tags_for_resource(ResourceArn=arn)["Tags"],
        "TopicName": name,
    }
    return Description(
        present(properties),
        {"TopicArn": arn, "TopicName": name},
        unordered=frozenset({"Subscription"}),
        closed=frozenset({"KmsMasterKeyId", "Subscription"}),
    )


@describes("AWS::SNS::Subscription")
def subscription(resource: Resource) -> Description:
    """Read a subscription; it stands among its topic's, where it is no surprise."""
    sns, arn = resource.client("sns"), resource.physical_id
    try:
        live = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    except sns.exceptions.NotFoundException:
        raise NotThereError(f"no subscription {arn.rpartition(':')[0]}") from None
    subscriber = _subscriber(live)
    documents = {name: json.loads(live[name]) for name in DOCUMENTS if live.get(name)}
    properties = {
        **subscriber,
        **documents,
        **selected(live, "FilterPolicyScope", "RawMessageDelivery", "SubscriptionRoleArn"),
        "TopicArn": live["TopicArn"],
    }
    return Description(
        present(properties),
        {"Arn": arn},
        closed=frozenset({"FilterPolicy", "RawMessageDelivery", "RedrivePolicy"}),
        defaults={"RawMessageDelivery": False},
        parts=(Part("AWS::SNS::Topic", live["TopicArn"], "Subscription", subscriber),),
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


def _subscriber(live: dict[str, Any]) -> dict[str, str]:
    """Return who is subscribed; an address on the network may hold a key, and is never told."""
    endpoint = live["Endpoint"]
    hidden = SecretText.of(endpoint) if live["Protocol"] in NETWORK else endpoint
    return {"Endpoint": hidden, "Protocol": live["Protocol"]}
