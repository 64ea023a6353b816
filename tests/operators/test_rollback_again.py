"""`runbook rollback` after itself: it goes on, and never flips back (ROVN-RB-1, -2)."""

from typing import Any

import pytest

from runbook.model.loader import load_environment
from runbook.operations.operation import Exit
from tests.operations.aws import ACTOR
from tests.operations.revisions import NEW, OLD
from tests.operators.past import FAMILY, FORWARD, OLDER, Deployment, PastAws
from tests.operators.rollback_desk import RollbackDesk


@pytest.fixture
def aws() -> PastAws:
    return PastAws(load_environment("rovn/production"))


@pytest.fixture
def desk(aws: PastAws) -> RollbackDesk:
    return RollbackDesk(aws)


def deployed(
    aws: PastAws, number: int, source: int, target: int, status: str, share: float
) -> None:
    aws.past.insert(0, Deployment(number, source, target, [(status, "BAKE_TIME", share)]))


@pytest.mark.clause("ROVN-RB-1")
def test_after_its_own_work_it_moves_no_traffic(aws: PastAws, desk: RollbackDesk) -> None:
    assert desk.rollback() == Exit.DONE
    aws.told.clear()
    again = RollbackDesk(aws)
    assert again.rollback() == Exit.DONE, again.err.getvalue()
    assert aws.told == []
    assert again.answer["before"] == {"image_tag": NEW, "task_definition": f"{FAMILY}:3"}
    assert "seconds to traffic" not in again.answer["verified"], "it moved none"
    assert again.answer["verified"]["image tag"] == OLD
    (note,) = [n for n in again.answer["notes"] if "left already" in n]
    assert note.endswith(f"to go further back: --to {OLDER} ({FAMILY}:1)")


@pytest.mark.clause("ROVN-RB-1")
def test_it_does_not_stop_its_own_deployment(aws: PastAws, desk: RollbackDesk) -> None:
    deployed(aws, 4, 3, 2, "IN_PROGRESS", 0.0)
    aws.past[0].steps = list(FORWARD)
    assert desk.rollback() == Exit.DONE, desk.err.getvalue()
    assert "StopServiceDeployment" not in aws.calls
    assert desk.answer["verified"]["image tag"] == OLD


def test_it_does_not_stop_the_stack_that_is_made_to_agree(aws: PastAws, desk: RollbackDesk) -> None:
    """Undone, CloudFormation would bring the image back that was left."""
    aws.tags[5] = OLD
    deployed(aws, 4, 3, 2, "SUCCESSFUL", 100.0)
    deployed(aws, 5, 2, 5, "IN_PROGRESS", 0.0)
    aws.past[0].steps = list(FORWARD)
    aws.running_number = 2
    assert desk.rollback() == Exit.DONE, desk.err.getvalue()
    assert "StopServiceDeployment" not in aws.calls
    assert desk.answer["verified"]["image tag"] == OLD


@pytest.mark.clause("ROVN-RB-2")
def test_what_ecs_undid_is_not_undone_further(aws: PastAws, desk: RollbackDesk) -> None:
    aws.past[0].steps = [("ROLLBACK_SUCCESSFUL", "CLEAN_UP", 0.0)]
    aws.running_number = 2
    assert desk.rollback() == Exit.DONE, desk.err.getvalue()
    assert "UpdateService" not in aws.calls
    assert desk.answer["verified"]["image tag"] == OLD
    assert "watching: it is ROLLBACK_SUCCESSFUL already" in desk.answer["summary"]


@pytest.mark.clause("ROVN-RB-1")
def test_settings_that_were_undone_are_no_rollback(aws: PastAws, desk: RollbackDesk) -> None:
    """An update of the stack failed with the image that serves; that is not what is left now."""
    aws.tags[4] = NEW
    deployed(aws, 4, 3, 4, "ROLLBACK_SUCCESSFUL", 0.0)
    deployed(aws, 5, 3, 3, "SUCCESSFUL", 100.0)
    assert desk.rollback() == Exit.DONE, desk.err.getvalue()
    assert aws.told[0]["taskDefinition"] == f"{FAMILY}:2"
    assert desk.answer["verified"]["image tag"] == OLD


@pytest.mark.clause("ROVN-RB-1")
def test_restarts_do_not_hide_that_it_went_back(aws: PastAws, desk: RollbackDesk) -> None:
    deployed(aws, 4, 3, 2, "SUCCESSFUL", 100.0)
    for number in range(5, 30):
        deployed(aws, number, 2, 2, "SUCCESSFUL", 100.0)
    aws.running_number = 2
    assert desk.rollback(dry_run=True) == Exit.DONE
    assert desk.answer["after"]["image_tag"] == OLD
    assert desk.answer["changes"] == []


def test_further_back_it_goes_when_it_is_told_to(aws: PastAws, desk: RollbackDesk) -> None:
    aws.past[0].steps = [("ROLLBACK_SUCCESSFUL", "CLEAN_UP", 0.0)]
    aws.running_number = 2
    assert desk.rollback(OLDER) == Exit.DONE, desk.err.getvalue()
    assert aws.told[0]["taskDefinition"] == f"{FAMILY}:1"


def test_named_again_it_goes_on_too(aws: PastAws, desk: RollbackDesk) -> None:
    assert desk.rollback(OLDER) == Exit.DONE
    again = RollbackDesk(aws)
    assert again.rollback(OLDER) == Exit.DONE, again.err.getvalue()
    assert aws.calls.count("UpdateService") == 1


def test_a_rollback_that_the_gate_held_may_be_tried_again(aws: PastAws, desk: RollbackDesk) -> None:
    deployed(aws, 4, 3, 2, "ROLLBACK_SUCCESSFUL", 0.0)
    assert desk.rollback() == Exit.DONE, desk.err.getvalue()
    assert aws.told[0]["taskDefinition"] == f"{FAMILY}:2"


def test_a_rollback_that_is_undone_itself_is_no_rollback(aws: PastAws, desk: RollbackDesk) -> None:
    deployed(aws, 4, 3, 2, "ROLLBACK_IN_PROGRESS", 0.0)
    assert desk.rollback() == Exit.REFUSED
    assert f"was to bring {OLD} back, and is itself undone now" in desk.refusal


def test_the_same_image_released_again_is_a_release(aws: PastAws, desk: RollbackDesk) -> None:
    """It was gone back from once: that does not make its new release a way back."""
    aws.tags[4] = NEW
    deployed(aws, 4, 3, 2, "SUCCESSFUL", 100.0)
    deployed(aws, 5, 2, 4, "IN_PROGRESS", 0.0)
    assert desk.rollback() == Exit.DONE, desk.err.getvalue()
    assert "StopServiceDeployment" in aws.calls
    assert desk.answer["verified"]["image tag"] == OLD


def test_a_restart_under_way_is_ended_first_and_that_is_said(
    aws: PastAws, desk: RollbackDesk
) -> None:
    deployed(aws, 4, 3, 3, "IN_PROGRESS", 0.0)
    assert desk.rollback() == Exit.FAILED
    assert desk.answer["failure"]["what"] == f"the restart is ended, and {NEW} serves on"
    again = RollbackDesk(aws)
    assert again.rollback() == Exit.DONE, again.err.getvalue()
    assert again.answer["verified"]["image tag"] == OLD


def test_a_gate_that_nobody_may_ask_holds_up_no_rollback(aws: PastAws, desk: RollbackDesk) -> None:
    aws.faults["DescribeExecution"] = [("AccessDeniedException", "no")]
    assert desk.rollback() == Exit.DONE, desk.err.getvalue()
    (note,) = desk.answer["notes"]
    assert f"{ACTOR} may not states:DescribeExecution" in note
    assert "the gate asks the ledger before anything changes" in note


def test_a_stack_that_fails_in_the_window_is_no_success(aws: PastAws, desk: RollbackDesk) -> None:
    def fails() -> None:
        if aws.executed:
            aws.stack["StackStatus"] = "UPDATE_ROLLBACK_FAILED"

    aws.during["DescribeAlarms"] = fails
    assert desk.rollback() == Exit.FAILED
    assert "is UPDATE_ROLLBACK_FAILED with" in desk.answer["failure"]["why"][0]


def test_an_aws_that_is_away_for_a_while_is_asked_again(aws: PastAws, desk: RollbackDesk) -> None:
    aws.during["UpdateService"] = lambda: aws.faults.update(
        ListServiceDeployments=[("InternalFailure", "away")] * 3
    )
    assert desk.rollback() == Exit.DONE, desk.err.getvalue()
    assert "AWS did not answer, asking again" in desk.err.getvalue()


def test_what_cloudformation_deploys_meanwhile_is_not_taken_for_it(
    aws: PastAws, desk: RollbackDesk
) -> None:
    aws.under_way()
    told = aws._describe_service_deployments

    def meanwhile(asked: Any) -> Any:  # noqa: ANN401
        answer = told(asked)
        if aws.past[0].steps[0][0] == "ROLLBACK_SUCCESSFUL":
            deployed(aws, 4, 2, 2, "SUCCESSFUL", 100.0)
        return answer

    aws._describe_service_deployments = meanwhile  # type: ignore[method-assign]
    assert desk.rollback() == Exit.DONE, desk.err.getvalue()
    assert len(aws.past) == 4, "it was there when the rollback looked again"


def test_what_cloudformation_puts_back_is_not_stopped(aws: PastAws, desk: RollbackDesk) -> None:
    aws.past[0].steps = [("ROLLBACK_SUCCESSFUL", "CLEAN_UP", 0.0)]
    deployed(aws, 4, 2, 2, "IN_PROGRESS", 0.0)
    aws.past[0].steps = list(FORWARD)
    aws.stack["Parameters"][0]["ParameterValue"] = OLD
    aws.running_number = 2
    assert desk.rollback() == Exit.DONE, desk.err.getvalue()
    assert aws.told == []
    assert desk.answer["before"]["image_tag"] == NEW
    assert desk.answer["summary"].endswith(
        f"{NEW} -> {OLD}, by going on with the rollback that was begun: it is IN_PROGRESS"
    )


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_IN_PROGRESS"])
def test_a_release_that_was_undone_needs_no_older_image(
    aws: PastAws, desk: RollbackDesk, status: str
) -> None:
    aws.past[0].steps = [("ROLLBACK_SUCCESSFUL", "CLEAN_UP", 0.0)]
    aws.running_number = 2
    aws.stack["StackStatus"] = status
    assert desk.rollback(dry_run=True) == Exit.DONE
    assert desk.answer["after"]["image_tag"] == OLD


def test_another_image_has_to_wait_for_the_rollback(aws: PastAws, desk: RollbackDesk) -> None:
    deployed(aws, 4, 3, 2, "IN_PROGRESS", 0.0)
    assert desk.rollback(OLDER) == Exit.REFUSED
    assert desk.refusal == (
        f"--to: a rollback to {OLD} ({FAMILY}:2) is under way; run the same command without --to, "
        "and then again with it"
    )


def test_when_all_is_done_it_stays_where_it_is(aws: PastAws, desk: RollbackDesk) -> None:
    """Neither the bad image again nor, unasked, one further back."""
    deployed(aws, 4, 3, 2, "SUCCESSFUL", 100.0)
    aws.tags[4] = OLD
    deployed(aws, 5, 2, 4, "SUCCESSFUL", 100.0)
    aws.running_number = 4
    assert desk.rollback(dry_run=True) == Exit.DONE
    assert desk.answer["after"]["image_tag"] == OLD
    assert desk.answer["changes"] == []


def test_an_image_that_was_left_is_no_good_one_unless_it_is_named(
    aws: PastAws, desk: RollbackDesk
) -> None:
    deployed(aws, 4, 3, 2, "SUCCESSFUL", 100.0)
    aws.tags[4] = "prod-20260701000000"
    deployed(aws, 5, 2, 4, "SUCCESSFUL", 100.0)
    aws.running_number, aws.inactive = 4, {2}
    assert desk.rollback(dry_run=True) == Exit.DONE
    assert desk.answer["after"]["image_tag"] == OLDER
    named = RollbackDesk(aws)
    assert named.rollback(NEW, dry_run=True) == Exit.DONE
    assert named.answer["after"]["image_tag"] == NEW


@pytest.mark.clause("ROVN-RB-1")
def test_an_image_that_was_left_and_released_again_is_a_good_one(
    aws: PastAws, desk: RollbackDesk
) -> None:
    """Otherwise a rollback would go two releases back, over the migrations of both."""
    aws.tags |= {4: OLD, 5: NEW, 6: "prod-20260701101010"}
    deployed(aws, 4, 3, 2, "SUCCESSFUL", 100.0)
    deployed(aws, 5, 2, 5, "SUCCESSFUL", 100.0)
    deployed(aws, 6, 5, 6, "SUCCESSFUL", 100.0)
    aws.running_number = 6
    assert desk.rollback(dry_run=True) == Exit.DONE
    assert desk.answer["after"] == {"image_tag": NEW, "task_definition": f"{FAMILY}:5"}
