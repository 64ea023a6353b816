"""`runbook playbook`, as an operator and as a script ask it."""

import io
import json
import subprocess
import sys

import pytest
from rich.console import Console

from runbook.alarms.catalogue import alarms_of, metric_alarms_of
from runbook.model.environment import Environment
from runbook.model.loader import load_environment
from runbook.model.refusal import RefusedError
from runbook.playbooks.compiled import Playbook
from runbook.playbooks.lookup import playbook
from runbook.playbooks.shown import show
from tests.playbooks.typed import commands_of
from tests.test_cli import runbook

KEY = "stripe-api-key"


@pytest.mark.parametrize(
    ("asked", "page"),
    [
        ("rds-connections", "rds-connections"),
        ("5.2", "rds-connections"),
        (" RDS-Connections ", "rds-connections"),
        ("rovn-production-rds-connections", "rds-connections"),
        ("audit-tamper-inside-account", "audit-tamper"),
        ("5.5", "audit-tamper"),
        ("sentry-outage", "sentry-outage"),
        ("api-5xx-rate", "api-5xx-rate"),
        ("api-5xx-rate/passport-api", "api-5xx-rate"),
        ("slo-fast-burn", "slo-burn"),
        ("rovn-production-slo-fast-burn-60m-passport-api", "slo-burn"),
        (f"secret-overdue/{KEY}", "secret-age"),
    ],
)
def test_a_page_is_found_by_whatever_an_operator_has_in_front(asked: str, page: str) -> None:
    assert playbook(load_environment("rovn/production"), asked).page.id == page


def test_every_alarm_is_found_by_key_and_name(environment: Environment) -> None:
    for alarm in (*alarms_of(environment), *metric_alarms_of(environment)):
        for asked in (alarm.key, alarm.name(environment.slug)):
            found = playbook(environment, asked)
            assert alarm.playbook in found.page.alarms
            assert len(found.alarms) == 1


def test_an_alarm_of_one_secret_gives_the_page_for_it(environment: Environment) -> None:
    found = playbook(environment, f"{environment.slug}-secret-overdue-{KEY}")
    secrets = [word for c in commands_of(found) for word in c.option("--secret")]
    assert secrets
    assert set(secrets) == {KEY}
    assert found.levels[0].id == "sev-3"
    assert len(found.levels) == 1


def test_an_alarm_of_one_queue_gives_the_page_for_it(environment: Environment) -> None:
    found = playbook(environment, "messages-undelivered/secret-watch-dead-letters")
    queues = {q for c in commands_of(found) for q in c.option("--queue-name")}
    assert queues == {f"{environment.slug}-secret-watch-dead-letters"}


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("rds-conections", "did you mean rds-connections"),
        ("5.9", "did you mean 5"),
        ("rovn-staging-rds-cpu", "did you mean rovn-production-rds-cpu"),
        ("zzz", "`runbook playbook rovn/production` lists them"),
        ("", "lists them"),
    ],
)
def test_an_unknown_name_is_told_the_nearest(asked: str, why: str) -> None:
    with pytest.raises(RefusedError) as refused:
        playbook(load_environment("rovn/production"), asked)
    assert why in str(refused.value)


def test_a_page_is_printed_as_markdown(environment: Environment) -> None:
    run = runbook("playbook", environment.name, "5.5")
    assert run.returncode == 0
    assert run.stdout == playbook(environment, "5.5").markdown
    assert run.stdout.startswith("# 5.5 S3 Object Lock alarm\n")


def test_a_page_is_printed_for_machines(environment: Environment) -> None:
    told = json.loads(runbook("playbook", environment.name, "rds-cpu", "--json").stdout)
    assert told["id"] == "rds-cpu"
    assert told["alarms"] == [f"{environment.slug}-rds-cpu"]
    assert told["severities"] == ["sev-2"]
    assert list(told["sections"]) == ["Meaning", "Impact", "Diagnosis", "Mitigation"]


def test_all_pages_are_listed(environment: Environment, playbooks: tuple[Playbook, ...]) -> None:
    run = runbook("playbook", environment.name)
    assert run.returncode == 0
    # No file has a replica; its page is not this environment's.
    ids = [found.page.id for found in playbooks if found.page.id != "rds-replica-lag"]
    listed = [line.split()[0] for line in run.stdout.splitlines() if not line.startswith(" ")]
    assert listed == ids
    told = json.loads(runbook("playbook", environment.name, "--json").stdout)
    assert [entry["id"] for entry in told["playbooks"]] == ids
    names = {name for entry in told["playbooks"] for name in entry["alarms"]}
    assert names == {alarm.name(environment.slug) for alarm in alarms_of(environment)}


def test_an_unknown_page_ends_with_2() -> None:
    run = runbook("playbook", "rovn/production", "no-such")
    assert (run.returncode, run.stdout) == (2, "")
    assert "no page, alarm or section has this name" in run.stderr
    assert runbook("playbook", "rovn/productoin", "5.5").returncode == 2


def test_a_terminal_shows_each_command_in_one_piece(playbooks: tuple[Playbook, ...]) -> None:
    """What is copied from a narrow terminal is the command still."""
    for found in playbooks:
        console = Console(file=io.StringIO(), width=60, force_terminal=True, no_color=True)
        show(found.markdown, console)
        told = console.file.getvalue()  # type: ignore[attr-defined]
        for command in commands_of(found):
            assert command.line in told


def test_it_needs_neither_aws_nor_the_cdk() -> None:
    asked = (
        "import sys; from runbook.cli import app\n"
        "app(['playbook', 'rovn/production', '5.5'], standalone_mode=False)\n"
        "loaded = {'boto3', 'aws_cdk', 'rich.markdown'} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    run = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
