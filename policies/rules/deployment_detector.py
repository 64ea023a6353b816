"""ROVN-MIG-1, ALL-3: whoever takes the release gate away, or goes past it, pages."""

from collections.abc import Iterator

from policies.iam.resource_policies import Request, lets, listed, statements
from policies.lookups.event_patterns import matches
from policies.lookups.past_the_gate import attacks, releases
from policies.lookups.references import find, reference
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import closed, known

RULE_OF_EVENTS, TOPIC, POLICY = "AWS::Events::Rule", "AWS::SNS::Topic", "AWS::SNS::TopicPolicy"
EVENTBRIDGE, PUBLISH = "events.amazonaws.com", "sns:Publish"


def _is_ours(resource: Resource, scope: Scope) -> bool:
    if resource.type == TOPIC:
        return bool(resource.at("TopicName") == _topic_name(scope))
    named = str(resource.at("Name", "")).startswith(scope.principals.named("detector-"))
    return named or _pages(resource, scope)


def _topic_name(scope: Scope) -> str:
    return scope.principals.named("security")


def _pages(rule: Resource, scope: Scope) -> bool:
    """Say whether a rule sends to those who are on call."""
    return any(
        topic is not None and topic.at("TopicName") == _topic_name(scope)
        for target in rule.at("Targets", [])
        for topic in [find(known(target).get("Arn"), scope, TOPIC)]
    )


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    if resource.type == TOPIC:
        yield from _topic(resource, scope)
        return
    if (state := resource.at("State", "ENABLED")) != "ENABLED":
        yield f"it is {state}"
    if (bus := resource.at("EventBusName", "default")) != "default":
        yield f"it listens to {bus}, where CloudTrail says nothing"
    if not _pages(resource, scope):
        yield f"it sends to nobody by {_topic_name(scope)}"
    for target in resource.at("Targets", []):
        if not (known(target).get("DeadLetterConfig") or {}):
            yield f"what {target.get('Id')} does not take is lost: it has no dead-letter queue"
    pattern = closed(resource.at("EventPattern", {}))
    for what, event in releases(scope).items():
        if matches(pattern, event):
            yield f"it pages for {what}, too"


def _topic(topic: Resource, scope: Scope) -> Iterator[str]:
    """Want a policy by which EventBridge, which may tell no source, publishes."""
    arn, account = reference(topic), scope.environment.account
    documents = [
        policy.at("PolicyDocument")
        for policy in scope.resources(POLICY)
        if any(find(one, scope, TOPIC) is topic for one in policy.at("Topics", []))
    ]
    call = {"aws:SecureTransport": "true", "aws:SourceAccount": account}
    if not any(
        _lets_in(document, Request(EVENTBRIDGE, PUBLISH, arn, call)) for document in documents
    ):
        yield f"its policy does not let {EVENTBRIDGE} publish: no page arrives"


def _lets_in(document: object, request: Request) -> bool:
    unbound = [
        statement
        for statement in statements(document)
        if EVENTBRIDGE in _services(known(statement.get("Principal")))
        and all(name.endswith("IfExists") for name in known(statement.get("Condition")) or {})
    ]
    denials = [s for s in statements(document) if known(s.get("Effect")) != "Allow"]
    return lets({"Statement": [*unbound, *denials]}, request)


def _services(principal: object) -> list[object]:
    return listed(principal.get("Service")) if isinstance(principal, dict) else []


def _required(scope: Scope) -> Iterator[str]:
    if not scope.principals.gated:
        return
    if not any(_is_ours(topic, scope) for topic in scope.resources(TOPIC)):
        yield f"no topic is called {_topic_name(scope)}"
    patterns = [
        closed(rule.at("EventPattern"))
        for rule in scope.resources(RULE_OF_EVENTS)
        if _is_ours(rule, scope) and rule.at("EventPattern")
    ]
    for what, event in attacks(scope).items():
        if not any(matches(pattern, event) for pattern in patterns):
            yield f"nobody is paged when {what}"


RULE = Rule(
    id="deployment-detector",
    title="Whoever changes a deployment's configuration, its traffic or its gate by hand pages "
    "those who are on call",
    why="One right removes the gate from a service. Without a page nobody knows that the next "
    "release met none.",
    remedy="Leave the rules and their topic to runbook_constructs.deployment_detector.",
    clauses=("ROVN-MIG-1", "ALL-3"),
    controls=("HIPAA 164.312(b)", "NIST AU-6", "NIST SI-4", "SOC2 CC7.2"),
    types=(RULE_OF_EVENTS, TOPIC),
    concerns=_is_ours,
    judge=_judge,
    required=_required,
    waivable=False,
)
