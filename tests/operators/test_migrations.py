"""`runbook migrations` (ROVN-MIG-1): what the ledger says, by a task that only reads."""

from typing import Any

import pytest

from runbook.model.loader import load_environment
from runbook.operations.operation import Exit
from runbook.operators.migrations import AskLedger, Question
from tests.operations.revisions import OLD
from tests.operators.desk import Desk
from tests.operators.ledger import NOTHING, PAIRED, LedgerAws


@pytest.fixture
def aws() -> LedgerAws:
    return LedgerAws(load_environment("rovn/production"))


@pytest.fixture
def desk(aws: LedgerAws) -> Desk:
    return Desk(aws)


def ask(desk: Desk, *, check: bool = False) -> Exit:
    question = Question("passport-api", check)
    return desk.run(lambda account: AskLedger(account, question, time=desk.time))


def test_the_task_is_the_one_paired_with_what_runs(aws: LedgerAws, desk: Desk) -> None:
    assert ask(desk) == Exit.DONE, desk.err.getvalue()
    (ran,) = aws.ran
    assert ran["taskDefinition"] == PAIRED
    (override,) = ran["overrides"]["containerOverrides"]
    assert override["command"] == ["python", "-m", "migrations", "--pending"]
    assert override["environment"] == [{"name": "PREVIOUS_IMAGE", "value": OLD}]
    network = ran["networkConfiguration"]["awsvpcConfiguration"]
    assert network == {
        "subnets": ["a", "b"],
        "securityGroups": ["sg-1"],
        "assignPublicIp": "DISABLED",
    }
    assert desk.answer["verified"]["ledger"] == NOTHING
    assert "nothing is pending, and nothing is ahead of this image" in desk.err.getvalue()


def test_what_is_pending_ahead_or_wrong_is_told_a_line_each(aws: LedgerAws, desk: Desk) -> None:
    aws.report = NOTHING | {
        "pending": [{"file": "0009_c.sql"}],
        "ahead": [
            {
                "file": "0008_b.sql",
                "image": "prod-2",
                "previous_image": "prod-1",
                "previous_image_can_read": True,
            }
        ],
        "problems": [{"file": "0001_a.sql", "what": "was edited", "do": "Bring it back."}],
    }
    aws.exit_code = 3
    assert ask(desk) == Exit.FAILED
    said = desk.err.getvalue()
    assert "problem: 0001_a.sql: was edited" in said
    assert "ahead of this image: 0008_b.sql, applied for prod-2; prod-1 can read it" in said
    assert "pending: 0009_c.sql" in said
    failure = desk.answer["failure"]
    assert failure["what"] == f"the database is not as {OLD} needs it"
    assert failure["why"] == ["problem: 0001_a.sql: was edited"]
    assert failure["fix"] == (
        "Bring it back; then ask again: runbook migrations rovn/production --service passport-api"
    )
    (_, end) = aws.records.values()
    assert (end["outcome"], end["detail"]["ledger"]) == ("failed", aws.report)
    assert desk.answer["so_far"] == {"ledger": aws.report}


def test_what_is_only_pending_is_no_failure(aws: LedgerAws, desk: Desk) -> None:
    aws.report = NOTHING | {"pending": [{"file": "0009_c.sql"}]}
    assert ask(desk) == Exit.DONE
    assert desk.answer["next"] == "runbook status rovn/production"


EDITED = {
    "file": "0001_a.sql",
    "what": "it was edited",
    "do": "Bring it back.",
}


@pytest.mark.clause("ROVN-MIG-1")
@pytest.mark.parametrize("problems", [[EDITED], []])
def test_a_check_that_finds_something_ends_with_1(
    aws: LedgerAws, desk: Desk, problems: list[dict[str, str]]
) -> None:
    aws.report = {"schema": 1, "image": OLD, "ok": False, "applied": 6, "problems": problems}
    aws.exit_code = 3
    assert ask(desk, check=True) == Exit.FAILED
    assert "6 applied; the database is NOT as this image needs it" in desk.err.getvalue()
    assert desk.answer["failure"]["fix"].endswith("--service passport-api --check")


def test_a_ledger_that_was_not_read_is_not_called_wrong(aws: LedgerAws, desk: Desk) -> None:
    unreached = [{"file": "", "what": "the database is not reached", "do": "Look at it."}]
    aws.report = {"schema": 1, "image": OLD, "ok": False, "applied": 0, "problems": unreached}
    aws.exit_code = 6
    assert ask(desk, check=True) == Exit.FAILED
    failure = desk.answer["failure"]
    assert failure["what"] == "the task did not read the ledger"
    assert failure["why"] == ["problem: the database: the database is not reached"]
    assert "as this image needs it" not in desk.err.getvalue()


def test_a_check_asks_the_runner_for_one(aws: LedgerAws, desk: Desk) -> None:
    aws.report = {"schema": 1, "image": OLD, "ok": True, "applied": 6, "problems": []}
    assert ask(desk, check=True) == Exit.DONE
    assert aws.ran[0]["overrides"]["containerOverrides"][0]["command"][-1] == "--check"
    assert "6 applied; the database is as this image needs it" in desk.err.getvalue()


@pytest.mark.parametrize(
    ("spoil", "what", "why"),
    [
        (
            {"failures": [{"reason": "RESOURCE:ENI", "detail": "none left"}]},
            "ECS started no task",
            "RESOURCE:ENI none left",
        ),
        (
            {"exit_code": None},
            "the task ended without having run",
            "CannotPullContainerError",
        ),
        ({"looks": 10_000}, "the task is not over", "600 s have passed"),
        (
            {"report": None, "exit_code": 6},
            "the task's log has no report",
            "the database was not reached",
        ),
        ({"report": None, "exit_code": 1}, "the task's log has no report", "it ended with 1"),
    ],
)
def test_what_goes_wrong_is_told(
    aws: LedgerAws, desk: Desk, spoil: dict[str, Any], what: str, why: str
) -> None:
    for name, value in spoil.items():
        setattr(aws, name, value)
    assert ask(desk) == Exit.FAILED
    failure = desk.answer["failure"]
    assert (failure["what"], failure["why"]) == (what, [why])


def test_what_is_no_report_in_its_log_is_never_repeated(aws: LedgerAws, desk: Desk) -> None:
    """A database's own words may quote a row."""
    aws.report, aws.before = None, ["a patient's name"]
    ask(desk)
    assert "a patient's name" not in desk.out.getvalue() + desk.err.getvalue()


def test_a_revision_that_names_no_migrations_cannot_be_asked(aws: LedgerAws, desk: Desk) -> None:
    del aws.definition["containerDefinitions"][0]["dockerLabels"]
    assert ask(desk) == Exit.REFUSED
    assert "no revision runs that names its migrations" in desk.refusal
    assert aws.ran == []


def test_a_report_on_a_later_page_of_the_log_is_found(aws: LedgerAws, desk: Desk) -> None:
    """CloudWatch may give an empty page first."""
    whole = aws._filter_log_events
    aws._filter_log_events = lambda asked: (  # type: ignore[method-assign]
        whole(asked) if "nextToken" in asked else {"events": [], "nextToken": "more"}
    )
    assert ask(desk) == Exit.DONE
    assert desk.answer["verified"]["ledger"] == NOTHING


def test_what_fails_before_the_task_is_no_beginning(aws: LedgerAws, desk: Desk) -> None:
    aws.during["PutObject"] = lambda: aws.faults.update(DescribeServices=[("AccessDenied", "no")])
    assert ask(desk) == Exit.REFUSED
    assert "Nothing was changed." in desk.err.getvalue()
    assert [r["outcome"] for r in aws.records.values()] == ["started", "not begun"]
