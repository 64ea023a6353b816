"""ALL-7: what alarms, rules and budgets publish reaches somebody: followed link by link."""

from collections.abc import Iterator
from typing import Any

from policies.lookups.alert_delivery import (
    TOPIC,
    channels,
    pager_faults,
    refusals,
    shows_in_slack,
    subscriptions,
)
from policies.lookups.key_uses import SENDERS, carried_by, values_at
from policies.lookups.references import find
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import known

Json = Any
ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
RULE_OF_EVENTS = "AWS::Events::Rule"
TYPES = (*ALARMS, "AWS::Backup::BackupVault", "AWS::Budgets::Budget", RULE_OF_EVENTS)
_TOPIC_ARN = "arn:aws:sns:"


def _tells_topics(publisher: Resource, scope: Scope) -> bool:
    return any(_told(publisher, scope))


def _told(publisher: Resource, scope: Scope) -> Iterator[tuple[str, Resource | None, Json]]:
    """List the topics that it publishes to, as text and as found, with the target of a rule."""
    for value, target in _values(publisher):
        topic = find(value, scope, TOPIC)
        text = str(known(value))
        if topic is not None or text.startswith(_TOPIC_ARN):
            yield text, topic, target


def _values(publisher: Resource) -> Iterator[tuple[Json, Json]]:
    if publisher.type == RULE_OF_EVENTS:
        for target in publisher.at("Targets", []):
            yield known(target).get("Arn"), target
        return
    for path in SENDERS[publisher.type].to:
        for value in values_at(publisher.properties, path.split(".")):
            yield value, None


def _judge(publisher: Resource, scope: Scope) -> Iterator[str]:
    sender = SENDERS[publisher.type]
    context = carried_by(publisher, sender.arn, sender.name) if sender.arn else {}
    for text, topic, target in _told(publisher, scope):
        if topic is None:
            yield f"it tells {text}, which is in no template"
            continue
        name = topic.at("TopicName", topic.logical_id)
        here, there = (each.stack.template.region for each in (publisher, topic))
        if publisher.type in (*ALARMS, RULE_OF_EVENTS) and here != there:
            yield f"it is in {here} and tells {name} in {there}: AWS takes topics of one region"
        yield from refusals(topic, sender.principal, context)
        yield from _unheard(publisher, topic, target, scope)


def _unheard(publisher: Resource, topic: Resource, target: Json, scope: Scope) -> Iterator[str]:
    """Say that nobody is told, or only who cannot read it: the pager reads alarms alone."""
    name = topic.at("TopicName", topic.logical_id)
    slack = bool(channels(scope).get(topic))
    paged = any(not any(pager_faults(s, scope)) for s in subscriptions(scope).get(topic, ()))
    if publisher.type in ALARMS:
        if not (slack or paged):
            yield f"nobody listens to {name}"
    elif not slack:
        yield f"no channel in Slack listens to {name}, and a pager reads alarms alone"
    elif publisher.type == RULE_OF_EVENTS and not shows_in_slack(target):
        target_id = known(target).get("Id")
        yield f"Slack drops what {target_id} sends to {name}: it is no event, and of no schema"


def _required(scope: Scope) -> Iterator[str]:
    if not any(_tells_topics(alarm, scope) for alarm in scope.resources(*ALARMS)):
        yield "no alarm tells any topic"


RULE = Rule(
    id="alarms-delivered",
    title="What alarms, rules of EventBridge, budgets and backups publish reaches somebody: topic, "
    "its policy, its key, a subscription that reads it",
    why="Each link that refuses drops the message and says nothing to anybody: the alarm rings in "
    "CloudWatch alone.",
    remedy="Send to a topic of runbook_constructs.alert_topics in the same region, or to the "
    "security topic; what a rule sends to Slack is an event of AWS or of the schema of custom "
    "notifications.",
    clauses=("ALL-7", "ROVN-SEV-1"),
    controls=("HIPAA 164.312(b)", "NIST AU-5", "NIST IR-6", "SOC2 CC7.3"),
    types=TYPES,
    concerns=_tells_topics,
    judge=_judge,
    required=_required,
    waivable=False,
)
