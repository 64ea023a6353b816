"""severities-delivered (ROVN-SEV-1, ALL-7)."""

import pytest

from policies.rules.severities_delivered import RULE
from tests.policies.rules.harness import OPEN, Json, Real, template, verdicts
from tests.policies.rules.spoiling import ABSENT, Spoil, add, all_pass, faults, setting

HOME, EDGE = "production-alerts", "edge-alerts"
TOPIC, SUBSCRIPTION, POLICY = "AWS::SNS::Topic", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy"
PAGER, SEV_1, SEV_2 = "SeveritiesSev1Pager1", "SeveritiesSev1", "SeveritiesSev2"
REFERENCE = "{{resolve:secretsmanager:rovn/production/pager-address:SecretString}}"
UNPAGED = "sev-1 is for pager, which is not subscribed"
# The value of an address that somebody pasted: no message may have it.
PASTED = "https://events.pagerduty.com/integration/canary/enqueue"


def pager(path: str, value: object) -> Spoil:
    return setting(SUBSCRIPTION, PAGER, path, value)


def without(kind: str, name: str) -> Spoil:
    def spoil(body: Json) -> None:
        found = [
            key
            for key, each in body["Resources"].items()
            if each["Type"] == kind and key[:-8] == name
        ]
        for key in found:
            del body["Resources"][key]

    return spoil


def test_every_severity_reaches_whom_the_documents_say(real: Real) -> None:
    levels = [f"SeveritiesSev{number}" for number in (1, 2, 3, 4)]
    assert all_pass(real, RULE, *levels, PAGER)


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("Protocol", "http", "it is by http, not https"),
        ("Endpoint", PASTED, f"its address is not {REFERENCE}"),
        (
            "Endpoint",
            REFERENCE.replace("pager-address", "sentry-dsn"),
            f"its address is not {REFERENCE}",
        ),
        (
            "FilterPolicy",
            {"severity": ["none"]},
            "it has a filter: what that leaves out pages nobody",
        ),
        (
            "FilterPolicyScope",
            "MessageBody",
            "it has a filter: what that leaves out pages nobody",
        ),
        ("RawMessageDelivery", "true", "it is sent raw: the pager reads SNS's own envelope"),
        ("DeliveryPolicy", ABSENT, "SNS tries it 3 times again, within a minute"),
        (
            "DeliveryPolicy.healthyRetryPolicy.numRetries",
            2,
            "SNS tries it 2 times again, within a minute",
        ),
        (
            "DeliveryPolicy.healthyRetryPolicy.maxDelayTarget",
            600,
            "42 tries up to 600 seconds apart: SNS takes 3600 in all",
        ),
        (
            "RedrivePolicy",
            ABSENT,
            "what the pager does not take is lost: it has no queue for that",
        ),
        (
            "RedrivePolicy.deadLetterTargetArn",
            OPEN,
            "RedrivePolicy.deadLetterTargetArn: ${SomeParameter} is open: the parameter "
            "SomeParameter is given when it is deployed",
        ),
    ],
)
def test_a_pager_that_is_not_reached(
    production: Real, path: str, value: object, message: str
) -> None:
    told = faults(production, RULE, HOME, pager(path, value))
    assert told[PAGER] == message
    assert PASTED not in str(told)
    assert UNPAGED in told[SEV_1] or value is OPEN


def test_what_no_pager_took_is_kept(production: Real) -> None:
    queue = without("AWS::SQS::QueuePolicy", "SeveritiesDeadLettersPolicy")
    assert faults(production, RULE, HOME, queue)[PAGER] == (
        "SeveritiesDeadLetters5B61EACC does not let it in: what the pager does not take is lost"
    )


@pytest.mark.clause("ALL-7")
def test_a_pager_that_is_gone(production: Real) -> None:
    for part in (HOME, EDGE):
        assert faults(production, RULE, part, without(SUBSCRIPTION, PAGER)) == {SEV_1: UNPAGED}


def test_who_wakes_nobody_has_no_pager(production: Real) -> None:
    spoil = add(
        "More",
        SUBSCRIPTION,
        TopicArn="arn:aws:sns:us-east-2:111122223333:rovn-production-sev-2",
        Protocol="email",
        Endpoint="somebody@example.com",
    )
    told = faults(production, RULE, HOME, spoil)["More"]
    assert told.startswith("sev-2 wakes nobody: it is for slack; it is by email, not https; ")


@pytest.mark.clause("ROVN-SEV-1")
def test_a_channel_that_does_not_listen(production: Real) -> None:
    spoil = setting("AWS::Chatbot::SlackChannelConfiguration", "SlackAlarms", "SnsTopicArns", [])
    told = faults(production, RULE, "slack", spoil)
    assert told[SEV_2] == "sev-2 is for slack, which is not subscribed"
    assert told[SEV_1] == "sev-1 is for slack, which is not subscribed"


def test_alarms_that_may_not_publish(production: Real) -> None:
    for path, value in (("Principal.Service", "events.amazonaws.com"), ("Effect", "Deny")):
        spoil = setting(POLICY, "SeveritiesSev2Policy", f"PolicyDocument.Statement.1.{path}", value)
        assert faults(production, RULE, EDGE, spoil)[SEV_2] == (
            "the policy of rovn-production-sev-2 does not let cloudwatch.amazonaws.com publish "
            "for it"
        )
    key = setting(TOPIC, SEV_2, "KmsMasterKeyId", "alias/aws/sns")
    told = "rovn-production-sev-2 is under no key of this environment and region"
    assert faults(production, RULE, EDGE, key)[SEV_2] == told


def test_every_topic_must_exist(production: Real) -> None:
    name = setting(TOPIC, SEV_2, "TopicName", "another")
    for part, region in ((HOME, "us-east-2"), (EDGE, "us-east-1")):
        told = faults(production, RULE, part, name)
        assert told == {None: f"no topic in {region} is called rovn-production-sev-2"}


def test_other_topics_are_not_looked_at() -> None:
    found = verdicts(RULE, template("alerts", {"Other": {"Type": TOPIC}}))
    assert found["Other"] == "not_applicable"


def test_only_this_rule_and_the_proof_of_alarms_see_a_pager_that_is_gone(real: Real) -> None:
    assert real.caught(EDGE, without(SUBSCRIPTION, PAGER)) == {(RULE.id, SEV_1)}
