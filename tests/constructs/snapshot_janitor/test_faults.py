"""Every call of the janitor's, with everything that can happen to it.

Whatever happens: nothing goes but what is old and the gate's own; a run that leaves one of those
ends as failed, and so among the dead letters; what is said to be deleted is; the next day's run
finishes the work.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from runbook_constructs.snapshot_janitor.handler import janitor
from tests.constructs.release_gate.faults import KINDS, CrashedError, Fault, Faulty

INSTANCE, OTHER = "rovn-production-postgres", "another"
SETTINGS = {"INSTANCE": INSTANCE, "PREFIXES": '["rovn-passport-api-"]', "KEEP_DAYS": "90"}
# moto dates every snapshot now: the day of the run is so much later.
DAY = datetime.now(UTC).replace(microsecond=0) + timedelta(days=91)
LONG_AGO, RECENT = f"{DAY - timedelta(days=200):%Y%m%d%H%M%S}", f"{DAY:%Y%m%d%H%M%S}"
OURS = [{"Key": "runbook:purpose", "Value": "pre-deploy"}]
OLD = {f"rovn-passport-api-000{number}-x-{LONG_AGO}" for number in (1, 2)}
STAYS: dict[str, tuple[str, list[dict[str, str]]]] = {
    f"rovn-passport-api-0003-young-{RECENT}": (INSTANCE, OURS),
    f"rovn-passport-api-0004-untagged-{LONG_AGO}": (INSTANCE, []),
    f"rovn-passport-api-0005-other-{LONG_AGO}": (
        INSTANCE,
        [{"Key": "runbook:purpose", "Value": "else"}],
    ),
    f"rovn-passport-api-0006-elsewhere-{LONG_AGO}": (OTHER, OURS),
    f"by-hand-0007-{LONG_AGO}": (INSTANCE, OURS),
    f"rovn-passport-api-0008-shared-{LONG_AGO}": (INSTANCE, OURS),
}
SHARED = f"rovn-passport-api-0008-shared-{LONG_AGO}"
CALLS = [
    ("describe_db_snapshots", 1),
    *(("describe_db_snapshot_attributes", number) for number in (1, 2, 3)),
    *(("delete_db_snapshot", number) for number in (1, 2)),
]
CASES = [(call, kind) for call in CALLS for kind in KINDS]
# Lambda runs an event of EventBridge's twice more before it goes to the dead letters.
RUNS = 3
EVENT = {"time": DAY.isoformat()}


@dataclass
class World:
    """The account, and what became of the events of a day."""

    rds: Any
    fault: Fault | None = None
    calls: list[tuple[str, str]] = field(default_factory=list)
    dead: int = 0

    def day(self) -> bool:
        """Run as the schedule does; say whether a run ended well."""
        for _ in range(RUNS):
            try:
                janitor.handler(json.loads(json.dumps(EVENT)), None)
            except (CrashedError, Exception):  # noqa: BLE001, S112 - Lambda takes each for a failure
                continue
            return True
        self.dead += 1
        return False

    @property
    def there(self) -> set[str]:
        found = self.rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
        return {snapshot["DBSnapshotIdentifier"] for snapshot in found}


@pytest.fixture(scope="module")
def account() -> Iterator[Any]:
    """One account of moto's for all."""
    with mock_aws():
        rds: Any = boto3.client("rds", region_name="us-east-2")
        for instance in (INSTANCE, OTHER):
            rds.create_db_instance(
                DBInstanceIdentifier=instance, DBInstanceClass="db.m7g.large", Engine="postgres"
            )
        for name, (instance, tags) in STAYS.items():
            rds.create_db_snapshot(
                DBSnapshotIdentifier=name, DBInstanceIdentifier=instance, Tags=tags
            )
        rds.modify_db_snapshot_attribute(
            DBSnapshotIdentifier=SHARED, AttributeName="restore", ValuesToAdd=["999999999999"]
        )
        yield rds


@pytest.fixture
def world(account: Any, monkeypatch: pytest.MonkeyPatch) -> World:  # noqa: ANN401 - boto3
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    world = World(account)
    for name in OLD - world.there:
        account.create_db_snapshot(
            DBSnapshotIdentifier=name, DBInstanceIdentifier=INSTANCE, Tags=OURS
        )
    monkeypatch.setattr(janitor, "_rds", lambda: Faulty(world, "rds", account))
    monkeypatch.setattr(janitor, "_now", lambda event: datetime.fromisoformat(event["time"]))
    return world


def deleted(out: str) -> set[str]:
    lines = [json.loads(line) for line in out.splitlines()]
    return {line["snapshot"] for line in lines if line["what"] == "deleted"}


@pytest.mark.clause("ROVN-MIG-2")
@pytest.mark.parametrize(
    ("call", "kind"),
    CASES,
    ids=[f"{c[0]}-{c[1]}-{k[0]}{' for good' if k[1] else ''}" for c, k in CASES],
)
def test_a_call_goes_wrong(
    world: World, call: tuple[str, int], kind: tuple[str, bool], capsys: pytest.CaptureFixture[str]
) -> None:
    world.fault = Fault(call[0], call[1], kind[0], lasting=kind[1])
    ended_well = world.day()
    assert set(STAYS) <= world.there
    assert deleted(capsys.readouterr().out) <= OLD - world.there
    left = OLD & world.there
    assert not (ended_well and left)
    assert ended_well or world.dead == 1
    assert kind[1] or not left
    world.fault = None
    assert world.day()
    assert world.there == set(STAYS)


@pytest.mark.parametrize("runs", [2, 3])
def test_a_day_comes_more_than_once(world: World, runs: int) -> None:
    assert [world.day() for _ in range(runs)] == [True] * runs
    assert world.there == set(STAYS)


def test_the_table_names_every_call(world: World, record_cases: list[str]) -> None:
    assert world.day()
    seen: Counter[str] = Counter()
    calls = []
    for _, operation in world.calls:
        seen[operation] += 1
        calls.append((operation, seen[operation]))
    assert calls == CALLS
    record_cases.append(
        f"janitor: {len(CASES) + 2} faults tried: {len(CALLS)} calls x {len(KINDS)} kinds, "
        "a day that comes two and three times"
    )
