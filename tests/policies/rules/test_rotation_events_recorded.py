"""rotation-events-recorded (ROVN-SEC-5)."""

import pytest

from policies.lookups.secret_events import CALLS, RULE_OF_EVENTS
from policies.rules.rotation_events_recorded import RULE
from runbook_constructs.release_records.patterns import WRITES
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts
from tests.policies.rules.spoiling import ABSENT, add, all_pass, faults, setting

PART = "records"
ROTATIONS, RESTARTS = "ReleasesRotations", "ReleasesRestarts"
WRITTEN = "ReleasesWritesSecretsmanager"
TOLD, TOLD_RESTART = "SecretEventsRotation", "SecretEventsRestart"
MACHINE = "arn:aws:states:us-east-2:111122223333:stateMachine:another"


def test_every_rule_of_secrets_passes(real: Real) -> None:
    assert all_pass(real, RULE, ROTATIONS, WRITTEN, RESTARTS, TOLD, TOLD_RESTART)


def test_the_calls_are_among_those_that_are_recorded() -> None:
    assert set(CALLS) <= set(WRITES["secretsmanager"])


@pytest.mark.clause("ROVN-SEC-5")
@pytest.mark.parametrize(
    ("name", "path", "value", "message"),
    [
        (ROTATIONS, "State", "DISABLED", "RotationFailed of stripe-api-key is recorded by nobody"),
        (ROTATIONS, "EventBusName", "x", "RotationFailed of stripe-api-key is recorded by nobody"),
        (
            ROTATIONS,
            "EventPattern.detail.eventName",
            ["RotationSucceeded"],
            "RotationAbandoned of database-master is recorded by nobody",
        ),
        (
            WRITTEN,
            "EventPattern.detail.eventName",
            ["PutSecretValue"],
            "UpdateSecretVersionStage of stripe-api-key is recorded by nobody",
        ),
        (
            RESTARTS,
            "EventPattern.detail.stateMachineArn",
            [MACHINE],
            "a restart that is FAILED is recorded by nobody",
        ),
        (
            TOLD,
            "EventPattern.detail.eventName",
            ["RotationFailed"],
            "RotationStarted of stripe-api-key is told to nobody by rovn-production-security",
        ),
        (
            TOLD,
            "EventPattern.detail.additionalEventData.SecretId",
            ["one"],
            "RotationFailed of admin-token is told to nobody by rovn-production-security",
        ),
        (
            TOLD_RESTART,
            "EventPattern.detail.status",
            ["FAILED"],
            "a restart that is TIMED_OUT is told to nobody by rovn-production-security",
        ),
        (
            TOLD_RESTART,
            "Targets.0.Arn",
            "arn:aws:sns:us-east-2:111122223333:another",
            "a restart that is ABORTED is told to nobody by rovn-production-security",
        ),
    ],
)
def test_what_is_not_recorded_or_told_is_said(
    production: Real, name: str, path: str, value: object, message: str
) -> None:
    told = faults(production, RULE, PART, setting(RULE_OF_EVENTS, name, path, value))
    assert message in told[None]


def test_an_event_that_is_not_taken_must_wait_somewhere(production: Real) -> None:
    for name in (ROTATIONS, TOLD):
        spoil = setting(RULE_OF_EVENTS, name, "Targets.0.DeadLetterConfig", ABSENT)
        told = faults(production, RULE, PART, spoil)
        assert told == {
            name: "what target does not take is lost: it has no dead-letter queue",
        }


def test_an_open_pattern_fails(production: Real) -> None:
    path = "EventPattern.detail.additionalEventData.SecretId"
    told = faults(production, RULE, PART, setting(RULE_OF_EVENTS, TOLD, path, [OPEN]))
    assert "${SomeParameter} is open" in told[TOLD]


def test_other_rules_are_not_looked_at() -> None:
    rule = {"Type": RULE_OF_EVENTS, "Properties": {"ScheduleExpression": "rate(1 day)"}}
    assert verdicts(RULE, template("data", {"Thing": rule}))["Thing"] == "not_applicable"


def test_another_rule_may_take_them_too(production: Real) -> None:
    pattern = {"source": ["aws.secretsmanager"]}
    spoil = add("Mine", RULE_OF_EVENTS, Name="mine", EventPattern=pattern, Targets=[])
    assert faults(production, RULE, PART, spoil) == {}


def test_only_this_rule_sees_rotations_that_are_told_to_nobody(real: Real) -> None:
    def spoil(body: Json) -> None:
        pattern = properties(body, RULE_OF_EVENTS, TOLD)["EventPattern"]
        pattern["detail"]["eventName"].remove("RotationFailed")

    assert real.caught(PART, spoil) == {("rotation-events-recorded", "")}


def test_only_this_rule_sees_rotations_that_are_not_recorded(real: Real) -> None:
    def spoil(body: Json) -> None:
        properties(body, RULE_OF_EVENTS, ROTATIONS)["State"] = "DISABLED"

    assert real.caught(PART, spoil) == {("rotation-events-recorded", "")}
