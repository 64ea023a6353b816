"""Every call of the test page's function, with everything that can happen to it.

Whatever happens: a month has one page at most, of the schedule's own minute; no count is smaller
than the days that are over; a run that left its work undone ends as failed, and so among the dead
letters; the next business day rings, and the next day counts.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from runbook_constructs.test_page.handler import page as function
from tests.constructs.release_gate.faults import KINDS, CrashedError, Fault, Faulty
from tests.constructs.test_page.metrics import DAYS, NOON, PAGES, CloudWatch, page

DAY = timedelta(days=1)
# Two items of history are a page of the answer: the last page, of six days ago, has two of them.
CALLS = {
    "ring": [
        ("describe_alarm_history", 1),
        ("get_metric_statistics", 1),
        *(("describe_alarm_history", number) for number in (2, 3)),
        *(("get_metric_statistics", number) for number in (2, 3)),
        *(("put_metric_data", number) for number in (1, 2)),
    ],
    "count": [
        ("get_metric_statistics", 1),
        *(("describe_alarm_history", number) for number in (1, 2)),
        *(("get_metric_statistics", number) for number in (2, 3)),
        *(("put_metric_data", number) for number in (1, 2)),
    ],
}
CASES = [(task, call, kind) for task, calls in CALLS.items() for call in calls for kind in KINDS]
# Lambda runs an event of EventBridge's twice more before it goes to the dead letters.
RUNS = 3
LAST = NOON - 6 * DAY


@dataclass
class World:
    """The account, and what became of the events of a day."""

    cloudwatch: CloudWatch
    now: datetime = NOON
    fault: Fault | None = None
    calls: list[tuple[str, str]] = field(default_factory=list)
    dead: int = 0

    def run(self, task: str) -> bool:
        """Run as the schedule does; say whether a run ended well."""
        for _ in range(RUNS):
            try:
                function.handler({"task": task, "time": self.now.isoformat()}, None)
            except (CrashedError, Exception):  # noqa: BLE001, S112 - Lambda takes each for a failure
                continue
            return True
        self.dead += 1
        return False


@pytest.fixture
def world(cloudwatch: CloudWatch, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(cloudwatch)
    cloudwatch.history = page(LAST)
    cloudwatch.told(LAST + timedelta(minutes=1))
    client: Any = Faulty(world, "cloudwatch", cloudwatch)
    monkeypatch.setattr(function, "_cloudwatch", lambda: client)
    monkeypatch.setattr(function, "_now", lambda: world.now)
    return world


@pytest.mark.clause("ALL-7")
@pytest.mark.parametrize(
    ("task", "call", "kind"),
    CASES,
    ids=[f"{t}-{c[0]}-{c[1]}-{k[0]}{' for good' if k[1] else ''}" for t, c, k in CASES],
)
def test_a_call_goes_wrong(
    world: World, task: str, call: tuple[str, int], kind: tuple[str, bool]
) -> None:
    world.fault = Fault(call[0], call[1], kind[0], lasting=kind[1])
    ended_well = world.run(task)
    pages = world.cloudwatch.seen(PAGES)
    counts = [days for _, days in world.cloudwatch.seen(DAYS)]
    assert {at for at, _ in pages} <= {NOON}
    assert set(counts) <= {6}
    if task == "ring":
        assert bool(pages) or not ended_well
    else:
        assert bool(counts) or not ended_well
    assert ended_well or world.dead == 1
    assert kind[1] or ended_well
    world.fault, world.now = None, NOON + DAY
    rung = bool(pages)
    if rung:
        world.cloudwatch.history += page(NOON)
        world.cloudwatch.told(NOON + timedelta(minutes=1))
    assert world.run("ring")
    assert world.run("count")
    assert len(world.cloudwatch.seen(PAGES)) == 1
    assert world.cloudwatch.seen(DAYS)[-1][1] == (1 if rung else 7)


@pytest.mark.parametrize("runs", [2, 3])
def test_an_event_comes_more_than_once(world: World, runs: int) -> None:
    for task in CALLS:
        assert [world.run(task) for _ in range(runs)] == [True] * runs
    assert world.cloudwatch.seen(PAGES) == [(NOON, 1)]
    assert world.cloudwatch.seen(DAYS) == [(NOON, 6)]


def test_the_table_names_every_call(world: World, record_cases: list[str]) -> None:
    for task, calls in CALLS.items():
        world.calls.clear()
        assert world.run(task)
        seen: Counter[str] = Counter()
        found = []
        for _, operation in world.calls:
            seen[operation] += 1
            found.append((operation, seen[operation]))
        assert found == calls
    record_cases.append(
        f"test page: {len(CASES) + 2} faults tried: {sum(map(len, CALLS.values()))} calls x "
        f"{len(KINDS)} kinds, events that come two and three times"
    )
