"""failures-told (ROVN-DEP-4, ROVN-BCK-1, ROVN-SEC-5)."""

import pytest

from policies.rules.failures_told import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts
from tests.policies.rules.spoiling import ABSENT, all_pass, faults, setting

PART, EVENTS = "event-watch", "AWS::Events::Rule"
ECS, PIPELINE, STACK = "WatchDeployFailedEcs", "WatchDeployFailedPipeline", "WatchDeployFailedStack"
BACKUP, ROTATION = "WatchBackupFinished", "WatchRotationFailed"
NAME = "rovn-production"


def test_every_rule_passes(real: Real) -> None:
    assert all_pass(real, RULE, ECS, PIPELINE, STACK, BACKUP, ROTATION)


@pytest.mark.clause("ROVN-DEP-4")
@pytest.mark.clause("ROVN-BCK-1")
@pytest.mark.clause("ROVN-SEC-5")
@pytest.mark.parametrize(
    ("name", "path", "value", "message"),
    [
        (ECS, "State", "DISABLED", "it is DISABLED: nothing is counted"),
        (BACKUP, "Targets", [], "it has no target: what matches it may not be counted"),
        (
            ROTATION,
            "Targets.0.DeadLetterConfig",
            ABSENT,
            "what target does not take is lost: it has no dead-letter queue",
        ),
        (STACK, "Targets.0.Arn", "arn:aws:sns:x", f"it tells nobody by {NAME}-sev-2"),
        (
            PIPELINE,
            "Targets.0.InputTransformer.InputPathsMap.pipeline",
            "$.account",
            "its message does not say which pipeline ($.detail.pipeline)",
        ),
        (
            STACK,
            "Targets.0.InputTransformer.InputPathsMap.status",
            "$.detail.status-details.status-reason",
            "its message breaks by what may stand in $.detail.status-details.status-reason",
        ),
        (
            PIPELINE,
            "EventPattern.detail.state",
            ["FAILED", "SUCCEEDED"],
            "it counts a pipeline that ended well, too",
        ),
        (
            STACK,
            "EventPattern.detail.status-details.status",
            [{"prefix": "UPDATE_"}, {"prefix": ""}],
            "it counts a stack that was updated, too",
        ),
        (
            BACKUP,
            "EventPattern.detail.EventID",
            [{"prefix": "RDS-EVENT"}],
            "it counts a snapshot by hand, too",
        ),
        (
            BACKUP,
            "EventPattern.detail.SourceIdentifier",
            [{"exists": True}],
            "it counts a backup of another database, too",
        ),
        (
            ROTATION,
            "EventPattern.$or.0.detail.eventName",
            [{"prefix": "Rotation"}],
            "it counts a rotation that succeeded, too",
        ),
    ],
)
def test_a_rule_that_is_deaf_or_counts_too_much(
    production: Real, name: str, path: str, value: object, message: str
) -> None:
    assert message in faults(production, RULE, PART, setting(EVENTS, name, path, value))[name]


@pytest.mark.parametrize(
    ("name", "path", "value", "message"),
    [
        (
            ECS,
            "resources",
            ["another"],
            "deploy-failed-ecs does not count a deployment that failed",
        ),
        (
            PIPELINE,
            "detail.pipeline",
            ["another"],
            "deploy-failed-pipeline does not count a pipeline that failed",
        ),
        (
            STACK,
            "detail.status-details.status",
            ["ROLLBACK_COMPLETE"],
            "deploy-failed-stack does not count a stack that is UPDATE_ROLLBACK_COMPLETE",
        ),
        (
            BACKUP,
            "detail.EventID",
            ["RDS-EVENT-0001"],
            "backup-finished does not count a backup that was finished",
        ),
        (
            ROTATION,
            "$or.0.detail.eventName",
            ["RotationFailed"],
            "rotation-failed does not count RotationAbandoned of a secret",
        ),
        (
            ROTATION,
            "$or.1.detail.status",
            ["FAILED"],
            "rotation-failed does not count a restart that is TIMED_OUT",
        ),
    ],
)
def test_what_is_not_counted_is_said(
    production: Real, name: str, path: str, value: object, message: str
) -> None:
    spoil = setting(EVENTS, name, f"EventPattern.{path}", value)
    assert f"{NAME}-{message}" in faults(production, RULE, PART, spoil)[None]


def test_alarms_know_the_rules_by_their_names(production: Real) -> None:
    told = faults(production, RULE, PART, setting(EVENTS, BACKUP, "Name", "another"))
    assert told == {None: f"no rule is called {NAME}-backup-finished"}


def test_an_open_pattern_fails(production: Real) -> None:
    spoil = setting(EVENTS, ECS, "EventPattern.resources", [OPEN])
    assert "${SomeParameter} is open" in faults(production, RULE, PART, spoil)[ECS]


def test_other_rules_are_not_looked_at() -> None:
    rule = {"Type": EVENTS, "Properties": {"Name": "mine", "ScheduleExpression": "rate(1 day)"}}
    assert verdicts(RULE, template("data", {"Thing": rule}))["Thing"] == "not_applicable"


@pytest.mark.parametrize("name", [ECS, PIPELINE, STACK, BACKUP, ROTATION])
def test_only_this_rule_sees_one_that_is_shut_off(real: Real, name: str) -> None:
    def spoil(body: Json) -> None:
        properties(body, EVENTS, name)["State"] = "DISABLED"

    assert real.caught(PART, spoil) == {("failures-told", name)}
