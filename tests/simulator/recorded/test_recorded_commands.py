"""`runbook alarms backtest` and `plot` as people type them: templates, options, exit codes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from runbook.cli import app
from runbook.model.refusal import RefusedError
from simulator.cloudwatch.definitions import MetricIdentity
from simulator.cloudwatch.series import Values
from simulator.recorded.instants import instant
from simulator.templates.environments import definitions_of
from simulator.templates.reading import read_definitions
from tests.assembly import Assembly
from tests.simulator.invented import record

Json = Any
START, END = instant("2026-03-02T00:00:00Z"), instant("2026-03-02T06:00:00Z")
TOPIC = "arn:aws:sns:us-east-2:111122223333:somebody"


def template(folder: Path, threshold: int = 5, name: str = "shop.template.json") -> Path:
    """Write a stranger's template with one alarm and a queue that only the deploy names."""
    alarm = {
        "AlarmName": "orders",
        "Namespace": "Acme/Shop",
        "MetricName": "Orders",
        "Dimensions": [{"Name": "Queue", "Value": {"Fn::GetAtt": ["Queue", "QueueName"]}}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": threshold,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [TOPIC],
    }
    resources = {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {}},
        "Orders": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm},
    }
    (folder / name).write_text(json.dumps({"Resources": resources}), "utf-8")
    return folder / name


def orders(metric: MetricIdentity, stat: str, period: int, count: int) -> Values:
    values = np.zeros(count)
    values[60:70], values[200:230] = 7, 20
    return values


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    alarms = read_definitions([template(tmp_path)])
    return record(tmp_path / "r.json", alarms, (START, END), orders)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["alarms", *map(str, arguments)], env={"COLUMNS": "200"})


def refusal(*arguments: object) -> str:
    result = run(*arguments)
    assert isinstance(result.exception, RefusedError)
    return result.exception.brief


def test_a_strangers_template_tells_its_actions(tmp_path: Path, recorded: Path) -> None:
    result = run("backtest", "--metrics", recorded, "--template", template(tmp_path))
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.stdout.splitlines() if line.strip()]
    assert lines[0] == "2 pages from 2026-03-02T00:00Z to 2026-03-02T06:00Z"
    assert lines[3:5] == [
        f"2026-03-02T01:01Z orders {TOPIC} 10 min",
        f"2026-03-02T03:21Z orders {TOPIC} 30 min",
    ]
    assert lines[-1] == "1 of 1 alarms were judged"


def test_two_templates_are_compared(tmp_path: Path, recorded: Path) -> None:
    asked = "backtest", "--metrics", recorded, "--template", template(tmp_path, 10, "b.json")
    result = run(*asked, "--against", template(tmp_path))
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-2:] == [
        "This change from 2026-03-02T00:00Z to 2026-03-02T06:00Z: 2 pages before, 1 now "
        "(0 new, 1 gone, 0 changed, 1 as they were)",
        "It would have missed: orders 2026-03-02T01:01Z",
    ]
    told = json.loads(run(*asked, "--against", template(tmp_path), "--json").stdout)
    assert told["pages"] == 1
    assert told["against"]["changes"] == [
        {
            "kind": "gone",
            "alarm": "orders",
            "at": "2026-03-02T01:01Z",
            "how": [],
            "severity_before": TOPIC,
            "severity_after": None,
        }
    ]


def test_a_time_beyond_the_recording_is_refused(tmp_path: Path, recorded: Path) -> None:
    asked = "backtest", "--metrics", recorded, "--template", template(tmp_path)
    assert refusal(*asked, "--to", "2026-03-02T07:00:00Z") == (
        f"{recorded} is refused: --from, --to: it was recorded from 2026-03-02T00:00Z to "
        "2026-03-02T06:00Z only; name a time within it: beyond, silence would mean nothing"
    )


def test_an_instant_without_a_zone_is_refused(tmp_path: Path, recorded: Path) -> None:
    asked = "backtest", "--metrics", recorded, "--template", template(tmp_path)
    assert refusal(*asked, "--from", "2026-03-02T01:00:00") == (
        "the command line is refused: --from: '2026-03-02T01:00:00' names no zone; "
        "write it with its zone, such as 2026-03-02T09:00:00Z"
    )


def test_a_recording_that_does_not_say_whose_it_is(recorded: Path) -> None:
    assert refusal("backtest", "--metrics", recorded) == (
        "the command line is refused: ENVIRONMENT: the recording does not say of which environment "
        "it is; name the environment, or the templates of the alarms with --template"
    )


def test_csv_wants_a_time(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    file.write_text(
        "timestamp,namespace,metric,dimensions,stat,period,value\n"
        "2026-03-02T00:00:00Z,Acme/Shop,Orders,Queue=a,Sum,60,0\n"
        "2026-03-02T00:59:00Z,Acme/Shop,Orders,Queue=a,Sum,60,9\n",
        "utf-8",
    )
    asked = "backtest", "--metrics", file, "--template", template(tmp_path)
    assert refusal(*asked) == (
        f"{file} is refused: --from, --to: the recording does not say for which time it was asked; "
        "datapoints lie from 2026-03-02T00:00Z to 2026-03-02T01:00Z: name a time"
    )
    result = run(*asked, "--from", "2026-03-02T00:00:00Z", "--to", "2026-03-02T01:00:00Z", "--json")
    assert json.loads(result.stdout)["pages"] == 1


def test_a_recording_is_drawn(tmp_path: Path, recorded: Path) -> None:
    out = tmp_path / "a.svg"
    result = run("plot", "orders", recorded, "--template", template(tmp_path), "--out", out)
    assert result.stdout == f"{out}: 1 drawn\n"
    assert "ALARM actions ran" in out.read_text("utf-8")


def test_a_mark_that_no_alarm_has_is_refused(tmp_path: Path, recorded: Path) -> None:
    asked = "backtest", "--metrics", recorded, "--template", template(tmp_path)
    assert refusal(*asked, "--bind", "<shop/Queu.QueueName>=a") == (
        "the command line is refused: --bind: no alarm has the mark <shop/Queu.QueueName>; "
        "nearest: <shop/Queue.QueueName>"
    )


TESTS = """
template: [shop.template.json]
tests:
  - alarm: orders
    name: seven is more than five
    series:
      - metric: {namespace: Acme/Shop, name: Orders, stat: Sum}
        values: '0x9 7x9'
    expect:
      - {at: 9m, state: OK}
  - alarm: orders
    name: nothing
    expect:
      - {at: 9m, state: OK}
"""


def test_a_file_of_tests_is_drawn(tmp_path: Path) -> None:
    template(tmp_path)
    (tmp_path / "t.yaml").write_text(TESTS, "utf-8")
    out = tmp_path / "a.svg"
    assert run("plot", "orders", tmp_path / "t.yaml", "--out", out).stdout == f"{out}: 2 drawn\n"
    assert "seven is more than five" in out.read_text("utf-8")
    run("plot", "orders", tmp_path / "t.yaml", "--out", out, "--test", 2)
    assert "seven is more than five" not in out.read_text("utf-8")


def test_a_test_that_is_not_in_the_file(tmp_path: Path) -> None:
    template(tmp_path)
    (tmp_path / "t.yaml").write_text(TESTS, "utf-8")
    assert refusal("plot", "orders", tmp_path / "t.yaml", "--test", 3) == (
        f"{tmp_path}/t.yaml is refused: --test: there are 2 tests in it; count them from 1"
    )


def test_options_of_the_other_kind_of_file_are_refused(tmp_path: Path, recorded: Path) -> None:
    assert refusal("plot", "orders", recorded, "--test", 1) == (
        f"{recorded} is refused: --test: it is no file of tests (.yaml); leave it out"
    )
    (tmp_path / "t.yaml").write_text(TESTS, "utf-8")
    assert "these options are of recordings; leave them out" in refusal(
        "plot", "orders", tmp_path / "t.yaml", "--allow-missing"
    )


def ours(metric: MetricIdentity, stat: str, period: int, count: int) -> Values | None:
    """Let an environment serve well but for ten minutes, and not record findings of PHI."""
    values = np.zeros(count)
    match metric.name:
        case "RequestCount" | "CPUUtilization" | "SuccessPercent":
            values += 50
        case "HealthyHostCount" | "DesiredTaskCount" | "RunningTaskCount":
            values += 3
        case "DeploymentCount" | "HealthCheckStatus":
            values += 1
        case "FreeStorageSpace":
            values += 1e12
        case "DaysToExpiry":
            values += 200
        case "HTTPCode_Target_5XX_Count" if "Blue" in str(metric):
            at = (instant("2026-03-02T03:00:00Z") - START) // period
            values[at : at + 10] = 25
        case "LogEventsWithFindings":
            return None
    return values


def test_an_environments_pages_by_severity_and_hour(assembly: Assembly, tmp_path: Path) -> None:
    alarms = definitions_of("rovn/production", assembly.directory)
    file = record(tmp_path / "r.json", alarms, (START, END), ours, "rovn/production")
    asked = "backtest", "--metrics", file, "--assembly", assembly.directory
    result = run(*asked, "--from", "2026-03-02T02:00:00Z", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    pages = [e for e in told["episodes"] if e["told_at"]]
    assert [(e["alarm"], e["severity"], e["channels"]) for e in pages] == [
        ("rovn-production-api-5xx-rate-passport-api", "sev-1", ["pager", "Slack"]),
    ]
    assert told["woken_at_night"] == 1
    assert "not recorded" in told["not_judged"]["rovn-production-phi-in-logs-passport-api"]
    same = run(*asked, "--from", "2026-03-02T02:00:00Z", "--against", assembly.directory)
    assert "the same 1 page as before" in same.stdout


def test_a_recording_that_is_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 100_000, "utf-8")
    asked = ("backtest", "--template", template(tmp_path), "--metrics")
    assert refusal(*asked, deep).endswith("it is nested too deeply; write it again")
    answer = tmp_path / "answer.json"
    answer.write_text('{"MetricDataResults": []}', "utf-8")
    assert "it is nested too deeply" in refusal(*asked, answer, "--queries", deep)


def test_a_backtest_that_judges_no_alarm_is_refused(tmp_path: Path, recorded: Path) -> None:
    other = template(tmp_path, name="other.template.json")
    other.write_text(other.read_text("utf-8").replace("Orders", "Refunds"), "utf-8")
    for more in ((), ("--json",)):
        told = refusal("backtest", "--metrics", recorded, "--template", other, *more)
        assert "orders" in told
        assert "record the metrics of these alarms" in told
    other.write_text('{"Resources": {}}', "utf-8")
    told = refusal("backtest", "--metrics", recorded, "--template", other)
    assert "there is none to judge" in told


def test_help_names_the_extra_that_draws() -> None:
    assert "the extra `plot`" in " ".join(run("plot", "--help").stdout.split())


def test_a_parameter_with_two_values_is_refused(tmp_path: Path, recorded: Path) -> None:
    asked = ("backtest", "--metrics", recorded, "--template", template(tmp_path))
    assert "A has two values" in refusal(*asked, "--parameter", "A=1", "--parameter", "A=2")
