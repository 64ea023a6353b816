"""Whether what is published to a topic reaches people: publisher, topic, key, subscription (ALL-7).

Each link alone may look right: a topic whose key refuses the alarm, or a channel that drops what it
cannot read, delivers nothing and says nothing.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from policies.iam.resource_policies import Request, Statement, lets, listed, statements
from policies.lookups.keys import key_behind, refused
from policies.lookups.references import find, reference
from policies.templates.scope import Resource, Scope
from policies.templates.values import closed, known
from runbook.alarms.delivery import pager_reference

Json = Any
TOPIC, TOPIC_POLICY = "AWS::SNS::Topic", "AWS::SNS::TopicPolicy"
SUBSCRIPTION, SLACK = "AWS::SNS::Subscription", "AWS::Chatbot::SlackChannelConfiguration"
QUEUE, QUEUE_POLICY = "AWS::SQS::Queue", "AWS::SQS::QueuePolicy"
EVENTBRIDGE, SNS, PUBLISH = "events.amazonaws.com", "sns.amazonaws.com", "sns:Publish"
SENDING = ("kms:Decrypt", "kms:GenerateDataKey")
# How often SNS tries an address again of its own accord, and for how long it can at all.
OWN_RETRIES, LONGEST_RETRIES = 3, 3600
_PLACEHOLDER = re.compile(r"<[A-Za-z0-9._-]+>")


def refusals(topic: Resource, principal: str, carried: Mapping[str, str]) -> Iterator[str]:
    """Say what keeps a service from publishing: the topic's policy, or its key's.

    ``carried`` are the condition keys of the call. EventBridge carries none to be sure of: what
    hangs on a source that it may not tell counts as refused.
    """
    name = topic.at("TopicName", topic.logical_id)
    if not _published(topic, principal, carried):
        yield f"the policy of {name} does not let {principal} publish for it"
    held = topic.at("KmsMasterKeyId")
    key = key_behind(held, topic) if held is not None else None
    if held is not None and key is None:
        yield f"{name} is under no key of this environment and region"
    if key and any(refused(key, principal, dict.fromkeys(SENDING, carried))):
        yield f"the key of {name} does not let {principal} use it"


def _published(topic: Resource, principal: str, carried: Mapping[str, str]) -> bool:
    scope = topic.stack.scope
    said = [
        statement
        for policy in scope.resources(TOPIC_POLICY)
        if any(find(one, scope, TOPIC) is topic for one in policy.at("Topics", []))
        for statement in statements(policy.at("PolicyDocument"))
    ]
    call = {"aws:SecureTransport": "true", **carried}
    if principal == EVENTBRIDGE:
        said = [s for s in said if known(s.get("Effect")) != "Allow" or _unbound(s)]
        call["aws:SourceAccount"] = scope.environment.account
    return lets({"Statement": said}, Request(principal, PUBLISH, reference(topic), call))


def _unbound(statement: Statement) -> bool:
    """Say whether a statement for EventBridge holds where no source is told."""
    principal = known(statement.get("Principal"))
    services = listed(principal.get("Service")) if isinstance(principal, dict) else []
    conditions = known(statement.get("Condition")) or {}
    return EVENTBRIDGE in services and all(name.endswith("IfExists") for name in conditions)


@lru_cache(maxsize=2)
def subscriptions(scope: Scope) -> Mapping[Resource, list[Resource]]:
    """Map each topic to its subscriptions."""
    return _by_topic(scope, SUBSCRIPTION, "TopicArn")


@lru_cache(maxsize=2)
def channels(scope: Scope) -> Mapping[Resource, list[Resource]]:
    """Map each topic to the channels in Slack that listen to it, in whatever region it is."""
    return _by_topic(scope, SLACK, "SnsTopicArns")


def _by_topic(scope: Scope, kind: str, path: str) -> Mapping[Resource, list[Resource]]:
    found: dict[Resource, list[Resource]] = {}
    for listener in scope.resources(kind):
        for value in listed(listener.at(path, [])):
            topic = find(value, scope, TOPIC)
            if topic is not None:
                found.setdefault(topic, []).append(listener)
    return found


def pager_faults(subscription: Resource, scope: Scope) -> Iterator[str]:
    """Say what keeps a subscription from paging, whatever the pager's address is."""
    wanted = pager_reference(scope.environment)
    if (protocol := subscription.at("Protocol")) != "https":
        yield f"it is by {protocol}, not https"
    # Never what stands there instead: it may be the address itself, which is a key.
    if subscription.at("Endpoint") != wanted:
        yield f"its address is not {wanted}"
    if subscription.at("FilterPolicy") or subscription.at("FilterPolicyScope"):
        yield "it has a filter: what that leaves out pages nobody"
    if subscription.at("RawMessageDelivery"):
        yield "it is sent raw: the pager reads SNS's own envelope"
    yield from _retries(subscription)
    yield from _kept(subscription, scope)


def _retries(subscription: Resource) -> Iterator[str]:
    policy = closed(subscription.at("DeliveryPolicy.healthyRetryPolicy", {}))
    times, longest = policy.get("numRetries", OWN_RETRIES), policy.get("maxDelayTarget", 20)
    later = times - policy.get("numNoDelayRetries", 0)
    if times <= OWN_RETRIES:
        yield f"SNS tries it {times} times again, within a minute"
    if later * longest > LONGEST_RETRIES:
        yield f"{later} tries up to {longest} seconds apart: SNS takes {LONGEST_RETRIES} in all"


def _kept(subscription: Resource, scope: Scope) -> Iterator[str]:
    """Want a queue for what was not taken, that SNS can write to."""
    value = subscription.at("RedrivePolicy.deadLetterTargetArn")
    queue = find(value, scope, QUEUE) if value is not None else None
    if queue is None:
        yield "what the pager does not take is lost: it has no queue for that"
        return
    topic = find(subscription.at("TopicArn"), scope, TOPIC)
    carried = {"aws:SourceArn": reference(topic)} if topic else {}
    said = [
        statement
        for policy in scope.resources(QUEUE_POLICY)
        if any(find(one, scope, QUEUE) is queue for one in policy.at("Queues", []))
        for statement in statements(policy.at("PolicyDocument"))
    ]
    call = {"aws:SecureTransport": "true", **carried}
    request = Request(SNS, "sqs:SendMessage", reference(queue, "Arn"), call)
    key = key_behind(queue.at("KmsMasterKeyId"), queue)
    if not lets({"Statement": said}, request):
        yield f"{queue.logical_id} does not let it in: what the pager does not take is lost"
    if key is None or any(refused(key, SNS, dict.fromkeys(SENDING, carried))):
        yield f"the key of {queue.logical_id} does not let {SNS} use it"


def shows_in_slack(target: Json) -> bool:
    """Say whether Slack shows what a rule's target is sent.

    Amazon Q Developer in chat applications drops what is no event of AWS, no alarm, and not of its
    own schema, without a word to the sender.
    """
    given = known(target)
    if given.get("Input") is not None or given.get("InputPath") is not None:
        return _of_schema(known(given.get("Input")))
    transformer = known(given.get("InputTransformer"))
    if transformer is None:
        return True
    return _of_schema(known(transformer.get("InputTemplate")))


def _of_schema(text: Json) -> bool:
    """Read a message's JSON; what EventBridge puts in may stand in quotes or beside them."""
    if not isinstance(text, str):
        return False
    for filler in ("x", '"x"'):
        try:
            message = json.loads(_PLACEHOLDER.sub(filler, text))
        except ValueError:
            continue
        content = message.get("content") if isinstance(message, dict) else None
        described = isinstance(content, dict) and bool(content.get("description"))
        return described and (message.get("version"), message.get("source")) == ("1.0", "custom")
    return False
