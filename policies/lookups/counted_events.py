"""Rules of EventBridge that alarms count, and what they say to those who are told."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from policies.lookups.event_patterns import matches, pattern_of
from policies.templates.scope import Resource, Scope
from policies.templates.values import closed, known
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.paging import topic
from runbook.chat_messages import PLAIN_FIELDS, placeholders

Json = Any
Event = Mapping[str, Json]
RULE_OF_EVENTS = "AWS::Events::Rule"
# What a message of this form has to hold for Slack to show it.
_FORM = {"version": "1.0", "source": "custom"}


def counted(name: str, scope: Scope) -> str:
    """Write a counted rule's name as metrics know it."""
    return scope.principals.named(name)


def severity_topic(alarm: str, scope: Scope) -> str:
    """Write the ARN of the topic that an alarm's severity goes to, by the catalogue."""
    environment = scope.environment
    severity = next(one.severity for one in alarms_of(environment) if one.id == alarm)
    place = f"{environment.region}:{environment.account}"
    return f"arn:aws:sns:{place}:{topic(environment.slug, severity)}"


def takes(rule: Resource, event: Event) -> bool:
    """Say whether a rule takes an event, as its pattern is and whether or not it is on."""
    return bool(rule.at("EventPattern")) and matches(pattern_of(rule), event)


def deaf(rule: Resource) -> Iterator[str]:
    """Find what keeps a rule from counting, or loses what it cannot deliver."""
    if (state := rule.at("State", "ENABLED")) != "ENABLED":
        yield f"it is {state}: nothing is counted"
    if (bus := rule.at("EventBusName", "default")) != "default":
        yield f"it listens to {bus}, where AWS says nothing"
    targets = [known(target) for target in rule.at("Targets", [])]
    if not targets:
        yield "it has no target: what matches it may not be counted"
    for target in targets:
        if not target.get("DeadLetterConfig"):
            yield f"what {target.get('Id')} does not take is lost: it has no dead-letter queue"


def untold(rule: Resource, arn: str, fields: Mapping[str, str]) -> Iterator[str]:
    """Find what keeps those whom ``arn`` reaches from reading each of ``fields``.

    ``fields`` map what a reader asks to the path that answers it.
    """
    told = [known(t) for t in rule.at("Targets", []) if known(known(t).get("Arn")) == arn]
    if not told:
        yield f"it tells nobody by {arn.rpartition(':')[2]}"
    for target in told:
        transformer = known(target.get("InputTransformer")) or {}
        paths = closed(transformer.get("InputPathsMap") or {})
        text = closed(transformer.get("InputTemplate") or "")
        yield from _unshown(text)
        used = placeholders(text)
        said = {path for name, path in paths.items() if name in used}
        for asked, path in fields.items():
            if path not in said:
                yield f"its message does not say {asked} ({path})"
        if rough := sorted(set(paths.values()) - PLAIN_FIELDS):
            yield f"its message breaks by what may stand in {', '.join(rough)}"
        if unknown := sorted(used - set(paths)):
            yield f"its message has no field for {', '.join(unknown)}"


def _unshown(text: str) -> Iterator[str]:
    """Find what keeps Slack from showing a message of this template."""
    try:
        message = json.loads(text)
    except ValueError:
        yield "its message is no JSON: Slack shows nothing"
        return
    content = message.get("content") if isinstance(message, dict) else None
    form = {name: message.get(name) for name in _FORM} if isinstance(message, dict) else {}
    if form != _FORM or not isinstance(content, dict) or not content.get("description"):
        yield "its message is no custom notification: Slack shows nothing"
