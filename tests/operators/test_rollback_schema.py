"""`runbook rollback` and the schema: what the older image cannot read (ROVN-RB-3)."""

from typing import Any

import pytest

from runbook.model.loader import load_environment
from runbook.operations.operation import Exit
from tests.operations.revisions import NEW, OLD
from tests.operators.past import OLDER, PastAws
from tests.operators.rollback_desk import KEY, RollbackDesk


@pytest.fixture
def aws() -> PastAws:
    return PastAws(load_environment("rovn/production"))


@pytest.fixture
def desk(aws: PastAws) -> RollbackDesk:
    return RollbackDesk(aws)


def gate(files: list[str], previous: str) -> dict[str, Any]:
    return {"files": files, "previous_image": previous, "snapshot": "the-snapshot"}


@pytest.mark.clause("ROVN-RB-3")
def test_a_migration_that_the_image_before_reads_is_named(aws: PastAws, desk: RollbackDesk) -> None:
    aws.gates["3"] = gate(["0007_add.sql"], OLD)
    assert desk.rollback(dry_run=True) == Exit.DONE
    assert desk.answer["notes"] == [f"migrations since: 0007_add.sql, declared readable for {OLD}"]


@pytest.mark.clause("ROVN-RB-3")
def test_two_releases_back_over_a_migration_is_refused(aws: PastAws, desk: RollbackDesk) -> None:
    aws.gates["3"] = gate(["0007_add.sql"], OLD)
    assert desk.rollback(OLDER) == Exit.REFUSED
    assert desk.refusal == (
        f"schema: 0007_add.sql ran for {NEW} and can be read by {OLD}, not by {OLDER}; go "
        f"forward: release an image that repairs it; go back to {OLD} at most; or restore "
        "snapshot the-snapshot, which loses what was written since"
    )
    assert aws.told == []


def test_no_migration_is_said_too(desk: RollbackDesk) -> None:
    desk.rollback(dry_run=True)
    assert desk.answer["notes"] == ["migrations since: none"]


def test_a_service_without_a_gate_is_not_said_to_have_had_no_migrations(aws: PastAws) -> None:
    service = aws.environment.services[KEY]
    rolling = service.model_copy(update={"strategy": "rolling", "gate": None})
    aws.environment = aws.environment.model_copy(update={"services": {KEY: rolling}})
    desk = RollbackDesk(aws)
    assert desk.rollback(dry_run=True) == Exit.DONE
    (note,) = desk.answer["notes"]
    assert "not known from here: the service has no release gate; find out by hand" in note
    assert desk.answer["next"].endswith(f"--service {KEY} --accept-changes")
    held = RollbackDesk(aws)
    assert held.rollback() == Exit.REFUSED
    assert held.refusal.startswith(
        "beside the image: a rollback is there to change the image alone; not agreed to yet: schema"
    )
    assert aws.told == []


def test_what_is_not_known_is_the_gates_to_decide(aws: PastAws, desk: RollbackDesk) -> None:
    aws.gates["3"] = None
    desk.rollback(dry_run=True)
    (note,) = desk.answer["notes"]
    assert "the gate asks the ledger before anything changes" in note


def test_what_the_gate_holds_is_told_with_the_way_forward(aws: PastAws, desk: RollbackDesk) -> None:
    aws.next_steps = [
        ("IN_PROGRESS", "PRE_SCALE_UP", 0.0),
        ("ROLLBACK_SUCCESSFUL", "CLEAN_UP", 0.0),
    ]
    assert desk.rollback() == Exit.FAILED
    failure = desk.answer["failure"]
    assert failure["what"].endswith("is ROLLBACK_SUCCESSFUL")
    assert "the revision of before serves on" in failure["fix"]
    assert aws.executed == [], "the stack still says what serves"
