"""Every call of the restart's, with everything that can happen to it.

Whatever happens: it is said to be done only when tasks have started since the rotation, and their
deployment went well; else the execution ends as failed, which pages; and no call deploys anything.
"""

from collections.abc import Callable

import pytest

from tests.constructs.release_gate.states_language import StateError
from tests.constructs.secret_restart.world import (
    BACK,
    LASTS,
    Deployment,
    Ecs,
    has_new_tasks,
    restarted,
)

LISTED, UPDATED = "ecs:listServiceDeployments", "ecs:updateService"
# In the order of a plain run: what is under way, what was since; and these two until the end.
LOOKS = 2 + LASTS // 60 + 1
CALLS = [*((LISTED, number) for number in range(1, LOOKS + 1)), (UPDATED, 1)]
# Before the call has an effect, or after.
KINDS = {
    "throttled": ("Ecs.EcsException", True),
    "server error": ("Ecs.ServerException", True),
    "no connection": ("Ecs.SdkClientException", True),
    "denied": ("Ecs.AccessDeniedException", True),
    "timed out": ("States.Timeout", True),
    "lost response": ("States.Timeout", False),
}
CASES = [(call, kind, lasting) for call in CALLS for kind in KINDS for lasting in (False, True)]


def failing(call: tuple[str, int], error: str, *, lasting: bool) -> Callable[[str, int], None]:
    def happens(name: str, number: int) -> None:
        if name == call[0] and (number == call[1] or (lasting and number > call[1])):
            raise StateError(error, "as it was told to")

    return happens


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize(
    ("call", "kind", "lasting"),
    CASES,
    ids=[f"{c[0]}-{c[1]}-{k}{' for good' if g else ''}" for c, k, g in CASES],
)
def test_a_call_goes_wrong(call: tuple[str, int], kind: str, lasting: bool) -> None:
    error, comes_before = KINDS[kind]
    ecs = Ecs([Deployment(-10_000, -9_000)])
    setattr(ecs, "before" if comes_before else "after", failing(call, error, lasting=lasting))
    run = restarted(ecs)
    if lasting:
        assert (run.status, run.error) == ("FAILED", error)
    else:
        assert run.status == "SUCCEEDED"
        assert has_new_tasks(ecs)
    # An answer that is lost may let it ask once more; nobody's release is in between.
    most = 9 if call[0] == UPDATED and not comes_before else 1
    assert len(ecs.restarts) <= most


@pytest.mark.parametrize("kind", KINDS)
def test_a_try_after_one_that_was_taken_back_goes_wrong(kind: str) -> None:
    error, comes_before = KINDS[kind]
    for lasting in (False, True):
        ecs = Ecs(outcomes=[BACK])
        happens = failing((UPDATED, 2), error, lasting=lasting)
        setattr(ecs, "before" if comes_before else "after", happens)
        assert restarted(ecs).status == ("FAILED" if lasting else "SUCCEEDED")


@pytest.mark.parametrize("number", range(1, LOOKS + 1))
def test_a_service_that_goes_away_meanwhile_needs_no_restart(number: int) -> None:
    ecs = Ecs([Deployment(-10_000, -9_000)])

    def gone(name: str, called: int) -> None:
        ecs.there = ecs.there and (name, called) != (LISTED, number)

    ecs.before = gone
    run = restarted(ecs)
    assert (run.status, run.path[-1]) == ("SUCCEEDED", "NothingRuns")


@pytest.mark.parametrize("deliveries", [2, 3])
def test_an_event_that_comes_more_than_once_restarts_once(deliveries: int) -> None:
    ecs = Ecs([Deployment(-10_000, -9_000)])
    assert [restarted(ecs).status for _ in range(deliveries)] == ["SUCCEEDED"] * deliveries
    assert len(ecs.restarts) == 1


def test_the_table_names_every_call(record_cases: list[str]) -> None:
    ecs = Ecs([Deployment(-10_000, -9_000)])
    assert restarted(ecs).status == "SUCCEEDED"
    names = [name for name, _ in ecs.calls]
    assert {(name, names.count(name)) for name in names} == {(LISTED, LOOKS), (UPDATED, 1)}
    record_cases.append(
        f"restart: {len(CASES) + 2 * len(KINDS) + LOOKS + 2} faults tried: {len(CALLS)} calls x "
        f"{len(KINDS)} kinds x once and for good, a second try, a service that goes away, "
        "an event that comes two and three times"
    )
