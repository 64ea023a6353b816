"""With ``--json`` whatever is refused is one JSON object, whoever refuses it."""

import json
import subprocess
import sys
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from evidence.__main__ import app as evidence
from runbook.cli import app
from runbook.operations.commands import release

PRODUCTION = "rovn/production"
OF_THE_SERVICE = (PRODUCTION, "--service", "nope", "--image-tag", "x")
REFUSED = [
    (("status", "nope/x"), "there is no such environment"),
    (("rollback", PRODUCTION, "--service", "nope"), "there is no service 'nope'"),
    (("rotate", PRODUCTION, "--secret", "nope"), "there is no secret 'nope'"),
    (("release", "preview", *OF_THE_SERVICE), "there is no service 'nope'"),
    (("audit", "show", "nope/x", "key"), "there is no such environment"),
    (("alarms", "show", PRODUCTION, "nope"), "there is no alarm 'nope'"),
    (("alarms", "test", "nope.yaml"), "cannot be read"),
    (("alarms", "test", "--template", "nope.yaml"), "cannot stand beside"),
    (("alarms", "backtest", "--metrics", "nope.json"), "cannot be read"),
    (("playbook", PRODUCTION, "nope"), "has this name"),
    (("verify", "nope/x"), "there is no such environment"),
    (("explain", "nope"), "has this id"),
    (("environments", "nope/x"), "there is no such environment"),
    (("evidence", "nope/x"), "there is no such environment"),
    (("evidence", "verify", "nope"), "cannot be read"),
    (("evidence", "diff", "nope", "nope"), "cannot be read"),
    (("evidence", "controls", "--bundle", "nope"), "cannot be read"),
    (("evidence", "release", *OF_THE_SERVICE), "there is no service 'nope'"),
    (("status",), "Missing argument 'ENVIRONMENT'"),
    (("status", PRODUCTION, "--nope"), "No such option: --nope"),
    (("nope",), "No such command 'nope'"),
    (("waivers", "--as-of", "nope"), "'nope' does not match"),
]


def answer(of: typer.Typer, *words: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(CliRunner().invoke(of, words).stdout)
    return told


@pytest.mark.parametrize(("words", "why"), REFUSED)
def test_a_refusal_is_one_object_for_machines(words: tuple[str, ...], why: str) -> None:
    told = answer(app, *words, "--json")
    assert (told["schema"], told["outcome"]) == (1, "refused")
    assert [list(refusal) for refusal in told["refusals"]] == [["key", "why", "fix"]]
    (refusal,) = told["refusals"]
    assert why in refusal["why"]
    assert all((told["source"], refusal["key"], refusal["fix"]))


@pytest.mark.parametrize("words", [words for words, _ in REFUSED])
def test_for_people_a_refusal_leaves_the_standard_output_alone(
    words: tuple[str, ...],
) -> None:
    assert CliRunner().invoke(app, words).stdout == ""


@pytest.mark.parametrize(
    ("form", "answered"),
    [(("--format", "json"), True), (("--format=json",), True), (("--format", "sarif"), False)],
)
@pytest.mark.parametrize("words", [("check", "nope"), ("check",)])
def test_a_check_answers_in_its_own_form(
    words: tuple[str, ...], form: tuple[str, ...], answered: bool
) -> None:
    result = CliRunner().invoke(app, (*words, *form))
    assert result.exit_code == 2
    if answered:
        assert json.loads(result.stdout)["outcome"] == "refused"
    else:
        assert result.stdout == ""


def test_lines_and_json_are_not_asked_for_together() -> None:
    told = answer(app, "environments", "--field", "account", "--json")
    assert [refusal["key"] for refusal in told["refusals"]] == ["--field"]


def test_what_follows_the_end_of_options_asks_for_nothing() -> None:
    assert CliRunner().invoke(app, ("explain", "--", "--json")).stdout == ""


def test_as_the_pipeline_runs_them_they_answer_as_well() -> None:
    for of, words in ((release, ("preview",)), (evidence, ("release",))):
        told = answer(of, *words, *OF_THE_SERVICE, "--json")
        assert told["refusals"][0]["key"] == "--service"
        assert answer(of, *words, "--json")["refusals"][0]["why"].startswith("Missing argument")


def test_people_read_the_same_beside_the_object() -> None:
    program = (sys.executable, "-m", "runbook", "status", "nope/x")
    said, asked = (
        subprocess.run((*program, *more), capture_output=True, text=True, check=False)
        for more in ((), ("--json",))
    )
    assert (said.returncode, asked.returncode) == (2, 2)
    assert said.stderr == asked.stderr
    assert json.loads(asked.stdout)["refusals"][0]["fix"] in asked.stderr
