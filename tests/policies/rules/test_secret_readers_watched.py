"""secret-readers-watched (ROVN-SEC-6)."""

import json

import pytest

from policies.rules.secret_readers_watched import RULE
from runbook.access.grant_changes import GRANT_CHANGES
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts
from tests.policies.rules.spoiling import ABSENT, Spoil, all_pass, faults, setting

PART, AWAY = "secret-readers", "identity-events"
EVENTS, FUNCTION = "AWS::Events::Rule", "AWS::Lambda::Function"
RULES = ("ReadersHourly", "ReadersIdentities", "ReadersKeys", "ReadersSecrets")
NAMES = ("ReadersWatchFunction", "Changes", *RULES)
NAME = "rovn-production-secret-readers"
TOPIC = "arn:aws:sns:us-east-2:111122223333:rovn-production-security"
BUS = "arn:aws:events:us-east-2:111122223333:event-bus/default"
SENDER = "arn:aws:iam::111122223333:role/rovn-production-identity-events"


def rule(path: str, value: object, name: str = "ReadersIdentities") -> Spoil:
    return setting(EVENTS, name, path, value)


def function(path: str, value: object) -> Spoil:
    return setting(FUNCTION, "ReadersWatchFunction", path, value)


def without(kind: str, name: str) -> Spoil:
    def spoil(body: Json) -> None:
        gone = properties(body, kind, name)
        kept = {k: v for k, v in body["Resources"].items() if v.get("Properties") is not gone}
        body["Resources"] = kept

    return spoil


def taking(names: list[str]) -> Spoil:
    return rule("EventPattern.detail.eventName", names)


def lists(**changes: object) -> Spoil:
    """Change the lists that the function is told."""

    def spoil(body: Json) -> None:
        variables = properties(body, FUNCTION, "ReadersWatchFunction")["Environment"]["Variables"]
        variables["LISTS"] = json.dumps(json.loads(variables["LISTS"]) | changes)

    return spoil


@pytest.mark.clause("ROVN-SEC-6")
def test_every_change_is_looked_at(real: Real) -> None:
    assert all_pass(real, RULE, *NAMES)


@pytest.mark.clause("ROVN-SEC-6")
@pytest.mark.parametrize(
    ("name", "service", "unseen"),
    [
        ("ReadersIdentities", "iam", "somebody calls iam:{}"),
        ("ReadersKeys", "kms", "somebody calls kms:{} on the secrets' key"),
        ("ReadersSecrets", "secretsmanager", "somebody calls secretsmanager:{} on"),
    ],
)
def test_each_rule_is_needed(production: Real, name: str, service: str, unseen: str) -> None:
    for spoil in (without(EVENTS, name), rule("EventPattern.source", ["aws.nothing"], name)):
        told = faults(production, RULE, PART, spoil)
        assert told.keys() == {None}
        for call in GRANT_CHANGES[service]:
            assert f"nobody looks when {unseen.format(call)}" in told[None]


@pytest.mark.parametrize("missing", GRANT_CHANGES["iam"])
def test_each_call_is_needed_in_both_regions(production: Real, missing: str) -> None:
    names = [name for name in GRANT_CHANGES["iam"] if name != missing]
    assert faults(production, RULE, PART, taking(names)) == {
        None: f"nobody looks when somebody calls iam:{missing}"
    }
    away = rule("EventPattern.detail.eventName", names, "Changes")
    assert faults(production, RULE, AWAY, away) == {
        None: f"us-east-1 does not hand it on when somebody calls iam:{missing}"
    }


@pytest.mark.clause("ROVN-SEC-6")
def test_without_what_hands_events_on_it_fails(production: Real) -> None:
    told = faults(production, RULE, AWAY, without(EVENTS, "Changes"))
    assert told.keys() == {None}
    for call in GRANT_CHANGES["iam"]:
        assert f"us-east-1 does not hand it on when somebody calls iam:{call}" in told[None]


@pytest.mark.parametrize(
    "spoil",
    [
        rule("Targets.0.Arn", BUS.replace("111122223333", "999999999999"), "Changes"),
        rule("Targets.0.RoleArn", "arn:aws:iam::111122223333:role/other", "Changes"),
        rule("Targets.0.RoleArn", ABSENT, "Changes"),
        rule("Targets", ABSENT, "Changes"),
    ],
)
def test_events_are_handed_on_to_the_environments_bus(production: Real, spoil: Spoil) -> None:
    told = faults(production, RULE, AWAY, spoil)
    assert told == {"Changes": f"it does not send to {BUS} as {SENDER}"}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (rule("State", "DISABLED"), "it is DISABLED"),
        (rule("EventBusName", "other"), "it listens to other, where CloudTrail says nothing"),
        (rule("Targets.0.Arn", "arn:x"), f"it does not send to {NAME}"),
        (rule("Targets", ABSENT), f"it does not send to {NAME}"),
        (
            rule("Targets.0.DeadLetterConfig", ABSENT),
            "what target does not take is lost: it has no dead-letter queue",
        ),
    ],
)
def test_a_rule_that_does_not_look_as_it_should_fails(
    production: Real, spoil: Spoil, message: str
) -> None:
    assert faults(production, RULE, PART, spoil)["ReadersIdentities"] == message


def test_an_open_pattern_fails(production: Real) -> None:
    told = faults(production, RULE, PART, rule("EventPattern.detail.eventName", [OPEN]))
    assert "${SomeParameter}" in told[None]


@pytest.mark.clause("ROVN-SEC-6")
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lists(executors=["role/anybody"]),
            "LISTS are not those of runbook/access/principals.py: it finds others, or nobody",
        ),
        (
            lists(readers={}),
            "LISTS are not those of runbook/access/principals.py: it finds others, or nobody",
        ),
        (
            function("Environment.Variables.ENVIRONMENT_NAME", "rovn/staging"),
            "ENVIRONMENT_NAME is rovn/staging, not rovn/production",
        ),
        (
            function("Environment.Variables.SECURITY_TOPIC", "arn:x"),
            f"SECURITY_TOPIC is arn:x, not {TOPIC}",
        ),
        (
            function("ReservedConcurrentExecutions", 0),
            "it may not run: no execution is reserved for it",
        ),
    ],
)
def test_a_function_that_is_told_something_else_fails(
    production: Real, spoil: Spoil, message: str
) -> None:
    assert faults(production, RULE, PART, spoil) == {"ReadersWatchFunction": message}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (without(FUNCTION, "ReadersWatchFunction"), "there is no function"),
        (without(EVENTS, "ReadersHourly"), "no schedule looks once an hour"),
        (rule("ScheduleExpression", "rate(2 hours)", "ReadersHourly"), "no schedule looks"),
        (rule("ScheduleExpression", "cron(30 9 * * ? *)", "ReadersHourly"), "no schedule looks"),
    ],
)
def test_what_is_missing_fails(production: Real, spoil: Spoil, message: str) -> None:
    assert faults(production, RULE, PART, spoil)[None].startswith(message)


@pytest.mark.parametrize("schedule", ["rate(1 hour)", "rate(15 minutes)", "cron(0 * * * ? *)"])
def test_other_schedules_do(production: Real, schedule: str) -> None:
    spoil = rule("ScheduleExpression", schedule, "ReadersHourly")
    assert faults(production, RULE, PART, spoil) == {}


def test_an_environment_without_its_stacks_is_told(production: Real) -> None:
    told = verdicts(RULE, template("network", {}), whole=True)[None]
    assert told.startswith("there is no function for readers outside the lists: nobody looks; ")


def test_another_rule_is_not_concerned() -> None:
    other = {"Other": {"Type": EVENTS, "Properties": {"Name": "rovn-production-other"}}}
    assert verdicts(RULE, template("other", other))["Other"] == "not_applicable"


@pytest.mark.clause("ROVN-SEC-6")
@pytest.mark.parametrize(
    ("part", "spoil", "caught"),
    [
        (PART, taking(["AttachRolePolicy"]), ""),
        (PART, rule("State", "DISABLED", "ReadersHourly"), "ReadersHourly"),
        (PART, lists(people=["role/anybody"]), "ReadersWatchFunction"),
        (AWAY, rule("State", "DISABLED", "Changes"), "Changes"),
    ],
)
def test_only_this_rule_sees_it(production: Real, part: str, spoil: Spoil, caught: str) -> None:
    assert production.caught(part, spoil) == {(RULE.id, caught)}
