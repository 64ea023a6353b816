"""Every call of the function's, with everything that can happen to it, on an account of moto's.

Whatever happens: a run that measured or asked less than it should ends as failed, and so among
the dead letters; what is put is so; each ask goes out at least once when a run ends well; no value
is ever read.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import boto3
import pytest
from moto import mock_aws

from runbook_constructs.secret_ages.handler import ages
from tests.constructs.release_gate.faults import KINDS, CrashedError, Fault, Faulty
from tests.constructs.secret_ages.test_ages import PLANS, SETTINGS, STRIPE

CANARY = "Canary-6c1d"
SERVICES = ("cloudwatch", "secretsmanager", "sns")
# moto dates every version now: the run is due when the key is at 80 percent.
DUE = datetime.now(UTC).replace(microsecond=0) + timedelta(days=72, hours=3)
EVENT = {"time": DUE.isoformat()}
CALLS = [
    *(("describe_secret", number) for number in (1, 2)),
    *(("list_secret_version_ids", number) for number in (1, 2)),
    ("put_metric_data", 1),
    ("publish", 1),
]
CASES = [(call, kind) for call in CALLS for kind in KINDS]
# Lambda runs an event of EventBridge's twice more before it goes to the dead letters.
RUNS = 3
NUMBERS = count(1)


@dataclass
class World:
    """The account, and what became of the events of a schedule."""

    clients: dict[str, Any]
    queue: str
    namespace: str
    fault: Fault | None = None
    calls: list[tuple[str, str]] = field(default_factory=list)
    dead: int = 0

    def run(self) -> bool:
        """Run as the schedule does; say whether a run ended well."""
        for _ in range(RUNS):
            try:
                ages.handler(json.loads(json.dumps(EVENT)), None)
            except (CrashedError, Exception):  # noqa: BLE001, S112 - Lambda takes each for a failure
                continue
            return True
        self.dead += 1
        return False

    @property
    def asked(self) -> list[str]:
        """Take what those on call have heard since the last look."""
        found = self.clients["sqs"].receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        bodies = [json.loads(message["Body"]) for message in found.get("Messages", [])]
        for message in found.get("Messages", []):
            handle = message["ReceiptHandle"]
            self.clients["sqs"].delete_message(QueueUrl=self.queue, ReceiptHandle=handle)
        # Slack shows no other form.
        for said in (json.loads(body["Message"]) for body in bodies):
            assert (said["version"], said["source"]) == ("1.0", "custom")
            assert said["content"]["description"]
        return [body["Subject"] for body in bodies]

    @property
    def measured(self) -> set[str]:
        found = self.clients["cloudwatch"].list_metrics(Namespace=self.namespace)["Metrics"]
        return {
            dimension["Value"]
            for metric in found
            for dimension in metric["Dimensions"]
            if dimension["Name"] == "Secret"
        }


@dataclass
class Account:
    """One account of moto's for all."""

    clients: dict[str, Any]
    queue: str
    topic: str


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with mock_aws():
        clients: dict[str, Any] = {
            "cloudwatch": boto3.client("cloudwatch", region_name="us-east-2"),
            "secretsmanager": boto3.client("secretsmanager", region_name="us-east-2"),
            "sns": boto3.client("sns", region_name="us-east-2"),
            "sqs": boto3.client("sqs", region_name="us-east-2"),
        }
        for name in PLANS:
            clients["secretsmanager"].create_secret(
                Name=f"rovn/production/{name}", SecretString=CANARY
            )
        queue = clients["sqs"].create_queue(QueueName="heard")["QueueUrl"]
        topic = clients["sns"].create_topic(Name="rovn-production-security")["TopicArn"]
        arn = "arn:aws:sqs:us-east-2:123456789012:heard"
        clients["sns"].subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        yield Account(clients, queue, topic)


@pytest.fixture
def world(account: Account, monkeypatch: pytest.MonkeyPatch) -> World:
    # moto forgets no metric: each test has a namespace of its own.
    world = World(account.clients, account.queue, f"Runbook/Secrets/{next(NUMBERS)}")
    own = {"TOPIC": account.topic, "NAMESPACE": world.namespace}
    for name, value in (SETTINGS | own).items():
        monkeypatch.setenv(name, value)
    faulty = {name: Faulty(world, name, account.clients[name]) for name in SERVICES}
    monkeypatch.setattr(ages, "_client", faulty.__getitem__)
    assert not world.asked
    return world


SUBJECT = f"rovn/production: rotate {STRIPE}"


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize(
    ("call", "kind"),
    CASES,
    ids=[f"{c[0]}-{c[1]}-{k[0]}{' for good' if k[1] else ''}" for c, k in CASES],
)
def test_a_call_goes_wrong(
    world: World, call: tuple[str, int], kind: tuple[str, bool], capsys: pytest.CaptureFixture[str]
) -> None:
    world.fault = Fault(call[0], call[1], kind[0], lasting=kind[1])
    ended_well = world.run()
    heard = world.asked
    assert set(heard) <= {SUBJECT}
    assert ended_well is not kind[1]
    assert not ended_well or (SUBJECT in heard and world.measured == set(PLANS))
    assert world.dead == (0 if ended_well else 1)
    assert "get_secret_value" not in {operation for _, operation in world.calls}
    world.fault = None
    assert world.run()
    assert SUBJECT in world.asked
    assert world.measured == set(PLANS)
    out = capsys.readouterr()
    assert CANARY not in out.out + out.err


@pytest.mark.parametrize("runs", [2, 3])
def test_a_run_that_comes_more_than_once_asks_the_same_again(world: World, runs: int) -> None:
    assert [world.run() for _ in range(runs)] == [True] * runs
    assert world.asked == [SUBJECT] * runs


def test_the_table_names_every_call(world: World, record_cases: list[str]) -> None:
    assert world.run()
    assert world.asked == [SUBJECT]
    seen: Counter[str] = Counter()
    calls = []
    for _, operation in world.calls:
        seen[operation] += 1
        calls.append((operation, seen[operation]))
    assert sorted(calls) == sorted(CALLS)
    record_cases.append(
        f"secret ages: {len(CASES) + 2} faults tried: {len(CALLS)} calls x {len(KINDS)} kinds, "
        "a run that comes two and three times"
    )
