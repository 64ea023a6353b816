"""Once a release has begun: how it ends, what is told, what Ctrl-C leaves."""

import io

import pytest
from botocore.exceptions import ConnectTimeoutError

from runbook.operations.console import Console
from runbook.operations.operation import Exit
from tests.operations.aws import BUSY, DENIED, LOST, Aws
from tests.operations.conftest import Operator
from tests.operations.revisions import NEW, OLD, definition


def test_a_failed_release_says_why_and_what_serves(operator: Operator) -> None:
    operator.aws.fails()
    assert operator.deploy() == Exit.FAILED
    assert "Service UPDATE_FAILED: the deployment failed" in operator.said
    assert "at PRE_SCALE_UP: hook FAILED: 0002 cannot be read" in operator.said
    assert "rolled back by itself" in operator.said
    _, last = operator.aws.records.values()
    assert last["outcome"] == "failed"
    assert any("0002" in why for why in last["detail"]["why"])


def test_a_rollback_that_fails_has_an_advice_of_its_own(operator: Operator) -> None:
    operator.aws.fails(last="UPDATE_ROLLBACK_FAILED")
    assert operator.deploy() == Exit.FAILED
    assert "continue-update-rollback --stack-name rovn-production-passport-api" in operator.said


def test_another_image_than_wanted_is_no_success(operator: Operator) -> None:
    """The stack says it is done, and something else runs."""
    operator.aws.during["DescribeTaskDefinition"] = lambda: setattr(
        operator.aws, "definition", definition(OLD)
    )
    assert operator.deploy() == Exit.FAILED
    assert f"{NEW} does not serve as it should" in operator.said
    assert f"{OLD} runs" in operator.said


@pytest.mark.parametrize(
    ("tasks", "rollout", "said"),
    [
        ((2, 3), "COMPLETED", "2 of 3 tasks run"),
        ((0, 0), "COMPLETED", "0 of 0 tasks run"),
        ((3, 3), "IN_PROGRESS", "its deployment is IN_PROGRESS"),
    ],
)
def test_too_few_tasks_are_no_success(
    operator: Operator, tasks: tuple[int, int], rollout: str, said: str
) -> None:
    operator.aws.tasks, operator.aws.rollout = tasks, rollout
    assert operator.deploy() == Exit.FAILED
    assert said in operator.said


def test_progress_is_one_line_an_event(operator: Operator) -> None:
    operator.aws.story.insert(0, ("App/CREATE_COMPLETE", "a reason\nof two lines"))
    operator.deploy()
    (line,) = [line for line in operator.said.splitlines() if "App CREATE_COMPLETE" in line]
    assert line.endswith("App CREATE_COMPLETE: a reason of two lines")


def test_a_release_that_takes_too_long_goes_on_alone(operator: Operator) -> None:
    operator.aws.story = [("Service/UPDATE_IN_PROGRESS", "")] * 999
    assert operator.deploy(timeout_minutes=10) == Exit.FAILED
    assert "not done after 10 minutes" in operator.said
    assert "runbook release verify rovn/production --service passport-api" in operator.said


def test_throttling_while_it_is_watched_is_waited_out(operator: Operator) -> None:
    def throttle() -> None:
        del operator.aws.during["ExecuteChangeSet"]
        operator.aws.faults["DescribeStackEvents"] = [BUSY] * 4

    operator.aws.during["ExecuteChangeSet"] = throttle
    assert operator.deploy() == Exit.DONE
    assert operator.said.count("asking again: DescribeStackEvents: ThrottlingException") == 4


def test_aws_that_stays_away_is_told_with_how_to_go_on(operator: Operator) -> None:
    operator.aws.during["ExecuteChangeSet"] = lambda: operator.aws.faults.update(
        DescribeStackEvents=[BUSY] * 999
    )
    assert operator.deploy() == Exit.FAILED
    assert "AWS does not answer" in operator.said
    assert "watch it with: runbook release verify" in operator.said


@pytest.mark.parametrize("error", [LOST, ConnectTimeoutError(endpoint_url="https://aws")])
def test_an_answer_lost_after_the_start_is_looked_up(
    operator: Operator, error: BaseException
) -> None:
    def lose() -> None:
        operator.aws.begin()
        operator.aws.faults["ExecuteChangeSet"] = [error]

    operator.aws.during["ExecuteChangeSet"] = lose
    assert operator.deploy() == Exit.DONE
    assert "the answer of AWS was lost" in operator.said


@pytest.mark.clause("ROVN-DEP-8")
@pytest.mark.parametrize(
    "refused",
    [
        ("ChangeSetNotFound", "ChangeSet [release] does not exist"),
        ("InvalidChangeSetStatus", "ChangeSet cannot be executed in its current status"),
        ("ValidationError", "Stack is in UPDATE_IN_PROGRESS state and can not be updated."),
    ],
)
def test_a_release_that_another_one_beat_is_told_that_nothing_was_changed(
    operator: Operator, refused: tuple[str, str]
) -> None:
    aws = operator.aws

    def beaten() -> None:
        aws.stack["StackStatus"] = "UPDATE_IN_PROGRESS"
        aws.stack["Parameters"][0]["ParameterValue"] = "prod-20990101000000"
        aws.change_sets.clear()
        aws.faults["ExecuteChangeSet"] = [refused]

    aws.during["ExecuteChangeSet"] = beaten
    assert operator.deploy() == Exit.REFUSED
    assert (
        "another release was first: the stack is given prod-20990101000000; nothing was changed"
    ) in operator.said
    assert "run the same command again" in operator.said
    _, last = aws.records.values()
    assert last["outcome"] == "not begun"


def test_a_start_that_never_came_through_is_told(operator: Operator) -> None:
    operator.aws.faults["ExecuteChangeSet"] = [LOST]
    assert operator.deploy() == Exit.FAILED
    _, last = operator.aws.records.values()
    assert last["outcome"] == "not watched to its end"


def test_an_outcome_that_cannot_be_recorded_is_printed(operator: Operator) -> None:
    aws = operator.aws
    aws.during["ExecuteChangeSet"] = lambda: aws.faults.update(PutObject=[DENIED])
    assert operator.deploy() == Exit.FAILED
    assert "The outcome is not recorded" in operator.said
    assert '"outcome":"succeeded"' in operator.said
    assert [record["outcome"] for record in aws.records.values()] == ["started"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("DescribeServices", "Nothing was changed"),
        ("CreateChangeSet", "Nothing was changed"),
        ("GetCallerIdentity", "Nothing was changed"),
        ("ExecuteChangeSet", "To watch it: runbook release verify"),
    ],
)
def test_ctrl_c_says_what_goes_on_without_you(operator: Operator, call: str, said: str) -> None:
    operator.aws.faults[call] = [KeyboardInterrupt()]
    assert operator.deploy() == Exit.INTERRUPTED
    assert said in operator.said


def test_ctrl_c_while_it_is_watched_is_recorded(operator: Operator) -> None:
    operator.aws.during["ExecuteChangeSet"] = lambda: operator.aws.faults.update(
        DescribeStackEvents=[KeyboardInterrupt()]
    )
    assert operator.deploy() == Exit.INTERRUPTED
    assert "The release goes on in CloudFormation" in operator.said
    _, last = operator.aws.records.values()
    assert last["outcome"] == "not watched to its end"


def test_ctrl_c_twice_is_recorded_all_the_same(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed_again(console: Console, text: str, style: str = "") -> None:
        if "Interrupted" in text:
            raise KeyboardInterrupt

    monkeypatch.setattr(Console, "say", pressed_again)
    operator.aws.during["ExecuteChangeSet"] = lambda: operator.aws.faults.update(
        DescribeStackEvents=[KeyboardInterrupt()]
    )
    assert operator.deploy() == Exit.INTERRUPTED
    _, last = operator.aws.records.values()
    assert last["outcome"] == "not watched to its end"


# ---- whether it began


def last_outcome(aws: Aws) -> str:
    return str(list(aws.records.values())[-1]["outcome"])


@pytest.mark.parametrize("call", ["DescribeStackEvents", "ExecuteChangeSet"])
def test_what_was_refused_before_it_began_is_no_release(operator: Operator, call: str) -> None:
    operator.aws.faults[call] = [DENIED]
    assert operator.deploy() == Exit.REFUSED
    assert f"{call}: AccessDenied" in operator.said
    assert "Nothing was changed" in operator.said
    assert "goes on" not in operator.said
    assert last_outcome(operator.aws) == "not begun"


@pytest.mark.parametrize("code", ["InvalidChangeSetStatus", "TokenAlreadyExistsException"])
def test_a_start_refused_because_it_came_through_before_is_watched(
    operator: Operator, code: str
) -> None:
    def lose() -> None:
        operator.aws.begin()
        operator.aws.faults["ExecuteChangeSet"] = [(code, "as the try before began it")]

    operator.aws.during["ExecuteChangeSet"] = lose
    assert operator.deploy() == Exit.DONE
    assert last_outcome(operator.aws) == "succeeded"


def test_a_start_of_which_nobody_knows_is_not_taken_for_undone(operator: Operator) -> None:
    """Its answer is lost, and CloudFormation does not say how it stands either."""

    def lose() -> None:
        operator.aws.faults.update(ExecuteChangeSet=[LOST], DescribeStacks=[DENIED])

    operator.aws.during["ExecuteChangeSet"] = lose
    assert operator.deploy() == Exit.FAILED
    assert "It is not known whether it began" in operator.said
    assert "run the same command again" in operator.said
    assert last_outcome(operator.aws) == "not watched to its end"


def test_who_stops_watching_does_not_record_a_failure(operator: Operator) -> None:
    operator.aws.story = [("Service/UPDATE_IN_PROGRESS", "")] * 999
    assert operator.deploy(timeout_minutes=10) == Exit.FAILED
    assert last_outcome(operator.aws) == "not watched to its end"


def test_a_watch_that_may_look_no_more_says_who_may(operator: Operator) -> None:
    operator.aws.during["ExecuteChangeSet"] = lambda: operator.aws.faults.update(
        DescribeStackEvents=[("ExpiredToken", "the session is over")] * 999
    )
    assert operator.deploy() == Exit.FAILED
    assert "sign in to the environment's account" in operator.said


# ---- nobody listens


class Gone(io.StringIO):
    """A pipe or a terminal whose other end closes at the first line of progress."""

    def write(self, text: str) -> int:
        if "UPDATE_IN_PROGRESS" in text:
            raise BrokenPipeError
        return super().write(text)


@pytest.mark.clause("ROVN-DEP-8")
def test_a_release_that_nobody_reads_any_more_goes_on_and_is_recorded(operator: Operator) -> None:
    operator.out = Gone()
    assert operator.deploy() == Exit.DONE
    assert operator.out.closed
    assert last_outcome(operator.aws) == "succeeded"
