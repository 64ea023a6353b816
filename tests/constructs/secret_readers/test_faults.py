"""Every call of the function's, with everything that can happen to it.

Whatever happens: a run that ends well has paged whoever was found and counted them; one that does
not ends among the dead letters; none is counted as well while somebody is there; the next hour's
look finds them again.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from moto import mock_aws

from runbook_constructs.secret_readers.handler import watch
from tests.constructs.events_read import event
from tests.constructs.release_gate.faults import KINDS, CrashedError, Fault
from tests.constructs.secret_readers.world import GET, World, allow, build, settings

CALLS = [
    ("get_account_authorization_details", 1),
    ("describe_secret", 1),
    ("get_resource_policy", 1),
    ("describe_secret", 2),
    ("get_resource_policy", 2),
    ("get_key_policy", 1),
    ("list_grants", 1),
    ("put_metric_data", 1),
    ("publish", 1),
]
CASES = [(call, kind) for call in CALLS for kind in KINDS]
# Lambda runs an event of EventBridge's twice more before it goes to the dead letters.
RUNS = 3
WHO = "arn:aws:iam::123456789012:role/x"


@dataclass
class Lambda:
    """What became of the events."""

    world: World
    dead: list[str] = field(default_factory=list)

    def run(self) -> bool:
        for _ in range(RUNS):
            try:
                watch.handler(event("put-role-policy"), None)
            except (CrashedError, Exception):  # noqa: BLE001, S112 - Lambda takes each for a failure
                continue
            return True
        self.dead.append("put-role-policy")
        return False


@pytest.fixture(scope="module")
def account() -> Iterator[World]:
    """One account for all: nothing that the function does changes it."""
    with mock_aws():
        world = build()
        world.role("x", allow(GET))
        yield world


@pytest.fixture
def runs(account: World, monkeypatch: pytest.MonkeyPatch) -> Lambda:
    for name, value in settings(account).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(watch, "_client", account.client)
    account.calls.clear()
    account.fault = None
    assert account.pages is not None
    return Lambda(account)


@pytest.mark.clause("ROVN-SEC-6")
@pytest.mark.parametrize(
    ("call", "kind"),
    CASES,
    ids=[f"{c[0]}-{c[1]}-{k[0]}{' for good' if k[1] else ''}" for c, k in CASES],
)
def test_a_call_goes_wrong(runs: Lambda, call: tuple[str, int], kind: tuple[str, bool]) -> None:
    world = runs.world
    before = len(world.counted)
    world.fault = Fault(call[0], call[1], kind[0], lasting=kind[1])
    ended_well = runs.run()
    pages, counted = world.pages, world.counted[before:]
    assert set(counted) <= {1.0}
    if ended_well:
        assert counted
        assert any(WHO in page["Message"] for page in pages)
    else:
        # For good only; then it waits among the dead, and somebody was paged, or the alarm rings.
        assert kind[1]
        assert runs.dead == ["put-role-policy"]
        assert pages or counted
    # Nobody is told that all is well.
    assert all("nobody can say" in page["Message"] or WHO in page["Message"] for page in pages)
    world.fault = None
    assert runs.run()
    assert any(WHO in page["Message"] for page in world.pages)


@pytest.mark.parametrize("times", [2, 3])
def test_an_event_comes_more_than_once(runs: Lambda, times: int) -> None:
    assert [runs.run() for _ in range(times)] == [True] * times
    assert len(runs.world.pages) == times


def test_the_table_names_every_call(runs: Lambda, record_cases: list[str]) -> None:
    assert runs.run()
    seen: Counter[str] = Counter()
    calls = []
    for _, operation in runs.world.calls:
        seen[operation] += 1
        calls.append((operation, seen[operation]))
    assert calls == CALLS
    record_cases.append(
        f"secret readers: {len(CASES) + 2} faults tried: {len(CALLS)} calls x {len(KINDS)} kinds, "
        "an event that comes two and three times"
    )
