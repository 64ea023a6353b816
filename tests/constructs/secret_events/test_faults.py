"""Every rotation that is told, with everything that can happen between the bus and the topic.

As the detector's table: EventBridge publishes, tries again and gives up as the synthesized rule
says. Whatever happens: it is told at least once, or the event is among the dead letters.
"""

import pytest

from tests.assembly import Assembly
from tests.constructs.deployment_detector.test_faults import Bus, Json, bus_of
from tests.constructs.events_read import event
from tests.constructs.release_gate.faults import KINDS, Fault

PREFIX = "rovn-production-secret-events-"
HAPPENED: dict[str, Json] = {
    **{
        what: event("rotation-failed", detail__eventName=what)
        for what in (
            *("RotationAbandoned", "RotationFailed"),
            *("RotationStarted", "RotationSucceeded"),
        )
    },
    **{
        status: event("restart", detail__status=status)
        for status in ("ABORTED", "FAILED", "TIMED_OUT")
    },
}
CASES = [(what, kind) for what in HAPPENED for kind in KINDS]


@pytest.fixture
def bus(assembly: Assembly) -> Bus:
    return bus_of(assembly, PREFIX)


@pytest.mark.clause("ROVN-SEC-5")
@pytest.mark.parametrize(
    ("what", "kind"), CASES, ids=[f"{w}-{k[0]}{' for good' if k[1] else ''}" for w, k in CASES]
)
def test_it_is_told_or_waits(bus: Bus, what: str, kind: tuple[str, bool]) -> None:
    happened = HAPPENED[what]
    bus.fault = Fault("publish", 1, kind[0], lasting=kind[1])
    bus.put(happened)
    assert bus.topic.pages or bus.dead == [happened]
    assert kind[1] or bus.topic.pages or kind[0] == "aws error"
    detail = happened["detail"]
    about = detail.get("executionArn") or detail["additionalEventData"]["SecretId"]
    for text in bus.topic.pages:
        assert what in text
        assert about in text


@pytest.mark.clause("ROVN-SEC-5")
def test_what_is_delivered_twice_is_told_at_least_once(bus: Bus) -> None:
    for happened in HAPPENED.values():
        before = len(bus.topic.pages)
        bus.put(happened)
        bus.put(happened)
        assert len(bus.topic.pages) >= before + 1


def test_nothing_is_told_where_nothing_rotates(bus: Bus) -> None:
    for name in ("put-secret-value", "update-secret-version-stage", "migration"):
        bus.put(event(name))
    assert (bus.topic.pages, bus.dead) == ([], [])


def test_the_table_names_every_rule(bus: Bus, record_cases: list[str]) -> None:
    assert {rule["Name"].removeprefix(PREFIX) for rule in bus.rules} == {"restart", "rotation"}
    record_cases.append(
        f"secret events: {len(CASES) + len(HAPPENED)} faults tried: {len(HAPPENED)} events x "
        f"{len(KINDS)} kinds, {len(HAPPENED)} events delivered twice"
    )
