"""What goes, and every near miss of it."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook_constructs.snapshot_janitor.handler.choice import Rule, choose, why_it_stays

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
RULE = Rule(instance="rovn-production-postgres", prefixes=("rovn-passport-api-",), keep_days=90)
LIMIT = NOW - timedelta(days=90)
OLD = LIMIT - timedelta(days=1)
PURPOSE = {"Key": "runbook:purpose", "Value": "pre-deploy"}
CREATED, NAME, TAGS = "SnapshotCreateTime", "DBSnapshotIdentifier", "TagList"


def snapshot(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON is any value
    """Describe one that goes, and change it; None takes a field away."""
    created = changes.get(CREATED, OLD)
    stamp = (
        created.astimezone(UTC) if isinstance(created, datetime) and created.tzinfo else OLD
    ).strftime("%Y%m%d%H%M%S")
    found = {
        NAME: f"rovn-passport-api-0002-add-source-{stamp}",
        "DBInstanceIdentifier": RULE.instance,
        "SnapshotType": "manual",
        "Status": "available",
        CREATED: created,
        TAGS: [{"Key": "runbook:service", "Value": "passport-api"}, PURPOSE],
    }
    return {key: value for key, value in (found | changes).items() if value is not None}


@pytest.mark.clause("ROVN-MIG-2")
@pytest.mark.parametrize(
    "created",
    [
        LIMIT - timedelta(seconds=1),
        LIMIT - timedelta(days=2000),
        # The same moment, said in other zones.
        OLD.astimezone(timezone(timedelta(hours=14))),
        OLD.astimezone(timezone(timedelta(hours=-12))),
    ],
)
def test_what_is_older_than_ninety_days_goes(created: datetime) -> None:
    found = snapshot(SnapshotCreateTime=created)
    assert choose([found], RULE, NOW).goes == (found[NAME],)


KEPT, NAMED = "kept 90 days", "not named as the gate names its snapshots"
TAGGED, MANUAL = "not tagged runbook:purpose=pre-deploy", "not a manual snapshot"
ELSEWHERE = "of another instance"
STAMP = OLD.strftime("%Y%m%d%H%M%S")


@pytest.mark.clause("ROVN-MIG-2")
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({CREATED: LIMIT}, KEPT),
        ({CREATED: LIMIT + timedelta(seconds=1)}, KEPT),
        ({CREATED: NOW}, KEPT),
        ({CREATED: NOW + timedelta(days=400)}, KEPT),
        # A day ahead of UTC, yet the moment is less than 90 days ago.
        ({CREATED: (LIMIT + timedelta(hours=1)).astimezone(timezone(timedelta(hours=-12)))}, KEPT),
        ({CREATED: OLD.replace(tzinfo=None)}, "without a time of creation that says its zone"),
        ({CREATED: None}, "without a time of creation that says its zone"),
        ({CREATED: OLD.isoformat()}, "without a time of creation that says its zone"),
        ({"SnapshotType": "automated"}, MANUAL),
        ({"SnapshotType": "awsbackup"}, MANUAL),
        ({"SnapshotType": "shared"}, MANUAL),
        ({"SnapshotType": "public"}, MANUAL),
        ({"SnapshotType": None}, MANUAL),
        ({"DBInstanceIdentifier": "rovn-staging-postgres"}, ELSEWHERE),
        ({"DBInstanceIdentifier": "rovn-production-postgres-replica"}, ELSEWHERE),
        ({"DBInstanceIdentifier": None}, ELSEWHERE),
        ({TAGS: []}, TAGGED),
        ({TAGS: None}, TAGGED),
        ({TAGS: [{"Key": "runbook:purpose", "Value": "pre-deploy-keep"}]}, TAGGED),
        ({TAGS: [{"Key": "runbook:Purpose", "Value": "pre-deploy"}]}, TAGGED),
        ({TAGS: [{"Key": "purpose", "Value": "pre-deploy"}]}, TAGGED),
        ({TAGS: [{"Key": "pre-deploy", "Value": "runbook:purpose"}]}, TAGGED),
        ({"Status": "creating"}, "not available"),
        ({"Status": "deleting"}, "not available"),
        ({"Status": "failed"}, "not available"),
        ({"Status": "copying"}, "not available"),
        ({"Status": None}, "not available"),
        ({"SourceDBSnapshotIdentifier": "arn:aws:rds:us-west-2:1:snapshot:x"}, "a copy of another"),
        ({"SourceRegion": "us-west-2"}, "a copy of another"),
        ({NAME: f"before-the-migration-{STAMP}"}, NAMED),
        ({NAME: f"rovn-passport-apix-{STAMP}"}, NAMED),
        ({NAME: f"x-rovn-passport-api-0002-{STAMP}"}, NAMED),
        ({NAME: f"ROVN-PASSPORT-API-0002-{STAMP}"}, NAMED),
        ({NAME: "rovn-passport-api-0002-keep"}, NAMED),
        ({NAME: f"rovn-passport-api-0002-{STAMP}-keep"}, NAMED),
        ({NAME: "rovn-passport-api-0002-99999999999999"}, NAMED),
        ({NAME: None}, NAMED),
        # Restored from somewhere under an old time, or named by hand: the later of the two counts.
        ({NAME: f"rovn-passport-api-0002-{NOW:%Y%m%d%H%M%S}"}, KEPT),
    ],
)
def test_near_misses_stay(changes: dict[str, Any], why: str) -> None:
    found = snapshot(**changes)
    reason = why_it_stays(found, RULE, NOW)
    assert reason is not None
    assert reason.startswith(why)
    assert choose([found], RULE, NOW).goes == ()


def test_of_several_each_is_judged_alone() -> None:
    goes = snapshot()
    stays = snapshot(DBSnapshotIdentifier=f"rovn-passport-api-0001-{STAMP}", Status="creating")
    choice = choose([stays, goes, snapshot(DBInstanceIdentifier="x", **{NAME: "y"})], RULE, NOW)
    assert choice.goes == (goes[NAME],)
    assert choice.stays == {stays[NAME]: "not available", "y": ELSEWHERE}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(field=st.sampled_from(sorted(snapshot())), value=JSON)
def test_no_value_of_any_kind_makes_another_one_go(field: str, value: Any) -> None:  # noqa: ANN401
    changed = snapshot() | {field: value}
    reason = why_it_stays(changed, RULE, NOW)
    assert (reason is None) is (changed == snapshot())
