"""deployment-detector (ROVN-MIG-1, ALL-3)."""

import pytest

from policies.lookups.past_the_gate import attacks
from policies.rules.deployment_detector import RULE
from policies.templates.scope import scopes_of
from runbook.model.loader import load_environment
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts
from tests.policies.rules.spoiling import ABSENT, Spoil, all_pass, faults, file_says, setting

PART = "records"
EVENTS, TOPIC, POLICY = "AWS::Events::Rule", "AWS::SNS::Topic", "AWS::SNS::TopicPolicy"
RULES = (
    *("DetectorConfiguration", "DetectorFunctions", "DetectorReplacement", "DetectorRouting"),
    *("DetectorRules", "DetectorStateMachines", "DetectorTraffic", "DetectorUngated"),
)
MUTE = "its policy does not let events.amazonaws.com publish: no page arrives"
PUBLISH = 1


def put(path: str, value: object, rule: str = "DetectorUngated") -> Spoil:
    return setting(EVENTS, rule, path, value)


def topic(path: str, value: object) -> Spoil:
    return setting(TOPIC, "DetectorTopic", path, value)


def publishes(path: str, value: object) -> Spoil:
    """Set something of the statement by which EventBridge publishes."""
    return setting(POLICY, "DetectorTopicPolicy", f"PolicyDocument.Statement.1.{path}", value)


def without(kind: str, name: str) -> Spoil:
    def spoil(body: Json) -> None:
        gone = properties(body, kind, name)
        kept = {k: v for k, v in body["Resources"].items() if v.get("Properties") is not gone}
        body["Resources"] = kept

    return spoil


def test_every_rule_pages(real: Real) -> None:
    """Those that tell of rotations, too: the topic is one."""
    told = ("SecretEventsRestart", "SecretEventsRotation")
    assert all_pass(real, RULE, "DetectorTopic", *RULES, *told)


@pytest.mark.clause("ALL-3")
@pytest.mark.parametrize(
    ("rule", "unseen"),
    [
        ("DetectorConfiguration", ("the alarms of a service are changed",)),
        ("DetectorFunctions", ("the gate of passport-api gets other code",)),
        ("DetectorReplacement", ("a service is created", "a service is deleted")),
        ("DetectorRouting", ("a service gets other target groups",)),
        ("DetectorRules", ("a rule of the detector is shut off",)),
        ("DetectorStateMachines", ("the migrations of passport-api get another order",)),
        ("DetectorTraffic", ("traffic is shifted by hand", "a listener is changed")),
        ("DetectorUngated", ("a service is left without hooks",)),
    ],
)
def test_each_rule_is_needed(production: Real, rule: str, unseen: tuple[str, ...]) -> None:
    """Without the rule somebody goes unseen; so they do when its pattern takes nothing."""
    for spoil in (without(EVENTS, rule), put("EventPattern.source", ["aws.nothing"], rule)):
        told = faults(production, RULE, PART, spoil)
        assert told.keys() == {None}
        for what in unseen:
            assert f"nobody is paged when {what}" in told[None].split("; ")


@pytest.mark.parametrize(
    ("path", "value", "unseen"),
    [
        (
            "EventPattern.detail.requestParameters.cluster",
            ["rovn-production"],
            "nobody is paged when a service is left without hooks, its cluster named by its ARN; "
            "nobody is paged when a service is left without blue/green",
        ),
        (
            "EventPattern.detail.sourceIPAddress",
            [{"anything-but": ["cloudformation.amazonaws.com", "203.0.113.7"]}],
            "nobody is paged when a service is left without hooks; nobody is paged when a service "
            "is left without hooks, its cluster named by its ARN; nobody is paged when a service "
            "is left without blue/green",
        ),
    ],
)
def test_a_pattern_that_misses_some_fails(
    production: Real, path: str, value: object, unseen: str
) -> None:
    assert faults(production, RULE, PART, put(path, value)) == {None: unseen}


def test_a_refused_attempt_pages(production: Real) -> None:
    spoil = put("EventPattern.detail.errorCode", [{"exists": False}], "DetectorConfiguration")
    assert faults(production, RULE, PART, spoil) == {
        None: "nobody is paged when a refused call tries another strategy"
    }


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (put("State", "DISABLED"), "it is DISABLED"),
        (put("EventBusName", "other"), "it listens to other, where CloudTrail says nothing"),
        (put("Targets.0.Arn", "arn:x"), "it sends to nobody by rovn-production-security"),
        (put("Targets", ABSENT), "it sends to nobody by rovn-production-security"),
        (
            put("Targets.0.DeadLetterConfig", ABSENT),
            "what target does not take is lost: it has no dead-letter queue",
        ),
        (
            put("EventPattern", {"source": ["aws.ecs"]}),
            "it pages for a release by CloudFormation, too; "
            "it pages for a known-good revision put back, too",
        ),
    ],
)
def test_a_rule_that_does_not_page_as_it_should_fails(
    production: Real, spoil: Spoil, message: str
) -> None:
    assert faults(production, RULE, PART, spoil)["DetectorUngated"] == message


@pytest.mark.parametrize(
    "spoil",
    [
        without(POLICY, "DetectorTopicPolicy"),
        publishes("Action", "sns:Subscribe"),
        publishes("Effect", "Deny"),
        publishes("Principal", {"Service": "sns.amazonaws.com"}),
        publishes("Resource", "arn:aws:sns:us-east-2:111122223333:another"),
        # EventBridge tells topics no source: who asks for one refuses the page.
        publishes("Condition", {"StringEquals": {"aws:SourceAccount": "111122223333"}}),
        publishes("Condition.StringEqualsIfExists", {"aws:SourceAccount": "999999999999"}),
    ],
)
def test_a_topic_that_refuses_eventbridge_fails(production: Real, spoil: Spoil) -> None:
    assert faults(production, RULE, PART, spoil) == {"DetectorTopic": MUTE}


def test_another_topic_is_nobodys(production: Real) -> None:
    told = faults(production, RULE, PART, topic("TopicName", "another"))
    assert told[None].startswith("no topic is called rovn-production-security")
    assert told.keys() == {None, *RULES}


@pytest.mark.parametrize(
    "spoil",
    [
        put("State", OPEN),
        put("EventPattern.detail.eventName", [OPEN]),
        put("Targets.0.Arn", OPEN),
        publishes("Resource", OPEN),
    ],
)
def test_an_open_value_fails(production: Real, spoil: Spoil) -> None:
    told = faults(production, RULE, PART, spoil)
    assert any("${SomeParameter}" in message for message in told.values())


def test_a_pattern_that_nobody_here_can_read_fails(production: Real) -> None:
    spoil = put("EventPattern.detail.eventName", [{"equals-ignore-case": "updateservice"}])
    told = faults(production, RULE, PART, spoil)
    assert "nobody here knows what equals-ignore-case of a pattern takes" in told["DetectorUngated"]


def test_without_a_gate_there_is_nothing_to_go_past(
    production: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_rules(body: Json) -> None:
        kept = {k: v for k, v in body["Resources"].items() if v["Type"] not in (EVENTS, TOPIC)}
        body["Resources"] = kept

    assert None in faults(production, RULE, PART, no_rules)
    file_says(monkeypatch, strategy="rolling", gate=None)
    assert faults(production, RULE, PART, no_rules) == {}


def test_what_sends_elsewhere_is_not_looked_at() -> None:
    other = {"Type": EVENTS, "Properties": {"Name": "other", "Targets": [{"Arn": "arn:x"}]}}
    assert verdicts(RULE, template(PART, {"One": other})) == {"One": "not_applicable"}


def test_attacks_are_those_of_the_environment(production: Real) -> None:
    environment = load_environment("rovn/production")
    scope = next(scopes_of(environment, production.reading.templates, whole=True))
    assert len(attacks(scope)) == 21
    assert len({str(event) for event in attacks(scope).values()}) == 21


def test_only_this_rule_sees_a_rule_shut_off(real: Real) -> None:
    assert real.caught(PART, put("State", "DISABLED")) == {
        ("deployment-detector", "DetectorUngated")
    }


def test_only_this_rule_sees_a_topic_without_its_policy(real: Real) -> None:
    spoil = publishes(
        "Principal", {"AWS": "arn:aws:iam::111122223333:role/rovn-production-pipeline"}
    )
    told = real.caught(PART, spoil)
    assert ("deployment-detector", "DetectorTopic") in told
