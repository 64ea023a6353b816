"""database-backups (ROVN-BCK-1)."""

import pytest

from policies.rules.database_backups import PLAN, RULE
from tests.policies.rules.databases import NOTHING, caught, said, said_of_replica
from tests.policies.rules.harness import OPEN, Json, Real, template, verdicts

KEPT = "DeleteAutomatedBackups is not false: the backups go with the instance"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({}, "pass"),
        ({"BackupRetentionPeriod": "35"}, "pass"),
        ({"BackupRetentionPeriod": 29}, "backups are kept 29 days, not 30"),
        ({"BackupRetentionPeriod": 0}, "backups are kept 0 days, not 30"),
        ({"BackupRetentionPeriod": None}, "backups are kept 1 days, not 30"),
        (
            {"PreferredBackupWindow": "01:00-02:00"},
            "PreferredBackupWindow is 01:00-02:00, not 05:00-06:00",
        ),
        ({"PreferredBackupWindow": None}, "PreferredBackupWindow is None, not 05:00-06:00"),
        ({"DeleteAutomatedBackups": True}, KEPT),
        ({"DeleteAutomatedBackups": None}, KEPT),
        (
            {"BackupRetentionPeriod": OPEN},
            "BackupRetentionPeriod: ${SomeParameter} is open: the parameter SomeParameter is "
            "given when it is deployed",
        ),
        ({"BackupRetentionPeriod": "some"}, "'some' is no whole number"),
    ],
)
def test_backups_are_kept_as_long_as_the_file_says(changed: Json, message: str) -> None:
    assert said(RULE, **changed) == message


def test_a_replica_is_backed_up_by_its_source() -> None:
    arn = "arn:aws:rds:us-east-2:111122223333:db:rovn-production-postgres"
    assert said_of_replica(RULE) == "pass"
    assert said_of_replica(RULE, SourceDBInstanceIdentifier=arn) == "pass"
    assert said_of_replica(RULE, SourceDBInstanceIdentifier="other") == (
        "it replicates an instance of no template, so nobody knows of any backup"
    )
    assert "is open" in said_of_replica(RULE, SourceDBInstanceIdentifier=OPEN)


def test_other_resources_are_not_looked_at() -> None:
    assert verdicts(RULE, template("data", {})) == {None: NOTHING}


def test_only_this_rule_sees_backups_kept_for_too_short(real: Real) -> None:
    assert caught(real, BackupRetentionPeriod=6) == {(RULE.id, "DatabaseInstance")}


@pytest.mark.parametrize(
    ("continuous", "days", "message"),
    [
        (False, 1, "pass"),
        ("true", "35", "pass"),
        (True, 30, "pass"),
        (True, 1, "a continuous backup is kept 1 days, not 30, in the place of RDS's"),
        ("true", None, "a continuous backup is kept None days, not 30, in the place of RDS's"),
    ],
)
def test_a_continuous_plan_takes_the_retention_over(
    continuous: object, days: object, message: str
) -> None:
    rule = {"EnableContinuousBackup": continuous, "Lifecycle": {"DeleteAfterDays": days}}
    plan = {"Type": PLAN, "Properties": {"BackupPlan": {"BackupPlanRule": [rule]}}}
    assert verdicts(RULE, template("data", {"Plan": plan}))["Plan"] == message


def test_every_rule_of_a_plan_is_looked_at() -> None:
    rules = [
        {"Lifecycle": {"DeleteAfterDays": 1}},
        {"EnableContinuousBackup": True, "Lifecycle": {"DeleteAfterDays": 2}},
    ]
    plan = {"Type": PLAN, "Properties": {"BackupPlan": {"BackupPlanRule": rules}}}
    assert verdicts(RULE, template("data", {"Plan": plan}))["Plan"] == (
        "a continuous backup is kept 2 days, not 30, in the place of RDS's"
    )
