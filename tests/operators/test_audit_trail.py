"""`runbook audit list` and `show` (ROVN-AUD-1)."""

import io
import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from typer.testing import CliRunner, Result

from runbook.cli import app
from runbook.operations.records import Record
from tests.operations.aws import ACTOR, BUCKET, LOCK, Aws
from tests.operations.revisions import NEW, OLD
from tests.still_clock import stop_clock

# The last second of a day: a record of the next, or a command that asks with a clock of its own,
# would be a day off.
NOW = datetime(2026, 6, 1, 23, 59, 59, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_aws(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    session = aws.session()
    monkeypatch.setattr(boto3, "Session", lambda: session)
    stop_clock(monkeypatch, "runbook.operators.commands", NOW)
    for days, outcome in ((0, "succeeded"), (1, "failed"), (30, "old")):
        record = a_record(days, outcome)
        aws.records[record.key] = json.loads(record.body)


def a_record(days: int, outcome: str) -> Record:
    return Record(
        time=NOW - timedelta(days=days),
        kind="release-end",
        event_id=outcome,
        environment="rovn/production",
        actor=ACTOR,
        before={"image_tag": OLD},
        after={"image_tag": NEW},
        outcome=outcome,
        detail={},
    )


def audit(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["audit", *arguments])


def test_records_are_listed_newest_first() -> None:
    result = audit("list", "rovn/production")
    assert result.exit_code == 0, result.output
    first, key, second, *_ = result.stdout.splitlines()[1:]
    assert key.strip() == a_record(0, "succeeded").key
    assert first.split("  ")[-1] == f"image_tag {OLD} -> image_tag {NEW}"
    assert "release-end" in first
    assert ("succeeded" in first, "failed" in second) == (True, True)
    assert "session" in first, "who did it"
    assert "2 records of the last 7 days" in result.stdout


def test_the_key_that_is_listed_shows_the_record() -> None:
    last = audit("list", "rovn/production").stdout.splitlines()[-1]
    command, _, rest = last.removeprefix("Next: runbook ").partition(" ")
    assert command == "audit"
    shown = audit(*rest.split())
    assert shown.exit_code == 0, shown.output
    assert '"outcome": "succeeded"' in shown.stdout


def test_where_nothing_is_listed_nothing_is_shown_next(aws: Aws) -> None:
    aws.records.clear()
    said = audit("list", "rovn/production").stdout
    assert "0 records of the last 7 days" in said
    assert "audit show" not in said


@pytest.mark.parametrize("command", [["list"], ["show"]])
def test_it_names_environment_account_and_who_asks(command: list[str]) -> None:
    key = [a_record(0, "succeeded").key] if command == ["show"] else []
    result = audit(*command, "rovn/production", *key)
    first, *_ = result.stdout.splitlines()
    assert first == f"In rovn/production (account 111122223333, us-east-2), as {ACTOR}"


def test_as_far_back_and_as_many_as_asked() -> None:
    told = json.loads(audit("list", "rovn/production", "--days", "31", "--json").stdout)
    outcomes = [record["record"]["outcome"] for record in told["records"]]
    assert outcomes == ["succeeded", "failed", "old"]
    one = audit("list", "rovn/production", "--limit", "1", "--json").stdout
    assert len(json.loads(one)["records"]) == 1


def test_one_is_shown_with_its_lock() -> None:
    key = a_record(0, "succeeded").key
    result = audit("show", "rovn/production", key)
    assert result.exit_code == 0
    assert '"outcome": "succeeded"' in result.stdout
    assert "Locked in mode COMPLIANCE until 2032-06-01 00:00 UTC." in result.stdout


def test_one_without_a_lock_says_so(aws: Aws) -> None:
    aws.lock = {}
    result = audit("show", "rovn/production", a_record(0, "succeeded").key)
    assert "Locked in mode (none) until nobody knows when." in result.stdout


def test_one_that_is_not_there() -> None:
    result = audit("show", "rovn/production", "releases/x.json")
    assert result.exit_code == 2
    assert "there is no record releases/x.json" in result.stderr
    assert "runbook audit list" in result.stderr


def test_what_is_no_record_is_shown_as_it_is(aws: Aws) -> None:
    key = f"releases/{NOW:%Y/%m/%d}/strange.json"
    aws.records[key] = ["no", "record"]
    result = audit("list", "rovn/production", "--json")
    (strange, *_) = [r for r in json.loads(result.stdout)["records"] if r["key"] == key]
    assert strange["record"] == {"unreadable": '["no", "record"]'}


def test_the_address_that_a_command_printed_is_a_key_too() -> None:
    key = a_record(0, "succeeded").key
    assert audit("show", "rovn/production", f"s3://{BUCKET}/{key}").exit_code == 0


@pytest.mark.parametrize("command", [["list", "rovn/production"], ["show", "rovn/production", "x"]])
def test_without_a_bucket_it_says_what_makes_one(aws: Aws, command: list[str]) -> None:
    aws.audit_outputs = []
    result = audit(*command)
    assert result.exit_code == 2
    assert "stack rovn-production-audit has no output AuditRecordsBucket" in result.stderr
    assert "make deploy ENV=rovn/production" in result.stderr


def test_an_object_that_nobody_can_read_is_shown_as_it_is(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = b"[" * 100_000
    monkeypatch.setattr(Aws, "_get_object", lambda *_: {"Body": io.BytesIO(deep)} | LOCK)
    result = audit("show", "rovn/production", "releases/x.json", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["record"] == {"unreadable": deep.decode()}
