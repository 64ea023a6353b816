"""ROVN-SEV-1: each severity has a topic, and it reaches whom the documents say."""

from collections.abc import Iterator

from policies.lookups.alert_delivery import (
    SUBSCRIPTION,
    TOPIC,
    channels,
    pager_faults,
    refusals,
    subscriptions,
)
from policies.lookups.references import find
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from runbook.alarms.delivery import levels_by_region
from runbook.alarms.paging import topic as topic_name
from runbook.alarms.severities import Level, levels

CLOUDWATCH = "cloudwatch.amazonaws.com"


def _concerns(resource: Resource, scope: Scope) -> bool:
    topic = _topic(resource, scope)
    return topic is not None and _level(topic, scope) is not None


def _topic(resource: Resource, scope: Scope) -> Resource | None:
    if resource.type == TOPIC:
        return resource
    return find(resource.at("TopicArn"), scope, TOPIC)


def _level(topic: Resource, scope: Scope) -> Level | None:
    environment = scope.environment
    every = levels(environment.organisation)
    named = {topic_name(environment.slug, each.id): each for each in every}
    return named.get(str(topic.at("TopicName")))


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    topic = _topic(resource, scope)
    assert topic is not None  # noqa: S101 - the rule is concerned with no other
    level = _level(topic, scope)
    assert level is not None  # noqa: S101 - nor with another level
    if resource.type == SUBSCRIPTION:
        if "pager" not in level.channels:
            yield f"{level.id} wakes nobody: it is for {', '.join(level.channels)}"
        yield from pager_faults(resource, scope)
        return
    yield from refusals(topic, CLOUDWATCH, _any_alarm(topic, scope))
    reached = {
        "pager": any(not any(pager_faults(s, scope)) for s in subscriptions(scope).get(topic, ())),
        "slack": bool(channels(scope).get(topic)),
    }
    for channel in level.channels:
        if not reached[channel]:
            yield f"{level.id} is for {channel}, which is not subscribed"


def _any_alarm(topic: Resource, scope: Scope) -> dict[str, str]:
    """Carry what an alarm of the environment in the topic's region does, whatever it is called."""
    environment = scope.environment
    place = f"{topic.stack.template.region}:{environment.account}"
    arn = f"arn:aws:cloudwatch:{place}:alarm:{environment.slug}-any"
    return {"aws:SourceAccount": environment.account, "aws:SourceArn": arn}


def _required(scope: Scope) -> Iterator[str]:
    environment = scope.environment
    there = {(t.stack.template.region, t.at("TopicName")) for t in scope.resources(TOPIC)}
    for region, each in levels_by_region(environment).items():
        for level in each:
            name = topic_name(environment.slug, level.id)
            if (region, name) not in there:
                yield f"no topic in {region} is called {name}"


RULE = Rule(
    id="severities-delivered",
    title="Each severity has a topic that alarms may publish to and that reaches the pager and "
    "the channels which the documents name",
    why="A severity without its subscription is an alarm that rings in an empty room: nobody "
    "notices until the outage that nobody was woken for.",
    remedy="Leave topics to runbook_constructs.alert_topics and channels to "
    "runbook_constructs.slack_channels; who is told of what stands in runbook/alarms/scales, "
    "addresses in [alerting] of the environment file.",
    clauses=("ROVN-SEV-1", "ALL-7"),
    controls=("HIPAA 164.308(a)(6)(ii)", "NIST AU-5", "NIST IR-6", "SOC2 CC7.3"),
    types=(TOPIC, SUBSCRIPTION),
    concerns=_concerns,
    judge=_judge,
    required=_required,
    waivable=False,
)
