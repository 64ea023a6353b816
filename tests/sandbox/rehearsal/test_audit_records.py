"""What is held of records after each drill: each way of telling less, more or otherwise fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from runbook.model.loader import load_environment
from sandbox.endpoint import Endpoint
from sandbox.rehearsal.audit_records import WITNESS, AuditRecords
from sandbox.rehearsal.report import Checks, DrillError
from tests.constructs.events_read import event

BUCKET, NAME = "some-records", "rovn-staging-release-records"
CALL, TASK = event("update-service"), event("ecs-task")


class Moto(Endpoint):
    """moto in the emulator's place."""

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3
        return boto3.client(service, region_name=self.region)  # type: ignore[call-overload]


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> Iterator[AuditRecords]:
    monkeypatch.setattr(AuditRecords, "bucket", BUCKET)
    with mock_aws():
        endpoint = Moto("", "111122223333", "us-east-2")
        endpoint.client("s3").create_bucket(
            Bucket=BUCKET,
            ObjectLockEnabledForBucket=True,
            CreateBucketConfiguration={"LocationConstraint": "us-east-2"},
        )
        for name in (NAME, f"{NAME}-dead-letters"):
            endpoint.client("sqs").create_queue(QueueName=name)
        endpoint.client("events").put_rule(Name=f"{NAME}-writes", EventPattern='{"source": ["x"]}')
        yield AuditRecords(load_environment("rovn/staging"), endpoint)


def witness(records: AuditRecords, *events: dict[str, Any]) -> None:
    sqs = records.endpoint.client("sqs")
    url = sqs.get_queue_url(QueueName=WITNESS)["QueueUrl"]
    for each in events:
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(each))


def record(
    records: AuditRecords, id_: str, kind: str = "call", mode: str = "COMPLIANCE", days: int = 30
) -> object:
    return records.endpoint.client("s3").put_object(
        Bucket=BUCKET,
        Key=f"releases/2026/11/21/20261121T140259Z-{kind}-{id_}.json",
        Body=json.dumps(
            {"source": "aws.ecs", "kind": kind, "outcome": "succeeded", "after": {"a": 1}}
        ),
        ObjectLockMode=mode,
        ObjectLockRetainUntilDate=datetime.now(UTC) + timedelta(days=days),
    )


ID = CALL["detail"]["eventID"]


def test_one_record_of_each_event_under_the_lock_is_as_it_should_be(records: AuditRecords) -> None:
    """A call by CloudTrail's id, a task by its version, anything else by the event's id."""
    stack = event("stack")
    task = f"{TASK['detail']['taskArn'].rpartition('/')[2]}-{TASK['detail']['version']}"
    witness(records, CALL, CALL, TASK, stack)
    for id_, kind in ((ID, "call"), (task, "ecs-task"), (stack["id"], "stack")):
        record(records, id_, kind)
    checks = Checks()
    records.check(checks)
    assert "records: 3" in checks.found
    assert [each["kind"] for each in records.of("call", a=1)] == ["call"]
    assert records.of("call", a=2) == []
    records.begin()
    assert records.new == []


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda _: None, "without a record"),
        (lambda r: [record(r, ID), record(r, "another")], "records of no event"),
        (lambda r: [record(r, ID), record(r, ID)], "records with another version"),
        (lambda r: record(r, ID, "unknown"), "of a shape that nobody reads"),
        (lambda r: record(r, ID, mode="GOVERNANCE"), "that the lock does not hold"),
        (lambda r: record(r, ID, days=20), "that the lock does not hold"),
        (
            lambda r: [
                record(r, ID),
                r.endpoint.client("sqs").send_message(QueueUrl=r.dead_letters, MessageBody="x"),
            ],
            "dead letters",
        ),
    ],
)
def test_whatever_else_the_bucket_says_fails_the_drill(
    records: AuditRecords, spoil: Callable[[AuditRecords], object], why: str
) -> None:
    witness(records, CALL)
    spoil(records)
    with pytest.raises(DrillError, match=why):
        records.check(Checks())


def test_what_comes_while_the_records_are_read_is_no_record_of_no_event(
    records: AuditRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that is busy hands on an event, and writes its record, between two looks."""
    listed, late = AuditRecords._listed, iter([event("stack")])

    def busy(self: AuditRecords) -> list[dict[str, Any]]:
        for each in late:
            witness(self, each)
            record(self, each["id"], "stack")
        return listed(self)

    monkeypatch.setattr(AuditRecords, "_listed", busy)
    witness(records, CALL)
    record(records, ID)
    checks = Checks()
    records.check(checks)
    assert "records: 2" in checks.found
