"""`runbook rollback` (ROVN-RB-1, -2, -3): where it goes, by which way, and what it says of it."""

from typing import Any

import pytest

from runbook.model.loader import load_environment
from runbook.operations.operation import Exit
from runbook.operators.web import Answer
from tests.operations.aws import ACTOR
from tests.operations.revisions import NEW, OLD
from tests.operators.past import BACK, DEPLOYMENTS, FAMILY, OLDER, PastAws, Steps
from tests.operators.rollback_desk import RollbackDesk


@pytest.fixture
def aws() -> PastAws:
    return PastAws(load_environment("rovn/production"))


@pytest.fixture
def desk(aws: PastAws) -> RollbackDesk:
    return RollbackDesk(aws)


# ---- after the bake window


@pytest.mark.clause("ROVN-RB-1")
def test_it_finds_the_last_known_good_revision_by_itself(aws: PastAws, desk: RollbackDesk) -> None:
    assert desk.rollback() == Exit.DONE, desk.err.getvalue()
    update, _ = aws.told
    assert update["taskDefinition"] == f"{FAMILY}:2"
    assert desk.answer["before"]["image_tag"] == NEW
    assert desk.answer["verified"]["image tag"] == OLD
    assert desk.answer["verified"]["health"] == f"200 from {OLD}"


def test_the_stack_is_brought_to_agree(aws: PastAws, desk: RollbackDesk) -> None:
    desk.rollback()
    assert [told["ChangeSetName"] for told in aws.executed] == [f"arn:change-set/{OLD}"]
    assert desk.answer["verified"]["stack"] == f"UPDATE_IN_PROGRESS with {OLD}"


def test_the_timeline_tells_when_traffic_was_back(desk: RollbackDesk) -> None:
    desk.rollback()
    timeline = desk.answer["verified"]["timeline"]
    assert timeline[0].endswith("s  ECS is told to serve rovn-passport-api:2")
    traffic = next(line for line in timeline if f"traffic is on {OLD}" in line)
    assert float(traffic.partition(" s")[0]) == 10, "two polls of five seconds"


@pytest.mark.parametrize("to", [OLDER, "rovn-passport-api:1", f"{FAMILY}:1"])
def test_an_older_one_can_be_named(aws: PastAws, desk: RollbackDesk, to: str) -> None:
    assert desk.rollback(to) == Exit.DONE
    assert aws.told[0]["taskDefinition"] == f"{FAMILY}:1"


def test_one_that_never_served_is_refused_with_those_that_did(desk: RollbackDesk) -> None:
    assert desk.rollback("prod-20990101000000") == Exit.REFUSED
    assert desk.refusal == (
        "--to: prod-20990101000000 is no earlier image or revision that served here and is still "
        f"there; name one of these with --to: {OLDER} ({FAMILY}:1), {OLD} ({FAMILY}:2)"
    )


def test_a_revision_that_was_deregistered_is_passed_over(aws: PastAws, desk: RollbackDesk) -> None:
    aws.inactive = {2}
    assert desk.rollback() == Exit.DONE
    assert aws.told[0]["taskDefinition"] == f"{FAMILY}:1"


def test_a_deployment_that_failed_is_no_good_one(aws: PastAws, desk: RollbackDesk) -> None:
    aws.past[1].steps = [("ROLLBACK_SUCCESSFUL", "CLEAN_UP", 0.0)]
    assert desk.rollback() == Exit.DONE
    assert aws.told[0]["taskDefinition"] == f"{FAMILY}:1"


def test_with_nothing_to_go_back_to_it_says_so(aws: PastAws, desk: RollbackDesk) -> None:
    del aws.past[1:]
    assert desk.rollback() == Exit.REFUSED
    assert desk.refusal == (
        f"rollback: nothing else than {NEW} has served here, as far back as ECS tells; "
        "go forward: release another image"
    )


# ---- inside the bake window


@pytest.mark.clause("ROVN-RB-2")
def test_inside_the_bake_window_the_deployment_is_stopped(aws: PastAws, desk: RollbackDesk) -> None:
    aws.under_way()
    assert desk.rollback() == Exit.DONE, desk.err.getvalue()
    (stop,) = aws.told
    assert stop["serviceDeploymentArn"] == f"{DEPLOYMENTS}/3"
    assert desk.answer["verified"]["image tag"] == OLD
    assert desk.answer["verified"]["stack"] == f"UPDATE_ROLLBACK_COMPLETE with {OLD}"


def test_one_that_goes_back_already_is_watched(aws: PastAws, desk: RollbackDesk) -> None:
    aws.under_way()
    aws.past[0].steps = list(BACK)
    assert desk.rollback() == Exit.DONE
    assert aws.told == []
    assert "watching: it is ROLLBACK_IN_PROGRESS already" in desk.answer["summary"]


def test_another_revision_has_to_wait_for_it(aws: PastAws, desk: RollbackDesk) -> None:
    aws.under_way()
    assert desk.rollback(OLDER) == Exit.REFUSED
    assert f"it can only go back to {OLD}" in desk.refusal
    assert "run the same command without --to" in desk.refusal


def test_a_first_deployment_has_nothing_before_it(aws: PastAws, desk: RollbackDesk) -> None:
    del aws.past[1:]
    aws.past[0].source = None
    aws.under_way()
    assert desk.rollback() == Exit.REFUSED
    assert "no revision served before it" in desk.refusal


def test_too_late_to_stop_is_told(aws: PastAws, desk: RollbackDesk) -> None:
    aws.under_way()
    aws.faults["StopServiceDeployment"] = [("ConflictException", "it is over")]
    aws.during["StopServiceDeployment"] = lambda: setattr(
        aws.past[0], "steps", [("SUCCESSFUL", "CLEAN_UP", 100.0)]
    )
    assert desk.rollback() == Exit.FAILED
    assert desk.answer["failure"]["fix"].startswith("run the same command again")


# ---- the schema


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


# ---- what else can go wrong


def test_a_freeze_does_not_hold_it(aws: PastAws, desk: RollbackDesk) -> None:
    aws.freeze = '{"frozen": true, "by": "x", "reason": "y", "since": "z"}'
    assert desk.rollback() == Exit.DONE


def test_it_goes_on_unrecorded_and_says_so(aws: PastAws, desk: RollbackDesk) -> None:
    aws.faults["PutObject"] = [("AccessDenied", "no")] * 2
    assert desk.rollback() == Exit.FAILED
    assert "The start is not recorded" in desk.err.getvalue()
    assert desk.answer["verified"]["image tag"] == OLD


def test_health_that_does_not_confirm_is_no_success(aws: PastAws, desk: RollbackDesk) -> None:
    desk.page.answers = [Answer(why="no route")] * 60
    assert desk.rollback() == Exit.FAILED
    assert desk.answer["failure"]["why"] == ["/health: not confirmed: no route"]


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
    assert "alarm rovn-production-errors: OK -> ALARM" in desk.err.getvalue()


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
