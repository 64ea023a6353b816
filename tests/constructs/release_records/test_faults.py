"""Every call of the recorder's, with everything that can happen to it, behind a queue.

Whatever happens: each event ends as one record with one version, or waits among the dead letters;
no record says what another run would not; and what is said of a record is so.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import boto3
import pytest
from moto import mock_aws

from runbook_constructs.release_records.handler import recorder
from runbook_constructs.release_records.handler.records import record_of
from tests.constructs.events_read import NAMES, event
from tests.constructs.release_gate.faults import KINDS, CrashedError, Fault, Faulty

NUMBERS = count(1)
# As the queue is declared; tests/constructs/deployment_detector holds it against the template.
TRIES = 5
EVENTS = ("update-service", "migration", "stack")
CALLS = [("put_object", number) for number in (1, 2, 3)]
CASES = [(call, kind) for call in CALLS for kind in KINDS]
Json = dict[str, Any]


@dataclass
class World:
    """The queue in front of the function, its dead letters, and the bucket behind it."""

    s3: Any
    bucket: str
    fault: Fault | None = None
    calls: list[tuple[str, str]] = field(default_factory=list)
    waiting: dict[str, tuple[Json, int]] = field(default_factory=dict)
    dead: dict[str, Json] = field(default_factory=dict)

    def send(self, body: str) -> None:
        """Let EventBridge deliver an event; each delivery is a message, a second later."""
        number = len(self.waiting) + len(self.dead) + len(self.calls)
        attributes = {"SentTimestamp": str(1795269780847 + 1000 * number)}
        message = {"messageId": f"m{number}", "body": body, "attributes": attributes}
        self.waiting[f"m{number}"] = (message, 0)

    def drain(self) -> None:
        """Deliver all that waits, as Lambda does, until nothing waits: five times at most."""
        while self.waiting:
            batch = list(self.waiting.items())[:10]
            try:
                told = recorder.handler({"Records": [message for _, (message, _) in batch]}, None)
                failed = {each["itemIdentifier"] for each in told["batchItemFailures"]}
            except CrashedError:
                failed = {id_ for id_, _ in batch}
            for id_, (message, tries) in batch:
                del self.waiting[id_]
                if id_ in failed and tries + 1 < TRIES:
                    self.waiting[id_] = (message, tries + 1)
                elif id_ in failed:
                    self.dead[id_] = message

    def redrive(self) -> None:
        """Send the dead letters on their way again."""
        self.waiting = {id_: (message, 0) for id_, message in self.dead.items()}
        self.dead = {}
        self.drain()

    @property
    def records(self) -> dict[str, bytes]:
        """Read every record; fails where one has two versions."""
        versions = [
            v["Key"] for v in self.s3.list_object_versions(Bucket=self.bucket).get("Versions", [])
        ]
        assert len(versions) == len(set(versions))
        return {
            key: self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in versions
        }


@pytest.fixture(scope="module")
def account() -> Iterator[Any]:
    """One account of moto's for all: to begin another takes a third of a second."""
    with mock_aws():
        yield boto3.client("s3", region_name="us-east-1")


@pytest.fixture
def world(account: Any, monkeypatch: pytest.MonkeyPatch) -> World:  # noqa: ANN401 - boto3
    world = World(account, bucket=f"audit-records-{next(NUMBERS)}")
    account.create_bucket(Bucket=world.bucket, ObjectLockEnabledForBucket=True)
    monkeypatch.setenv("AUDIT_BUCKET", world.bucket)
    monkeypatch.setenv("ENVIRONMENT_NAME", "rovn/production")
    monkeypatch.setattr(recorder, "_s3", lambda: Faulty(world, "s3", account))
    return world


@pytest.fixture
def expected() -> dict[str, bytes]:
    """Make the records of a run without faults."""
    made = [record_of(text(name), "rovn/production", datetime.now(UTC)) for name in EVENTS]
    return {record.key: record.body for record in made}


def text(name: str) -> str:
    return json.dumps(event(name))


def said(out: str) -> list[Json]:
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.clause("ROVN-AUD-1")
@pytest.mark.parametrize(
    ("call", "kind"),
    CASES,
    ids=[f"{c[0]}-{c[1]}-{k[0]}{' for good' if k[1] else ''}" for c, k in CASES],
)
def test_a_call_goes_wrong(
    world: World,
    expected: dict[str, bytes],
    call: tuple[str, int],
    kind: tuple[str, bool],
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in EVENTS:
        world.send(text(name))
    world.fault = Fault(call[0], call[1], kind[0], lasting=kind[1])
    world.drain()
    found = world.records
    assert found.items() <= expected.items()
    assert len(found) + len(world.dead) >= len(EVENTS)
    lines = said(capsys.readouterr().out)
    assert {line["key"] for line in lines if line["what"].startswith("recorded")} <= set(found)
    if not kind[1]:
        assert found == expected
        assert not world.dead
    world.fault = None
    world.redrive()
    assert world.records == expected
    assert not world.dead


@pytest.mark.parametrize("name", NAMES)
def test_an_event_is_delivered_twice(world: World, name: str) -> None:
    """By EventBridge, which makes two messages of it; and by the queue, before the first ended."""
    world.send(text(name))
    world.drain()
    before = world.records
    world.send(text(name))
    world.send(text(name))
    world.drain()
    assert world.records == before
    assert len(before) == 1
    assert not world.dead


def test_the_table_names_every_call(
    world: World, expected: dict[str, bytes], record_cases: list[str]
) -> None:
    for name in EVENTS:
        world.send(text(name))
    world.drain()
    assert world.calls == [("s3", operation) for operation, _ in CALLS]
    assert world.records == expected
    record_cases.append(
        f"recorder: {len(CASES) + len(NAMES)} faults tried: {len(CALLS)} calls x {len(KINDS)} "
        f"kinds, {len(NAMES)} events delivered twice"
    )
