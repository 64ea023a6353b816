"""SNS: subscriptions as stack resources, and where messages over HTTPS go: never off this machine.

Whoever is subscribed over the network is played by the sandbox: a subscriber confirms at once, as
PagerDuty and Amazon Q Developer do, and is handed what it would have been sent by those who asked
for it in ``HEARERS``. Nobody asks outside a rehearsal; then a message ends here.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from sandbox.emulator.client import client
from sandbox.emulator.patching import PATCHES, Function
from sandbox.emulator.resource_types import REPLACED, AddedType, Created, Properties

SNS = "ministack.services.sns"
ATTRIBUTES = (
    *("DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery"),
    *("RedrivePolicy", "ReplayPolicy", "SubscriptionRoleArn"),
)
REPLACING = ("Endpoint", "Protocol", "TopicArn")
NETWORK = ("http", "https")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Given an endpoint and the text it is posted, each says whether it took it; what it raises is a
# failure of the endpoint.
HEARERS: list[Callable[[str, str], bool]] = []

PATCHES.needs(SNS, "_find_subscription", "_sub_arn_to_topic", "_refresh_subscription_counts")
PATCHES.needs(SNS, "_topic_by_arn_any_scope", "_deliver_to_sqs", "_http_post_sync")


# --- AWS::SNS::Subscription ---


def create_subscription(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Subscribe; Ref gives the subscription's ARN. Who is reached over the network confirms."""
    sns = client("sns")
    topic, endpoint = properties["TopicArn"], properties["Endpoint"]
    sns.subscribe(
        TopicArn=topic,
        Protocol=properties["Protocol"],
        Endpoint=endpoint,
        Attributes=_attributes(properties),
        ReturnSubscriptionArn=True,
    )
    arn = next(
        each["SubscriptionArn"]
        for each in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        if (each["Protocol"], each["Endpoint"]) == (properties["Protocol"], endpoint)
    )
    return arn, {"Arn": arn}


def update_subscription(
    arn: str, old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Set attributes in place; of another topic or endpoint it is another one."""
    if any(old.get(name) != new.get(name) for name in REPLACING):
        return create_subscription(logical_id, new, stack)
    before, after = _attributes(old), _attributes(new)
    for name in before.keys() | after.keys():
        if before.get(name) != after.get(name):
            client("sns").set_subscription_attributes(
                SubscriptionArn=arn, AttributeName=name, AttributeValue=after.get(name, "")
            )
    return arn, {"Arn": arn}


def delete_subscription(arn: str, _properties: Properties) -> None:
    """Unsubscribe."""
    client("sns").unsubscribe(SubscriptionArn=arn)


def _attributes(properties: Properties) -> dict[str, str]:
    return {
        name: _text(properties[name]) for name in ATTRIBUTES if properties.get(name) is not None
    }


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value)


REPLACED["AWS::SNS::Subscription"] = AddedType(
    create_subscription, update_subscription, delete_subscription, tagged=False
)


# --- Over the network ---


@PATCHES.wrap(SNS, "_send_subscription_confirmation", parameters=("topic_arn", "sub"))
async def confirm(original: Function, topic_arn: str, sub: dict[str, Any]) -> None:
    """Let who is elsewhere confirm at once; who is on this machine is asked, as by ministack."""
    if _is_here(str(sub.get("endpoint", ""))):
        await original(topic_arn, sub)
        return
    confirmed(sub)


def confirmed(sub: dict[str, Any]) -> None:
    """Note that a subscriber has confirmed."""
    from ministack.services import sns

    sub.update(confirmed=True, token=None)
    sub["attributes"] |= {"ConfirmationWasAuthenticated": "true", "PendingConfirmation": "false"}
    topic = sns._topic_by_arn_any_scope(sub["topic_arn"])
    if topic is not None:
        sns._refresh_subscription_counts(topic)


@PATCHES.wrap(SNS, "_http_post_sync", parameters=("endpoint", "payload", "sns_message_type"))
def post(original: Function, endpoint: str, payload: str, sns_message_type: str) -> int:
    """Post to this machine only; the rest goes to whoever plays the subscriber."""
    if _is_here(endpoint):
        return int(original(endpoint, payload, sns_message_type))
    for hear in HEARERS:
        if hear(endpoint, payload):
            return 200
    # The address may hold a key: its host is all that a log may have.
    sys.stderr.write(f"sandbox: nobody plays {urlsplit(endpoint).hostname}: a message ends here\n")
    return 200


@PATCHES.wrap(SNS, "_deliver_to_http", parameters=("endpoint", "payload"))
async def deliver(_original: Function, endpoint: str, payload: str) -> None:
    """Deliver once; what is not taken goes where the subscription's redrive policy says.

    SNS tries again for as long as the delivery policy says; here the first failure is the last.
    """
    from ministack.services import sns

    try:
        await asyncio.to_thread(sns._http_post_sync, endpoint, payload, "Notification")
    except Exception as error:  # noqa: BLE001 - whatever the network raises
        host = urlsplit(endpoint).hostname
        sys.stderr.write(f"sandbox: {host} did not take a message: {type(error).__name__}\n")
        _redrive(endpoint, payload)


def _redrive(endpoint: str, payload: str) -> None:
    """Send what was not taken to the dead letters of every such subscription of its topic."""
    from ministack.core.responses import request_scope
    from ministack.services import sns

    topic_arn = str(json.loads(payload).get("TopicArn", ""))
    region, account = topic_arn.split(":")[3:5]
    with request_scope(account, region):
        topic = sns._topic_by_arn_any_scope(topic_arn) or {"subscriptions": []}
        for sub in topic["subscriptions"]:
            policy = json.loads(sub["attributes"].get("RedrivePolicy") or "{}")
            letters = policy.get("deadLetterTargetArn")
            if letters and sub["endpoint"] == endpoint:
                sns._deliver_to_sqs(
                    letters, payload, raw=False, raw_message=payload, topic_arn=topic_arn
                )


def _is_here(endpoint: str) -> bool:
    return urlsplit(endpoint).hostname in LOOPBACK
