"""`runbook restart` (SCR-DEP-2, ROVN-DEP-3): new tasks, and never a deploy."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runbook.model.loader import load_environment
from runbook.operations.operation import Exit
from runbook.operators.restart import Again, Restart
from tests.operations.revisions import NEW
from tests.operators.desk import Desk
from tests.operators.past import PastAws


@pytest.fixture
def aws() -> PastAws:
    return PastAws(load_environment("rovn/production"))


@pytest.fixture
def desk(aws: PastAws) -> Desk:
    return Desk(aws)


def restart(desk: Desk, *, dry_run: bool = False, minutes: float = 150) -> Exit:
    wanted = Again("passport-api", minutes)
    return desk.run(lambda account: Restart(account, wanted, time=desk.time), dry_run=dry_run)


@pytest.mark.clause("SCR-DEP-2")
def test_the_same_revision_gets_new_tasks(aws: PastAws, desk: Desk) -> None:
    assert restart(desk) == Exit.DONE, desk.err.getvalue()
    (update,) = aws.told
    assert update["forceNewDeployment"] is True
    assert "taskDefinition" not in update
    assert desk.answer["verified"]["image tag"] == NEW


@pytest.mark.clause("SCR-DEP-2")
def test_it_says_that_it_deploys_nothing(desk: Desk) -> None:
    assert restart(desk, dry_run=True) == Exit.DONE
    assert desk.answer["before"] == desk.answer["after"]
    assert desk.answer["notes"][0].startswith("A restart deploys nothing: the same image")


def test_a_deployment_that_is_under_way_restarts_by_itself(aws: PastAws, desk: Desk) -> None:
    aws.under_way()
    assert restart(desk) == Exit.REFUSED
    assert "deployment 3 is IN_PROGRESS at BAKE_TIME: it starts new tasks itself" in desk.refusal
    assert aws.told == []


def test_without_a_service_there_is_nothing_to_restart(aws: PastAws, desk: Desk) -> None:
    aws.running = ""
    assert restart(desk) == Exit.REFUSED
    assert "there is no such service in the cluster" in desk.refusal


def test_tasks_that_do_not_come_up_are_told(aws: PastAws, desk: Desk) -> None:
    aws.next_steps = [("ROLLBACK_SUCCESSFUL", "SCALE_UP", 0.0)]
    assert restart(desk) == Exit.FAILED
    failure = desk.answer["failure"]
    assert failure["what"] == ("the tasks were not replaced: deployment 4 is ROLLBACK_SUCCESSFUL")
    assert failure["fix"].startswith("the tasks of before serve on")


def test_when_time_is_up_it_goes_on_in_ecs(aws: PastAws, desk: Desk) -> None:
    aws.next_steps = [("IN_PROGRESS", "BAKE_TIME", 100.0)]
    assert restart(desk, minutes=2) == Exit.FAILED
    assert desk.answer["failure"]["what"] == "it is not done after 2 minutes"
    assert "it goes on in ECS" in desk.answer["failure"]["fix"]


def test_both_ends_are_recorded(aws: PastAws, desk: Desk) -> None:
    restart(desk)
    kinds = [(record["kind"], record["outcome"]) for record in aws.records.values()]
    assert kinds == [("restart-start", "started"), ("restart-end", "succeeded")]


def test_a_deployment_that_ecs_does_not_show_yet_is_waited_for(aws: PastAws, desk: Desk) -> None:
    whole = aws._list_service_deployments
    looks: Iterator[Callable[[Any], Any]] = iter([whole, lambda _: {}, lambda _: {}])
    aws._list_service_deployments = lambda asked: next(looks, whole)(asked)  # type: ignore[method-assign]
    assert restart(desk) == Exit.DONE, desk.err.getvalue()
    assert desk.answer["verified"]["image tag"] == NEW


def test_an_answer_of_a_strange_form_is_a_line_and_is_recorded(aws: PastAws, desk: Desk) -> None:
    """And no traceback: what was begun goes on, and the record says that nobody saw its end."""
    strange = {"serviceDeployments": [{"status": "PENDING"}]}
    aws.during["UpdateService"] = lambda: setattr(
        aws, "_describe_service_deployments", lambda _: strange
    )
    assert restart(desk) == Exit.FAILED
    (line,) = [e for e in desk.err.getvalue().splitlines() if "not of the form" in e]
    assert "restart in rovn/production (account 111122223333, us-east-2): an answer" in line
    assert re.search(r": KeyError at history\.py:\d+\. ECS goes on replacing the tasks", line)
    assert "it is a defect: report it" in line
    outcomes = [record["outcome"] for record in aws.records.values()]
    assert outcomes == ["started", "not watched to its end"]


def test_one_of_a_strange_form_before_anything_began_changes_nothing(
    aws: PastAws, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, Any] = {"serviceDeployments": [{}]}
    monkeypatch.setattr(aws, "_describe_service_deployments", lambda _: told)
    assert restart(desk) == Exit.REFUSED
    assert "Nothing was changed. Now: run the same command again" in desk.err.getvalue()
    assert not aws.records
