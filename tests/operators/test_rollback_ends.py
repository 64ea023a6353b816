"""How `runbook rollback` ends: watch, stack, record, and what goes wrong (ROVN-RB-2)."""

from typing import Any

import pytest

from runbook.model.loader import load_environment
from runbook.operations.operation import Exit
from runbook.operators.web import Answer
from tests.operations.aws import ACTOR
from tests.operations.revisions import NEW, OLD
from tests.operators.past import DEPLOYMENTS, PastAws, Steps
from tests.operators.rollback_desk import RollbackDesk


@pytest.fixture
def aws() -> PastAws:
    return PastAws(load_environment("rovn/production"))


@pytest.fixture
def desk(aws: PastAws) -> RollbackDesk:
    return RollbackDesk(aws)


def test_a_freeze_does_not_hold_it(aws: PastAws, desk: RollbackDesk) -> None:
    aws.freeze = '{"frozen": true, "by": "x", "reason": "y", "since": "z"}'
    assert desk.rollback() == Exit.DONE


def test_it_goes_on_unrecorded_and_says_so(aws: PastAws, desk: RollbackDesk) -> None:
    aws.faults["PutObject"] = [("AccessDenied", "no")] * 2
    assert desk.rollback() == Exit.FAILED
    assert "The start is not recorded" in desk.err.getvalue()
    assert desk.answer["verified"]["image tag"] == OLD
    lost = desk.answer["unrecorded"]
    assert [each["record"]["outcome"] for each in lost] == ["started", "succeeded"]
    assert all("PutObject: AccessDenied" in each["why"] for each in lost)


def test_health_that_does_not_confirm_is_no_success(aws: PastAws, desk: RollbackDesk) -> None:
    desk.page.answers = [Answer(why="no route")] * 60
    assert desk.rollback() == Exit.FAILED
    assert desk.answer["failure"]["why"] == ["/health: not confirmed: no route"]


@pytest.mark.clause("ROVN-RB-2")
def test_the_record_of_one_that_did_not_end_well_has_the_timeline(
    aws: PastAws, desk: RollbackDesk
) -> None:
    desk.page.answers = [Answer(why="no route")] * 60
    desk.rollback()
    _, end = aws.records.values()
    assert end["outcome"] == "failed"
    assert end["detail"]["seconds to traffic"] == 10
    assert any(line.endswith(f"traffic is on {OLD}") for line in end["detail"]["timeline"])
    assert desk.answer["so_far"]["timeline"] == end["detail"]["timeline"]


def test_health_of_another_version_does_not_confirm(aws: PastAws, desk: RollbackDesk) -> None:
    desk.page.answers = [Answer(200, {"version": NEW})] * 60
    assert desk.rollback() == Exit.FAILED
    assert desk.answer["failure"]["why"] == [f"/health: not confirmed: 200 from version {NEW}"]


def test_a_stack_that_cannot_agree_is_no_success(aws: PastAws, desk: RollbackDesk) -> None:
    aws.faults["CreateChangeSet"] = [("AccessDenied", "no")]
    assert desk.rollback() == Exit.FAILED
    failure = desk.answer["failure"]
    assert failure["why"][0] == (
        f"CreateChangeSet: AccessDenied: no ({ACTOR} may not cloudformation:CreateChangeSet)"
    )
    assert failure["fix"].startswith("run the same command again: it moves no traffic")


def test_alarms_that_ring_in_the_window_are_told(aws: PastAws, desk: RollbackDesk) -> None:
    aws.alarm_states = {"rovn-production-errors": "ALARM"}
    assert desk.rollback() == Exit.DONE
    assert desk.answer["verified"]["alarms"] == "1 ring: rovn-production-errors"
    assert "alarm rovn-production-errors: ALARM when first looked at" in desk.err.getvalue()
    assert "OK -> ALARM" not in desk.err.getvalue(), "nobody saw it begin"


def test_a_part_of_a_composite_is_no_alarm(aws: PastAws, desk: RollbackDesk) -> None:
    """That the canary has run at all rings on every good day."""
    armed = "rovn-production-canary-armed-passport-api"
    aws.alarm_states = {armed: "ALARM", "rovn-production-errors": "OK"}
    desk.rollback()
    assert desk.answer["verified"]["alarms"] == "1 watched, none rings"
    assert armed not in desk.err.getvalue()


def test_what_an_alarm_becomes_is_told_once(aws: PastAws, desk: RollbackDesk) -> None:
    name = "rovn-production-errors"
    states = iter(["OK", "ALARM", "ALARM", None, "ALARM", "OK"])

    def next_state() -> None:
        state = next(states, "OK")
        aws.alarm_states = {name: state} if state else {}
        if state is None:
            aws.faults["DescribeAlarms"] = [("AccessDenied", "no")]

    aws.during["DescribeAlarms"] = next_state
    assert desk.rollback() == Exit.DONE
    told = [line.partition("s  ")[2] for line in desk.answer["verified"]["timeline"]]
    (unseen,) = [line for line in told if line.startswith("alarms are not seen")]
    assert [line for line in told if line.startswith("alarm")] == [
        f"alarm {name}: OK -> ALARM",
        unseen,
        f"alarm {name}: ALARM -> OK",
    ]
    assert desk.answer["verified"]["alarms"] == "1 watched, none rings"


def test_sentry_that_is_not_configured_is_said(desk: RollbackDesk) -> None:
    desk.rollback()
    assert desk.answer["verified"]["sentry"] == "not configured"


def test_ctrl_c_leaves_it_to_ecs_and_says_so(aws: PastAws, desk: RollbackDesk) -> None:
    aws.faults["DescribeServiceDeployments"] = []
    aws.during["UpdateService"] = lambda: aws.faults.update(
        DescribeServiceDeployments=[KeyboardInterrupt()]
    )
    assert desk.rollback() == Exit.INTERRUPTED
    assert "traffic goes back without you" in desk.err.getvalue()
    assert [r["outcome"] for r in aws.records.values()] == ["started", "not watched to its end"]


def test_a_dry_run_writes_nothing(aws: PastAws, desk: RollbackDesk) -> None:
    assert desk.rollback(dry_run=True) == Exit.DONE
    assert aws.told == []
    assert not aws.records
    assert desk.answer["next"] == "runbook rollback rovn/production --service passport-api"


@pytest.mark.parametrize(
    ("steps", "what"),
    [
        ([("IN_PROGRESS", "SCALE_UP", 0.0)], f"{OLD} does not serve after 30 minutes"),
        ([("IN_PROGRESS", "BAKE_TIME", 100.0)], f"{OLD} serves and still bakes after 45 minutes"),
    ],
)
def test_when_time_is_up_it_says_how_far_it_is(
    aws: PastAws, desk: RollbackDesk, steps: Steps, what: str
) -> None:
    aws.next_steps = steps
    assert desk.rollback() == Exit.FAILED
    assert desk.answer["failure"]["what"] == what
    assert "run again" in desk.answer["failure"]["fix"]


def test_the_newest_deployment_may_be_on_a_later_page(aws: PastAws, desk: RollbackDesk) -> None:
    aws.under_way()
    whole = aws._list_service_deployments

    def in_pages(asked: dict[str, Any]) -> dict[str, Any]:
        listed = whole(asked)["serviceDeployments"][::-1]
        page = int(asked.get("nextToken", "0"))
        more = {"nextToken": str(page + 1)} if page + 1 < len(listed) else {}
        return {"serviceDeployments": listed[page : page + 1]} | more

    aws._list_service_deployments = in_pages  # type: ignore[method-assign]
    assert desk.rollback() == Exit.DONE, desk.err.getvalue()
    assert aws.told[0]["serviceDeploymentArn"] == f"{DEPLOYMENTS}/3"
