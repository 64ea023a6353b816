"""event-targets-let-in (ROVN-AUD-1, ROVN-MIG-2)."""

import pytest

from policies.rules.event_targets_let_in import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, resource, template, verdicts

ACCOUNT = "111122223333"
ARN = f"arn:aws:events:us-east-2:{ACCOUNT}:rule/nightly"
QUEUE, LETTERS = {"Fn::GetAtt": ["Queue", "Arn"]}, {"Fn::GetAtt": ["Letters", "Arn"]}
FUNCTION = {"Fn::GetAtt": ["Function", "Arn"]}
INVOKE = {
    "Action": "lambda:InvokeFunction",
    "FunctionName": {"Ref": "Function"},
    "Principal": "events.amazonaws.com",
    "SourceArn": ARN,
}
SEND = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": "*",
    "Condition": {"ArnEquals": {"aws:SourceArn": ARN}},
}
PLAIN_HTTP = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sqs:*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def said(
    *targets: Json, queue: Json = SEND, letters: Json = SEND, invoke: Json | None = None
) -> str:
    rule = {"Name": "nightly", "Targets": [{"Id": "it", **target} for target in targets]}
    given: Json = {
        "Rule": {"Type": "AWS::Events::Rule", "Properties": rule},
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Letters": {"Type": "AWS::SQS::Queue"},
        "Function": {"Type": "AWS::Lambda::Function"},
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Invoke": {
            "Type": "AWS::Lambda::Permission",
            "Properties": INVOKE if invoke is None else invoke,
        },
    }
    for name, statement in (("Queue", queue), ("Letters", letters)):
        given[f"{name}Policy"] = {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "PolicyDocument": {"Statement": [PLAIN_HTTP, statement]},
                "Queues": [{"Ref": name}],
            },
        }
    return verdicts(RULE, template("records", given))["Rule"]


def lost(name: str) -> str:
    return f"{name} does not let it in: what it sends there is lost"


def test_who_is_let_in_passes() -> None:
    assert said({"Arn": QUEUE, "DeadLetterConfig": {"Arn": LETTERS}}, {"Arn": FUNCTION}) == "pass"


@pytest.mark.parametrize(
    "more",
    [
        {"Effect": "Deny"},
        {"Principal": {"Service": "sns.amazonaws.com"}},
        {"Action": "sqs:ReceiveMessage"},
        {"Resource": "arn:aws:sqs:us-east-2:111122223333:another"},
        {"Condition": {"ArnEquals": {"aws:SourceArn": f"{ARN}-old"}}},
        {"Condition": {"StringEquals": {"aws:SourceAccount": "999988887777"}}},
    ],
)
def test_a_queue_that_refuses_is_told(more: Json) -> None:
    target = {"Arn": QUEUE, "DeadLetterConfig": {"Arn": LETTERS}}
    assert said(target, queue=SEND | more) == lost("Queue")
    assert said(target, letters=SEND | more) == lost("Letters")


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ({"SourceAccount": ACCOUNT}, "pass"),
        ({"Action": "lambda:*"}, "pass"),
        ({"Action": "lambda:GetFunction"}, lost("Function")),
        ({"Principal": "s3.amazonaws.com"}, lost("Function")),
        ({"SourceArn": f"{ARN}-old"}, lost("Function")),
        ({"SourceAccount": "999988887777"}, lost("Function")),
        ({"FunctionName": "another"}, lost("Function")),
        ({"SourceArn": OPEN}, "SourceArn: ${SomeParameter} is open"),
    ],
)
def test_a_function_needs_a_permission_for_the_rule(more: Json, verdict: str) -> None:
    assert said({"Arn": FUNCTION}, invoke=INVOKE | more).startswith(verdict)


def test_a_permission_for_every_rule_is_one_for_this() -> None:
    unbound = {key: value for key, value in INVOKE.items() if key != "SourceArn"}
    assert said({"Arn": FUNCTION}, invoke=unbound) == "pass"


def test_every_target_is_looked_at() -> None:
    assert said({"Arn": QUEUE}, {"Arn": LETTERS}, letters=PLAIN_HTTP) == lost("Letters")


def test_what_sends_to_no_queue_and_no_function_is_not_looked_at() -> None:
    assert said({"Arn": {"Ref": "Topic"}}) == "not_applicable"
    assert said() == "not_applicable"


def test_an_open_target_fails() -> None:
    assert "${SomeParameter} is open" in said({"Arn": OPEN})
    assert "${SomeParameter} is open" in said({"Arn": QUEUE, "DeadLetterConfig": OPEN})
    assert "${SomeParameter} is open" in said({"Arn": QUEUE}, queue=SEND | {"Action": OPEN})


def test_only_this_rule_sees_a_queue_that_refuses_a_rule(real: Real) -> None:
    def spoil(body: Json) -> None:
        document = properties(body, "AWS::SQS::QueuePolicy", "ReleasesQueuePolicy")
        (send,) = (s for s in document["PolicyDocument"]["Statement"] if s["Effect"] == "Allow")
        named = send["Condition"]["ArnEquals"]["aws:SourceArn"]
        named[:] = [arn for arn in named if not arn.endswith("-pipelines")]

    assert real.caught("records", spoil) == {("event-targets-let-in", "ReleasesPipelines")}


def test_only_this_rule_sees_a_janitor_that_nobody_may_call(real: Real) -> None:
    def spoil(body: Json) -> None:
        resource(body, "AWS::Lambda::Permission")["Properties"]["SourceArn"] += "-old"

    assert real.caught("records", spoil) == {("event-targets-let-in", "SnapshotsDaily")}
