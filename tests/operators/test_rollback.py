"""`runbook rollback` (ROVN-RB-1, -2, -3): where it goes, by which way, and what it says of it."""

import pytest

from runbook.model.loader import load_environment
from runbook.operations.operation import Exit
from tests.operations.revisions import NEW, OLD
from tests.operators.past import BACK, DEPLOYMENTS, FAMILY, OLDER, Deployment, PastAws, Steps
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
    assert desk.answer["verified"]["seconds to traffic"] == 10


def test_the_time_counts_from_the_decision_on(aws: PastAws, desk: RollbackDesk) -> None:
    """Not from when the audit bucket answered."""
    slow = iter([60.0])
    aws.during["PutObject"] = lambda: desk.time.sleep(next(slow, 0.0))
    assert desk.rollback() == Exit.DONE
    assert desk.answer["verified"]["seconds to traffic"] == 70


def test_health_is_asked_as_soon_as_traffic_is_back(aws: PastAws, desk: RollbackDesk) -> None:
    desk.rollback()
    told = [line.partition("s  ")[2] for line in desk.answer["verified"]["timeline"]]
    traffic = told.index(f"traffic is on {OLD}")
    assert told[traffic + 1] == f"/health: 200 from {OLD}"
    assert told.index("ECS has ended the deployment") > traffic + 1


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


@pytest.mark.parametrize("to", [NEW, "rovn-passport-api:3"])
def test_the_image_that_serves_is_not_said_never_to_have_served(
    desk: RollbackDesk, to: str
) -> None:
    assert desk.rollback(to) == Exit.REFUSED
    assert desk.refusal.startswith(
        f"--to: {to} has the image that serves, {NEW}: a rollback goes to another one; "
        f"name one of these with --to: {OLDER}"
    )


@pytest.mark.clause("ROVN-RB-1")
def test_restarts_do_not_hide_what_served_before(aws: PastAws, desk: RollbackDesk) -> None:
    """ECS describes twenty deployments at once, and a restart is one."""
    done: Steps = [("SUCCESSFUL", "CLEAN_UP", 100.0)]
    for number in range(4, 50):
        aws.past.insert(0, Deployment(number, 3, 3, list(done)))
    assert desk.rollback() == Exit.DONE, desk.err.getvalue()
    assert aws.told[0]["taskDefinition"] == f"{FAMILY}:2"


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
