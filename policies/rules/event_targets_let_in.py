"""ROVN-AUD-1, ROVN-MIG-2: what a rule of EventBridge sends to takes it."""

from collections.abc import Iterator

from policies.iam.resource_policies import Request, lets, matches, statements
from policies.lookups.references import find, reference
from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import known

EVENTS = "AWS::Events::Rule"
QUEUE, FUNCTION = "AWS::SQS::Queue", "AWS::Lambda::Function"
_EVENTBRIDGE = "events.amazonaws.com"
_POLICY, _PERMISSION = "AWS::SQS::QueuePolicy", "AWS::Lambda::Permission"


def _sends_there(rule: Resource, scope: Scope) -> bool:
    return any(_receivers(rule, scope))


def _receivers(rule: Resource, scope: Scope) -> Iterator[Resource]:
    """List the queues and functions it sends to, with those for what could not be delivered.

    A topic is looked at by deployment-detector, what else it starts by the role it does so in.
    """
    for target in map(known, rule.at("Targets", [])):
        dead_letters = known(target.get("DeadLetterConfig")) or {}
        for arn in (target.get("Arn"), dead_letters.get("Arn")):
            receiver = find(arn, scope, QUEUE, FUNCTION) if arn is not None else None
            if receiver is not None:
                yield receiver


def _judge(rule: Resource, scope: Scope) -> Iterator[str]:
    for receiver in _receivers(rule, scope):
        taken = _queue_takes if receiver.type == QUEUE else _function_takes
        if not taken(receiver, rule, scope):
            yield f"{receiver.logical_id} does not let it in: what it sends there is lost"


def _queue_takes(queue: Resource, rule: Resource, scope: Scope) -> bool:
    said = [
        statement
        for policy in scope.resources(_POLICY)
        if any(find(one, scope, QUEUE) is queue for one in policy.at("Queues", []))
        for statement in statements(policy.at("PolicyDocument"))
    ]
    call = {
        "aws:SecureTransport": "true",
        "aws:SourceAccount": scope.environment.account,
        "aws:SourceArn": reference(rule, "Arn"),
    }
    request = Request(_EVENTBRIDGE, "sqs:SendMessage", reference(queue, "Arn"), call)
    return lets({"Statement": said}, request)


def _function_takes(function: Resource, rule: Resource, scope: Scope) -> bool:
    return any(
        permission.at("Principal") == _EVENTBRIDGE
        and matches(permission.at("Action"), "lambda:InvokeFunction")
        and permission.at("SourceArn", reference(rule, "Arn")) == reference(rule, "Arn")
        and permission.at("SourceAccount", scope.environment.account) == scope.environment.account
        for permission in scope.resources(_PERMISSION)
        if find(permission.at("FunctionName"), scope, FUNCTION) is function
    )


RULE = Rule(
    id="event-targets-let-in",
    title="The queues and functions that a rule of EventBridge sends to let it in",
    why="A queue that refuses the sender keeps no record, a function that does never runs, and "
    "neither says so.",
    remedy="Name the rule in the queue's policy, or give the function a permission with the rule "
    "as SourceArn, as runbook_constructs.release_records does.",
    clauses=("ROVN-AUD-1", "ROVN-MIG-2"),
    controls=("HIPAA 164.312(b)", "NIST AU-5", "SOC2 CC7.2"),
    types=(EVENTS,),
    concerns=_sends_there,
    judge=_judge,
)
