"""The restart after a rotation, its definition run state by state."""

import json

import pytest
from botocore.model import ServiceModel
from botocore.session import get_session

from runbook_constructs.secret_restart.state_machine import (
    GATHER_SECONDS,
    HOURS,
    TRIES,
    UNDER_WAY,
    definition,
)
from tests.constructs.secret_restart.world import (
    BACK,
    CLUSTER,
    LASTS,
    WELL,
    Deployment,
    Ecs,
    has_new_tasks,
    restarted,
)

LONG_AGO = Deployment(-10_000, -9_000)


def model() -> ServiceModel:
    return get_session().get_service_model("ecs")


@pytest.mark.clause("ROVN-SEC-3")
def test_a_service_is_restarted_once_and_watched_to_the_end() -> None:
    ecs = Ecs([LONG_AGO])
    run = restarted(ecs)
    assert (run.status, run.path[-1]) == ("SUCCEEDED", "Restarted")
    assert ecs.restarts == [GATHER_SECONDS]
    assert run.seconds >= GATHER_SECONDS + LASTS
    assert has_new_tasks(ecs)


@pytest.mark.clause("ROVN-DEP-3")
def test_it_asks_for_nothing_but_new_tasks() -> None:
    ecs = Ecs([LONG_AGO])
    restarted(ecs)
    (parameters,) = [given for name, given in ecs.calls if name == "ecs:updateService"]
    assert set(parameters) == {"Cluster", "Service", "ForceNewDeployment"}


@pytest.mark.parametrize("status", UNDER_WAY)
def test_it_waits_for_what_is_under_way(status: str) -> None:
    """A release began before the rotation: its tasks may have read either value."""
    ecs = Ecs([Deployment(-600, 900, WELL, while_under_way=status)])
    assert restarted(ecs).status == "SUCCEEDED"
    assert [when >= 900 for when in ecs.restarts] == [True]


def test_a_release_that_began_since_and_went_well_is_enough() -> None:
    ecs = Ecs([LONG_AGO, Deployment(5, 900)])
    assert restarted(ecs).status == "SUCCEEDED"
    assert ecs.restarts == []


def test_a_release_that_began_since_and_was_taken_back_is_not() -> None:
    ecs = Ecs([LONG_AGO, Deployment(5, 900, BACK)])
    assert restarted(ecs).status == "SUCCEEDED"
    assert len(ecs.restarts) == 1


@pytest.mark.clause("ROVN-SEC-3")
def test_two_rotations_share_a_restart_that_began_after_both() -> None:
    ecs = Ecs([LONG_AGO])
    for rotated in (0, 30):
        assert restarted(ecs, rotated).status == "SUCCEEDED"
        assert has_new_tasks(ecs, rotated)
    assert ecs.restarts == [GATHER_SECONDS]


@pytest.mark.clause("ROVN-SEC-3")
def test_a_restart_that_began_before_the_second_rotation_does_not_count_for_it() -> None:
    ecs = Ecs([LONG_AGO])
    for rotated in (0, GATHER_SECONDS + 30):
        assert restarted(ecs, rotated).status == "SUCCEEDED"
        assert has_new_tasks(ecs, rotated)
    first, second = ecs.restarts
    assert second >= first + LASTS


@pytest.mark.parametrize("backs", range(1, TRIES))
def test_a_restart_that_is_taken_back_is_tried_again(backs: int) -> None:
    ecs = Ecs([LONG_AGO], [BACK] * backs)
    assert restarted(ecs).status == "SUCCEEDED"
    assert len(ecs.restarts) == backs + 1
    assert has_new_tasks(ecs)


@pytest.mark.clause("ROVN-SEC-3")
def test_one_that_never_succeeds_fails_loudly() -> None:
    ecs = Ecs([LONG_AGO], [BACK] * TRIES)
    run = restarted(ecs)
    assert (run.status, run.error) == ("FAILED", "NeverRestarted")
    assert f"{TRIES} restarts were taken back" in run.cause
    assert len(ecs.restarts) == TRIES


def test_one_that_never_ends_times_out() -> None:
    ecs = Ecs([Deployment(-600, float("inf"))])
    run = restarted(ecs)
    assert run.status == "TIMED_OUT"
    assert run.seconds > HOURS * 3600
    assert ecs.restarts == []


def test_before_the_first_release_nothing_runs_and_nothing_is_restarted() -> None:
    run = restarted(Ecs(there=False))
    assert (run.status, run.path[-1]) == ("SUCCEEDED", "NothingRuns")


def test_it_keeps_within_the_history_of_an_execution() -> None:
    """25,000 events; a look is two calls or one, a choice and a wait, seven events at most each."""
    looks = HOURS * 3600 / 60
    assert looks * 4 * 7 < 25_000


def test_it_knows_every_state_of_a_deployment() -> None:
    """One that ECS invents fails here: nobody would wait for it."""
    statuses = model().shape_for("ServiceDeploymentStatus").enum  # type: ignore[attr-defined]
    over = {"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"}
    assert set(statuses) == over | set(UNDER_WAY)


def test_its_calls_are_the_services_own() -> None:
    for state in definition(CLUSTER)["States"].values():
        if state["Type"] != "Task":
            continue
        action = state["Resource"].rpartition(":")[2]
        operation = model().operation_model(action[0].upper() + action[1:])
        assert operation.input_shape
        members = {name[0].upper() + name[1:] for name in operation.input_shape.members}
        assert {name.removesuffix(".$") for name in state["Parameters"]} <= members
        errors = {f"Ecs.{shape.name}" for shape in operation.error_shapes}
        (gone, _), (none, _) = state["Catch"], state["Retry"]
        assert none["MaxAttempts"] == 0
        assert set(gone["ErrorEquals"]) & errors == set(gone["ErrorEquals"]) - (
            set() if action == "updateService" else {"Ecs.ServiceNotActiveException"}
        )


def test_every_state_is_reached_and_the_definition_is_json() -> None:
    states = definition(CLUSTER)["States"]
    named = {definition(CLUSTER)["StartAt"]}
    for state in states.values():
        named |= {state.get("Next"), state.get("Default")}
        named |= {one["Next"] for one in state.get("Choices", []) + state.get("Catch", [])}
    assert named - {None} == set(states)
    assert all("TimeoutSeconds" in s for s in states.values() if s["Type"] == "Task")
    assert json.loads(json.dumps(definition(CLUSTER))) == definition(CLUSTER)
