"""The function in front of RDS: all pages, every failure, and nothing deleted in a dry run."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from botocore.stub import Stubber
from moto import mock_aws

from runbook_constructs.snapshot_janitor.handler import janitor

INSTANCE = "rovn-production-postgres"
NOW = datetime.now(UTC).replace(microsecond=0)
OLD = NOW - timedelta(days=91)
SETTINGS = {
    "INSTANCE": INSTANCE,
    "PREFIXES": '["rovn-passport-api-"]',
    "KEEP_DAYS": "90",
    "AWS_DEFAULT_REGION": "us-east-2",
}
TAGS = [{"Key": "runbook:purpose", "Value": "pre-deploy"}]
EVENT = {"time": NOW.isoformat().replace("+00:00", "Z")}


def named(number: int, created: datetime = OLD) -> str:
    return f"rovn-passport-api-{number:04}-x-{created:%Y%m%d%H%M%S}"


def snapshot(number: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON is any value
    created = changes.get("SnapshotCreateTime", OLD)
    return {
        "DBSnapshotIdentifier": named(number, created),
        "DBInstanceIdentifier": INSTANCE,
        "SnapshotType": "manual",
        "Status": "available",
        "SnapshotCreateTime": created,
        "TagList": TAGS,
    } | changes


@pytest.fixture
def rds(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("rds")
    monkeypatch.setattr(janitor, "_rds", lambda: client)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def listed(stubber: Stubber, *pages: list[dict[str, Any]]) -> None:
    wanted = {"DBInstanceIdentifier": INSTANCE, "SnapshotType": "manual"}
    for index, page in enumerate(pages):
        more = {"Marker": f"m{index + 1}"} if index + 1 < len(pages) else {}
        before = {"Marker": f"m{index}"} if index else {}
        stubber.add_response(
            "describe_db_snapshots", {"DBSnapshots": page, **more}, wanted | before
        )


def shared_with(stubber: Stubber, name: str, *accounts: str) -> None:
    attributes = [{"AttributeName": "restore", "AttributeValues": list(accounts)}]
    result = {"DBSnapshotIdentifier": name, "DBSnapshotAttributes": attributes}
    stubber.add_response(
        "describe_db_snapshot_attributes",
        {"DBSnapshotAttributesResult": result},
        {"DBSnapshotIdentifier": name},
    )


def deleted(stubber: Stubber, *names: str) -> None:
    for name in names:
        stubber.add_response("delete_db_snapshot", {}, {"DBSnapshotIdentifier": name})


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.clause("ROVN-MIG-2")
def test_old_ones_of_every_page_go_and_the_plan_comes_first(
    rds: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    young = NOW - timedelta(days=89)
    listed(rds, [snapshot(1)], [snapshot(2, SnapshotCreateTime=young)], [snapshot(3)])
    for number in (1, 3):
        shared_with(rds, named(number))
    deleted(rds, named(1), named(3))
    assert janitor.handler(EVENT, None) == {"deleted": [named(1), named(3)], "stays": 1}
    plan, *done = lines(capsys)
    assert plan == {
        "what": "plan",
        "goes": [named(1), named(3)],
        "stays": {named(2, young): "kept 90 days"},
        "dry_run": False,
    }
    assert done == [{"what": "deleted", "snapshot": named(number)} for number in (1, 3)]


def test_a_dry_run_says_what_would_go_and_deletes_nothing(
    rds: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    listed(rds, [snapshot(1)])
    shared_with(rds, named(1))
    assert janitor.handler({**EVENT, "dry_run": True}, None) == {"deleted": [], "stays": 0}
    (plan,) = lines(capsys)
    assert (plan["goes"], plan["dry_run"]) == ([named(1)], True)


def test_one_that_another_account_may_restore_stays(rds: Stubber) -> None:
    listed(rds, [snapshot(1), snapshot(2)])
    shared_with(rds, named(1), "999999999999")
    shared_with(rds, named(2))
    deleted(rds, named(2))
    assert janitor.handler(EVENT, None) == {"deleted": [named(2)], "stays": 1}


@pytest.mark.clause("ROVN-MIG-2")
@pytest.mark.parametrize("code", ["AccessDenied", "InvalidDBSnapshotState"])
def test_one_failure_stops_no_other_and_fails_the_run(
    rds: Stubber, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    listed(rds, [snapshot(1), snapshot(2), snapshot(3)])
    for number in (1, 2, 3):
        shared_with(rds, named(number))
    rds.add_client_error("delete_db_snapshot", code, http_status_code=400)
    deleted(rds, named(2), named(3))
    with pytest.raises(janitor.UndeletedError, match=rf"1 snapshots .* {named(1)} \({code}\)"):
        janitor.handler(EVENT, None)
    assert [line["what"] for line in lines(capsys)] == ["plan", "failed", "deleted", "deleted"]


def test_not_knowing_whether_it_is_shared_keeps_it_and_fails_the_run(rds: Stubber) -> None:
    listed(rds, [snapshot(1), snapshot(2)])
    rds.add_client_error("describe_db_snapshot_attributes", "AccessDenied")
    shared_with(rds, named(2))
    deleted(rds, named(2))
    with pytest.raises(janitor.UndeletedError, match=named(1)):
        janitor.handler(EVENT, None)


@pytest.mark.parametrize("code", ["DBSnapshotNotFound", "DBSnapshotNotFoundFault"])
def test_what_is_gone_already_is_no_failure(rds: Stubber, code: str) -> None:
    """A lost response, or a second run beside the first."""
    listed(rds, [snapshot(1)])
    shared_with(rds, named(1))
    rds.add_client_error("delete_db_snapshot", code, http_status_code=404)
    assert janitor.handler(EVENT, None) == {"deleted": [named(1)], "stays": 0}


def test_a_connection_that_times_out_is_a_failure_like_any_other(
    rds: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed(rds, [snapshot(1)])
    shared_with(rds, named(1))

    def silent(**_: str) -> None:
        raise ConnectTimeoutError(endpoint_url="https://rds")

    monkeypatch.setattr(janitor._rds(), "delete_db_snapshot", silent)
    with pytest.raises(janitor.UndeletedError, match="ConnectTimeoutError"):
        janitor.handler(EVENT, None)


def test_when_it_cannot_look_it_fails_at_once(rds: Stubber) -> None:
    rds.add_client_error("describe_db_snapshots", "AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        janitor.handler(EVENT, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [("PREFIXES", "[]"), ("PREFIXES", '[""]'), ("KEEP_DAYS", "0"), ("KEEP_DAYS", "-1")],
)
def test_settings_that_would_let_everything_go_are_refused(
    rds: Stubber, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match="would let every snapshot go"):
        janitor.handler(EVENT, None)


@pytest.mark.parametrize("name", ["INSTANCE", "PREFIXES", "KEEP_DAYS"])
def test_without_a_setting_nothing_is_looked_at(
    rds: Stubber, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(KeyError, match=name):
        janitor.handler(EVENT, None)


@pytest.mark.clause("ROVN-MIG-2")
def test_of_two_clocks_the_earlier_counts(rds: Stubber) -> None:
    """A schedule that comes late, or a machine that is ahead, lets nothing go too soon."""
    earlier = (NOW - timedelta(days=30)).isoformat()
    listed(rds, [snapshot(1)])
    assert janitor.handler({"time": earlier}, None) == {"deleted": [], "stays": 1}
    later = (NOW + timedelta(days=300)).isoformat()
    young = NOW - timedelta(days=89)
    listed(rds, [snapshot(2, SnapshotCreateTime=young)])
    assert janitor.handler({"time": later}, None) == {"deleted": [], "stays": 1}
    with pytest.raises(ValueError, match="zone"):
        janitor.handler({"time": "2026-11-21T09:30:00"}, None)


def test_against_an_rds_that_holds_more_than_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    janitor._rds.cache_clear()
    with mock_aws():
        client = boto3.client("rds")
        for instance in (INSTANCE, "another"):
            client.create_db_instance(
                DBInstanceIdentifier=instance, DBInstanceClass="db.m7g.large", Engine="postgres"
            )
            for number, tags in ((1, TAGS), (2, [])):
                client.create_db_snapshot(
                    DBSnapshotIdentifier=f"{named(number)}".replace("-x-", f"-{instance[0]}-"),
                    DBInstanceIdentifier=instance,
                    Tags=tags,
                )
        before = {s["DBSnapshotIdentifier"] for s in client.describe_db_snapshots()["DBSnapshots"]}
        # They are named as old ones, and made a moment ago.
        assert janitor.handler({}, None) == {"deleted": [], "stays": 2}
        monkeypatch.setattr(janitor, "_now", lambda _: NOW + timedelta(days=91))
        ours = named(1).replace("-x-", "-r-")
        assert janitor.handler({}, None) == {"deleted": [ours], "stays": 1}
        after = {s["DBSnapshotIdentifier"] for s in client.describe_db_snapshots()["DBSnapshots"]}
        assert before - after == {ours}
    janitor._rds.cache_clear()
