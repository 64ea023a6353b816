"""`runbook freeze` and `unfreeze` (SCR-DEP-1, ROVN-DEP-8)."""

import json
import shlex
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner, Result

from runbook.cli import app
from runbook.operations.account import Account
from runbook.operations.console import Console
from runbook.operations.operation import Consent, Exit
from runbook.operations.protocol import perform
from runbook.operators.freezing import ChangeFreeze
from tests.operations.aws import ACTOR, Aws

ENVIRONMENT = "rovn/production"
REASON = "incident 4711"


@pytest.fixture(autouse=True)
def in_aws(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    session = aws.session()
    monkeypatch.setattr(boto3, "Session", lambda: session)


def runbook(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def freeze(*more: str) -> Result:
    return runbook("freeze", ENVIRONMENT, "--reason", REASON, "--yes", *more)


def unfreeze(*more: str) -> Result:
    return runbook("unfreeze", ENVIRONMENT, "--yes", *more)


def state(aws: Aws) -> dict[str, Any]:
    assert aws.freeze is not None
    found: dict[str, Any] = json.loads(aws.freeze)
    return found


def test_a_freeze_says_who_why_and_since_when(aws: Aws) -> None:
    result = freeze()
    assert result.exit_code == 0, result.output
    assert {k: state(aws)[k] for k in ("frozen", "by", "reason")} == {
        "frozen": True,
        "by": ACTOR,
        "reason": REASON,
    }
    assert f"rovn/production: releases will be frozen: {REASON}" in result.output
    assert "Rollbacks are not bound by a freeze." in result.output


def test_it_is_recorded_before_and_after(aws: Aws) -> None:
    freeze()
    start, end = aws.records.values()
    assert (start["kind"], start["outcome"]) == ("freeze-start", "started")
    assert (end["kind"], end["outcome"]) == ("freeze-end", "succeeded")
    assert end["actor"] == ACTOR
    assert json.loads(end["before"]["freeze"])["frozen"] is False
    assert end["after"] == {"frozen": True, "reason": REASON}


def test_lifting_it_names_who_had_frozen(aws: Aws) -> None:
    freeze()
    result = unfreeze()
    assert result.exit_code == 0, result.output
    assert f"releases: {ACTOR} froze releases at" in result.output
    assert state(aws)["frozen"] is False


@pytest.mark.parametrize("change", [freeze, unfreeze])
def test_what_is_so_already_is_left_alone(aws: Aws, change: Any) -> None:  # noqa: ANN401
    if change is freeze:
        aws.freeze = json.dumps({"frozen": True, "by": "x", "reason": "first", "since": "then"})
    before = aws.freeze
    result = change()
    assert result.exit_code == 0
    assert "nothing is changed" in result.output
    assert aws.freeze == before
    assert not aws.records


@pytest.mark.parametrize("change", [freeze, unfreeze])
def test_what_cannot_be_read_is_written_anew(aws: Aws, change: Any) -> None:  # noqa: ANN401
    aws.freeze = "not JSON"
    result = change()
    assert result.exit_code == 0, result.output
    assert (
        'unreadable, which counts as frozen: its value is not JSON with "frozen"' in result.output
    )
    assert state(aws)["frozen"] is (change is freeze)


def test_without_the_gates_stack_there_is_nothing_to_write(aws: Aws) -> None:
    """CloudFormation makes the parameter: one made by hand would be in its way."""
    aws.freeze = None
    result = freeze()
    assert result.exit_code == 2
    assert "deploy the stack of the release gate, which makes it" in result.output
    assert "PutParameter" not in aws.calls


def test_somebody_elses_change_since_the_preview_is_not_overwritten(aws: Aws) -> None:
    def lifted_elsewhere() -> None:
        aws.freeze = json.dumps({"frozen": True, "by": "x", "reason": "theirs", "since": "now"})

    aws.during["PutObject"] = lifted_elsewhere
    result = freeze()
    assert result.exit_code == 2, "nothing was changed"
    assert "the freeze was changed by somebody else since the preview" in result.output
    assert state(aws)["reason"] == "theirs"
    assert [r["outcome"] for r in aws.records.values()] == ["started", "not begun"]


def test_a_freeze_goes_on_unrecorded_and_says_so(aws: Aws) -> None:
    aws.faults["PutObject"] = [("AccessDenied", "no")] * 2
    result = freeze()
    assert state(aws)["frozen"] is True
    assert "The start is not recorded: PutObject: AccessDenied: no" in result.output
    assert "Put this line into the audit bucket as releases/" in result.output
    assert result.exit_code == 1, "what was not recorded is not simply done"


def test_lifting_one_does_not_begin_unrecorded(aws: Aws) -> None:
    freeze()
    aws.faults["PutObject"] = [("AccessDenied", "no")]
    result = unfreeze()
    assert result.exit_code == 2
    assert state(aws)["frozen"] is True


def test_a_dry_run_writes_nothing(aws: Aws) -> None:
    result = freeze("--dry-run", "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert (told["operation"], told["outcome"]) == ("freeze", "preview")
    assert not {"PutParameter", "PutObject"} & set(aws.calls)


def test_a_write_that_was_lost_is_told(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Aws, "_put_parameter", lambda *_: {"Version": 2})
    result = freeze()
    assert result.exit_code == 1
    assert "the freeze is not as it was written: releases are open" in result.output


@pytest.mark.parametrize("change", [freeze, unfreeze])
def test_what_aws_does_not_tell_is_not_written_over(aws: Aws, change: Any) -> None:  # noqa: ANN401
    """It may be somebody's freeze, with a reason."""
    aws.faults["GetParameter"] = [("AccessDeniedException", "no")]
    result = change()
    assert result.exit_code == 2
    assert "Nothing was changed" in result.stderr
    assert "PutParameter" not in aws.calls


def test_a_write_that_cannot_be_read_back_is_not_taken_for_lost(aws: Aws) -> None:
    aws.during["PutParameter"] = lambda: aws.faults.update(
        GetParameter=[("AccessDeniedException", "no")]
    )
    result = freeze()
    assert result.exit_code == 1
    assert "GetParameter: AccessDeniedException: no" in result.stderr
    assert "not as it was written" not in result.output
    assert [r["outcome"] for r in aws.records.values()] == ["started", "not watched to its end"]


def test_ctrl_c_after_it_is_done_does_not_say_that_nothing_was_changed(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    pressed = iter([True])

    def answer(*_: object) -> None:
        if next(pressed, False):
            raise KeyboardInterrupt

    monkeypatch.setattr("runbook.operations.console.Console.answer", answer)
    result = freeze()
    assert result.exit_code == 130
    assert "Nothing was changed" not in result.output
    assert "To watch it: runbook status rovn/production" in result.output


@pytest.mark.parametrize(
    ("when", "outcome", "code"), [("PutObject", "not begun", 2), ("PutParameter", "failed", 1)]
)
def test_a_parameter_that_is_taken_away_meanwhile_is_told(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, when: str, outcome: str, code: int
) -> None:
    gone = Aws._get_parameter
    monkeypatch.setattr(
        Aws,
        "_get_parameter",
        lambda self, asked: ("ParameterNotFound", "") if when in self.calls else gone(self, asked),
    )
    result = freeze()
    assert result.exit_code == code
    assert "unreadable, which counts as frozen: it is not there" in result.output
    assert [r["outcome"] for r in aws.records.values()] == ["started", outcome]


def test_the_next_command_stands_at_the_end() -> None:
    assert freeze().stdout.splitlines()[-1] == "Next: runbook status rovn/production"
    shown = runbook("freeze", ENVIRONMENT, "--reason", "it's broken", "--dry-run").stdout
    assert "nothing is changed" in shown
    assert "Next: " not in shown
    lifting = runbook("unfreeze", ENVIRONMENT, "--dry-run").stdout.splitlines()
    assert lifting[-1] == "Next: runbook unfreeze rovn/production"


def test_the_next_command_can_be_typed_as_it_stands() -> None:
    reason = 'it\'s "broken" & $HOME'
    shown = runbook("freeze", ENVIRONMENT, "--reason", reason, "--dry-run").stdout
    command = shlex.split(shown.splitlines()[-1].removeprefix("Next: "))
    assert command == ["runbook", "freeze", ENVIRONMENT, "--reason", reason]


def test_words_that_the_terminal_cannot_write_end_nothing(aws: Aws) -> None:
    """Otherwise a reason would end the command half-way, with a traceback and without a record."""
    result = CliRunner(charset="ascii").invoke(
        app, ["freeze", ENVIRONMENT, "--reason", "Störung \udcff \x1b[2J", "--yes"]
    )
    assert result.exit_code == 0, result.output
    assert "St\\xf6rung \\udcff \\x1b[2J" in result.stdout
    assert state(aws)["frozen"] is True
    assert [r["outcome"] for r in aws.records.values()] == ["started", "succeeded"]


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_a_stream_that_was_closed_before_it_began_ends_nothing(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, stream: str
) -> None:
    """Python then has None for it; without --yes nobody is there to confirm."""
    monkeypatch.setattr(f"sys.{stream}", None)
    console = Console()
    account = Account(aws.environment)
    change = ChangeFreeze(account, REASON)
    assert perform(change, account, console, Consent()) == Exit.REFUSED
    assert aws.freeze is not None
    assert state(aws)["frozen"] is False
    assert perform(change, account, console, Consent(yes=True)) == Exit.DONE
    assert state(aws)["frozen"] is True
