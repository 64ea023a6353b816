"""`runbook release`, as a person, a script and the pipeline call it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner, Result

from runbook.model.refusal import RefusedError
from runbook.operations.commands import release
from tests.operations.aws import Aws
from tests.operations.revisions import NEW, OLD

ASKED = ["rovn/production", "--service", "passport-api", "--image-tag"]


@pytest.fixture(autouse=True)
def in_aws(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    session = aws.session()
    monkeypatch.setattr(boto3, "Session", lambda: session)
    monkeypatch.setattr("runbook.operations.waiting.Time.sleep", lambda *_: None)


def runbook(*arguments: str) -> Result:
    return CliRunner().invoke(release, arguments)


def answer(result: Result) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def test_a_preview_for_people(aws: Aws) -> None:
    result = runbook("preview", *ASKED, NEW)
    assert result.exit_code == 0
    assert f"passport-api in rovn/production: {OLD} -> {NEW}" in result.stdout
    assert "1 variables, 1 secrets, cpu 1024, memory 4096" in result.stdout
    assert "\x1b" not in result.stdout, "colour is for terminals"


def test_a_preview_ends_with_the_command_that_does_it(aws: Aws) -> None:
    last = runbook("preview", *ASKED, NEW).stdout.splitlines()[-1]
    assert last == f"Next: runbook release deploy {' '.join(ASKED)} {NEW}"
    done = runbook(*last.removeprefix("Next: runbook release ").split(), "--yes")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == (f"Next: runbook release verify {' '.join(ASKED)} {NEW}")


def test_a_deploy_with_dry_run_is_a_preview(aws: Aws) -> None:
    result = runbook("deploy", *ASKED, NEW, "--dry-run", "--json")
    assert result.exit_code == 0, result.output
    assert answer(result)["outcome"] == "preview"
    assert aws.writes == []


def test_a_preview_for_machines(aws: Aws) -> None:
    told = answer(runbook("preview", *ASKED, NEW, "--json"))
    assert (told["schema"], told["outcome"]) == (1, "preview")
    assert (told["before"]["image_tag"], told["after"]["image_tag"]) == (OLD, NEW)
    assert all(change["expected"] for change in told["changes"])


def test_a_preview_of_what_would_be_refused_says_so(aws: Aws) -> None:
    del aws.images[NEW]
    result = runbook("preview", *ASKED, NEW, "--json")
    assert result.exit_code == 2
    told = answer(result)
    assert told["outcome"] == "refused"
    assert [set(refusal) for refusal in told["refusals"]] == [{"key", "why", "fix"}]


def test_a_preview_in_a_freeze_can_be_looked_at(aws: Aws) -> None:
    aws.freeze = '{"frozen": true, "by": "on-call", "reason": "audit", "since": "today"}'
    result = runbook("preview", *ASKED, NEW, "--json")
    assert result.exit_code == 0
    assert answer(result)["holds"][0]["key"] == "release freeze"


def test_a_deploy_for_machines(aws: Aws) -> None:
    result = runbook("deploy", *ASKED, NEW, "--yes", "--json")
    assert result.exit_code == 0
    told = answer(result)
    assert told["outcome"] == "succeeded"
    assert len(told["records"]) == 2
    assert told["verified"]["image tag"] == NEW
    assert "UPDATE_COMPLETE" in result.stderr, "progress goes aside"


def test_a_failed_deploy_for_machines(aws: Aws) -> None:
    aws.story = [("UPDATE_ROLLBACK_COMPLETE", "")]
    result = runbook("deploy", *ASKED, NEW, "--yes", "--json")
    assert result.exit_code == 1
    assert answer(result)["failure"]["what"].endswith("the stack rolled back by itself")


def test_a_deploy_without_yes_and_without_a_terminal_is_refused(aws: Aws) -> None:
    result = runbook("deploy", *ASKED, NEW)
    assert result.exit_code == 2
    assert "add --yes" in result.stderr
    assert "Traceback" not in result.output
    assert "ExecuteChangeSet" not in aws.calls


@pytest.mark.parametrize("why", [KeyboardInterrupt(), ("AccessDenied", "no")])
def test_errors_are_told_in_words(aws: Aws, why: object) -> None:
    aws.faults["DescribeStacks"] = [why]  # type: ignore[list-item]
    result = runbook("preview", *ASKED, NEW)
    assert result.exit_code in (2, 130)
    assert "Nothing was changed" in result.output
    assert isinstance(result.exception, SystemExit)


def test_nothing_is_looked_for_in_another_account(aws: Aws) -> None:
    """What is missing there would be advised to be made."""
    aws.signed_in = "999988887777"
    for command in ("preview", "deploy", "verify"):
        result = runbook(command, *ASKED, NEW)
        assert result.exit_code == 2
        assert f"is in {aws.environment.account}" in result.stderr
    assert set(aws.calls) == {"GetCallerIdentity"}


def test_a_profile_that_is_not_there_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    result = runbook("preview", *ASKED, NEW)
    assert result.exit_code == 2
    assert "ProfileNotFound" in result.stderr
    assert "sign in to the environment's account" in result.stderr


def test_verify_looks_and_writes_nothing(aws: Aws) -> None:
    assert runbook("verify", *ASKED, OLD).exit_code == 0
    failed = runbook("verify", *ASKED, NEW, "--json")
    assert failed.exit_code == 1
    assert answer(failed)["failure"]["why"] == [f"{OLD} runs"]
    assert not {"PutObject", "ExecuteChangeSet", "CreateChangeSet"} & set(aws.calls)


def test_an_unknown_service_is_refused() -> None:
    result = runbook("preview", "rovn/production", "--service", "api", "--image-tag", NEW)
    assert isinstance(result.exception, RefusedError)
    assert "known: passport-api" in str(result.exception)


def test_as_a_module_as_the_pipeline_runs_it() -> None:
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "runbook.operations",
            "preview",
            "rovn/nowhere",
            *["--service", "x", "--image-tag", "y"],
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "there is no such environment" in run.stderr
    assert "Traceback" not in run.stderr


def test_help_has_an_example_and_loads_neither_cdk_nor_sdk() -> None:
    for command in ("preview", "deploy", "verify"):
        assert f"Example: runbook release {command}" in runbook(command, "--help").stdout
    code = (
        "import sys, runbook.cli, runbook.operations.commands;"
        "print([m for m in ('aws_cdk', 'boto3', 'botocore') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


@pytest.fixture
def signals() -> Iterator[None]:
    """Give every signal back to whom it belonged."""
    kept = {ending: signal.getsignal(ending) for ending in ENDINGS}
    yield
    for ending, handler in kept.items():
        signal.signal(ending, handler)


ENDINGS = (signal.SIGTERM, signal.SIGHUP)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_stopped_build_and_a_lost_terminal_are_recorded_like_ctrl_c(
    aws: Aws, signals: None, ending: signal.Signals
) -> None:
    signal.signal(ending, signal.SIG_DFL)
    aws.during["DescribeStackEvents"] = lambda: signal.raise_signal(ending) if aws.records else None
    result = runbook("deploy", *ASKED, NEW, "--yes")
    assert result.exit_code == 130
    assert [record["outcome"] for record in aws.records.values()][1:] == ["not begun"]


def test_under_nohup_a_lost_terminal_ends_nothing(aws: Aws, signals: None) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    aws.during["DescribeStackEvents"] = lambda: signal.raise_signal(signal.SIGHUP)
    assert runbook("deploy", *ASKED, NEW, "--yes").exit_code == 0
