"""`runbook alarms`: what an operator reads, without AWS and at once."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.validate import validate_parameters
from typer.testing import CliRunner

from runbook.alarms.alarm import Alarm
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.finding import every_alarm, find, look
from runbook.alarms.severities import level
from runbook.cli import app
from runbook.model.loader import load_environment
from runbook.model.refusal import RefusedError

NAME = "rovn/production"
PRODUCTION = load_environment(NAME)
RUNBOOK = Path(sys.executable).with_name("runbook")


def said(*words: str) -> str:
    result = CliRunner().invoke(app, ["alarms", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def as_json(*words: str) -> Any:  # noqa: ANN401 - JSON is any value
    return json.loads(said(*words, "--json"))


@pytest.mark.clause("ROVN-SEV-1")
def test_the_list_has_every_alarm_under_its_severity() -> None:
    text = said("list", NAME)
    groups = text.split("Told: ")
    assert len(groups) == 5
    for alarm in alarms_of(PRODUCTION):
        assert alarm.key in text
        assert alarm.playbook in text
    assert text.index("sev-1 (P0)") < text.index("sev-2 (P1)") < text.index("sev-3:")
    assert text.rstrip().endswith(f"Next: runbook alarms show {NAME} ALARM")


@pytest.mark.parametrize("severity", ["sev-1", "P0", "SEV-1", "p0"])
def test_of_one_severity_by_either_name(severity: str) -> None:
    found = as_json("list", NAME, "--severity", severity)["alarms"]
    wanted = [alarm.key for alarm in alarms_of(PRODUCTION) if alarm.severity == "sev-1"]
    assert [alarm["alarm"] for alarm in found] == wanted
    assert found[0] == {
        "alarm": "api-5xx-rate/passport-api",
        "name": "rovn-production-api-5xx-rate-passport-api",
        "symptom": "Requests end with 5xx, from the service's tasks or from the load balancer",
        "when_it_rings": "> 1 % of requests, 1 of 1 x 5 min",
        "severity": "sev-1",
        "same_as": "P0",
        "woken": ["founder-rotation", "engineering-on-call"],
        "playbook": "api-5xx-rate",
        "clauses": ["ROVN-ALM-1", "ROVN-DEP-4"],
    }


def refused(*words: str) -> str:
    done = subprocess.run([RUNBOOK, "alarms", *words], capture_output=True, encoding="utf-8")
    assert done.returncode == 2
    assert not done.stdout
    return done.stderr


def test_a_severity_that_there_is_not_is_told_with_those_that_there_are() -> None:
    told = refused("list", NAME, "--severity", "sev-9")
    assert "there is no severity 'sev-9'" in told
    assert "known: sev-1 (P0), sev-2 (P1), sev-3, sev-4" in told


def test_an_alarm_that_there_is_not_is_told_with_the_nearest() -> None:
    told = refused("show", NAME, "rds-cpus")
    assert "there is no alarm 'rds-cpus'" in told
    assert "nearest: rds-cpu" in told
    with pytest.raises(RefusedError, match=f"runbook alarms list {NAME}"):
        find(PRODUCTION, "?")
    with pytest.raises(RefusedError, match="nearest: rovn-production-rds-cpu,"):
        find(PRODUCTION, "rovn-production-rds-cpus")


@pytest.mark.parametrize("alarm", every_alarm(PRODUCTION), ids=lambda alarm: alarm.key)
def test_an_alarm_is_found_by_what_aws_slack_and_the_pager_call_it(alarm: Alarm) -> None:
    name = alarm.name(PRODUCTION.slug)
    assert find(PRODUCTION, name) == find(PRODUCTION, f" {name.upper()} ") == (alarm,)
    assert find(PRODUCTION, alarm.key.title()) == (alarm,)
    assert find(PRODUCTION, alarm.id.upper()) == find(PRODUCTION, alarm.id)


def test_show_takes_the_name_of_another_case() -> None:
    assert said("show", NAME, "ROVN-production-RDS-cpu") == said("show", NAME, "rds-cpu")


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.clause("ROVN-COM-1")
def test_show_says_everything() -> None:
    lines = dict(line.split(None, 1) for line in said("show", NAME, "rds-cpu").splitlines())
    assert lines["symptom"].startswith("The database computes at its limit")
    assert lines["rings"] == "> 85 %, 3 of 3 x 5 min"
    assert lines["metric"] == (
        "value = Average of AWS/RDS CPUUtilization, DBInstanceIdentifier=rovn-production-postgres"
    )
    assert lines["missing"].startswith("counts as broken. RDS reports each minute")
    assert lines["source"].endswith("(ROVN-ALM-2)")
    assert lines["severity"].startswith("sev-2 (P1): ")
    assert "by Slack in business hours" in lines["told"]
    assert lines["else"].startswith("muted; told when business hours begin")
    assert lines["topic"] == "rovn-production-sev-2"
    assert lines["playbook"] == f"runbook playbook {NAME} rds-cpu"
    assert lines["look"].startswith("aws cloudwatch describe-alarms ")
    assert "customers as their BAA says" in said("show", NAME, "rds-cpu")


def test_show_says_the_formula_and_the_parts() -> None:
    text = said("show", NAME, "slo-fast-burn/passport-api")
    assert text.count("\npart ") == 2
    assert text.count("  formula ") == 2
    assert "IF(FILL(balancer, 0)" in text
    assert "measured" in said("show", NAME, "budget-exceeded")
    part = said("show", NAME, "slo-fast-burn-60m")
    assert "14.4 times too fast for 60 minutes" in part


def test_an_id_of_several_is_answered_with_their_list() -> None:
    text = said("show", NAME, "messages-undelivered")
    keys = [alarm.key for alarm in alarms_of(PRODUCTION) if alarm.id == "messages-undelivered"]
    assert len(keys) > 1
    assert all(f"  {key}  " in text for key in keys)
    assert len(as_json("show", NAME, "messages-undelivered")["alarms"]) == len(keys)


def test_show_for_machines_has_the_whole_definition() -> None:
    (found,) = as_json("show", NAME, "rds-cpu")["alarms"]
    assert found["definition"]["threshold"] == PRODUCTION.alarms.database_cpu_percent
    assert found["level"]["id"] == "sev-2"
    assert [each["id"] for each in found["tells"]] == [
        *("founder-channel", "customers-by-baa", "investors-monthly")
    ]


@pytest.mark.parametrize("alarm", alarms_of(PRODUCTION), ids=lambda alarm: alarm.key)
def test_each_command_to_look_is_one_that_aws_takes(alarm: Any) -> None:  # noqa: ANN401 - an Alarm
    words = shlex.split(look(PRODUCTION, alarm))
    assert words[0] == "aws"
    client: Any = boto3.Session(region_name="us-east-1").client
    model = client(words[1]).meta.service_model
    operation = model.operation_model("".join(part.title() for part in words[2].split("-")))
    given: dict[str, Any] = {}
    for option, value in zip(words[3::2], words[4::2], strict=True):
        name = "".join(part.title() for part in option.removeprefix("--").split("-"))
        if name != "Region":
            of = operation.input_shape.members[name].type_name
            given[name] = [value] if of == "list" else value
    validate_parameters(given, operation.input_shape)
    assert given.get("AlarmTypes", ["MetricAlarm"]) == [
        {"composite": "CompositeAlarm"}.get(alarm.kind, "MetricAlarm")
    ]


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.clause("ROVN-COM-1")
def test_the_matrix_shows_a_week_and_a_year() -> None:
    text = said("matrix", NAME, "--year", "2027")
    lines = text.splitlines()
    assert sum("P" * 24 in line for line in lines) == 7
    assert sum("." * 9 + "S" * 8 + "." * 7 in line for line in lines) == 5
    assert sum("." * 24 in line for line in lines) == 2
    assert "2,088 h" in text
    assert "65 h" in text
    assert "Clocks of America/New_York change on 2027-11-07 02:00: they then show 01:00." in lines
    assert "2028 has 8,784 hours" in said("matrix", NAME, "--year", "2028")


@pytest.mark.clause("ROVN-SEV-1")
def test_the_matrix_for_machines() -> None:
    found = as_json("matrix", NAME, "--year", "2027")
    assert (found["year"], found["hours"]) == (2027, 8760)
    p0, *others = found["severities"]
    assert (p0["hours_by_pager"], p0["hours_muted"], p0["longest_wait_hours"]) == (8760, 0, 0)
    assert level("rovn", p0["severity"]).wakes
    for each in others:
        assert each["hours_by_slack"] + each["hours_muted"] == 8760
        assert each["longest_wait_hours"] == 65
    assert as_json("matrix", NAME)["year"] >= 2026


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (f"runbook alarms show {NAME} rds-c", ["rds-cpu", "rds-connections"]),
        (f"runbook alarms show {NAME} test-page-", ["test-page-missed"]),
        ("runbook alarms show another/one rds-c", []),
    ],
)
def test_a_shell_completes_alarms(line: str, found: list[str]) -> None:
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
    done = subprocess.run(
        [RUNBOOK],
        env={"PATH": os.defpath, "_RUNBOOK_COMPLETE": "complete_bash", **asked},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout.split() == found


def test_without_aws_and_at_once() -> None:
    """Neither the SDK nor the CDK is even loaded: they take longer than the answer."""
    program = (
        "import sys, runbook.cli; from typer.testing import CliRunner\n"
        "for words in (['list', N], ['show', N, 'rds-cpu'], ['matrix', N, '--year', '2027']):\n"
        "    done = CliRunner().invoke(runbook.cli.app, ['alarms', *words])\n"
        "    assert done.exit_code == 0, done.output\n"
        "print(sorted({'boto3', 'botocore.session', 'aws_cdk', 'jsii'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"N = {NAME!r}\n{program}"],
        env={"PATH": os.defpath},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout == "[]\n"
