"""`runbook alarms test`, as a person and as a build call it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from runbook.cli import app
from tests.assembly import ROOT, Assembly
from tests.simulator.cases import TOPIC, a_test, one_series, template, write_template

RUNBOOK = Path(sys.executable).with_name("runbook")
SERIES = [one_series("Requests", "100x29"), one_series("Errors", "0x9 2x4 _x5 1x9")]
GOOD = ["{at: 10m, state: OK}", "{from: 11m, at: 15m, state: ALARM}"]
NAMED = "name: Two percent fail"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_template(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, *tests: str, head: str = "template: [shop.template.json]\n") -> None:
    Path(name).write_text(f"{head}tests:\n{''.join(tests)}", "utf-8")


def rate(*expect: str) -> str:
    return a_test("shop-error-rate", SERIES, list(expect), NAMED)


def runbook(*words: str) -> Result:
    return CliRunner().invoke(app, ["alarms", "test", *words])


def spoken(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [RUNBOOK, "alarms", "test", *words],
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.clause("ALL-2")
def test_what_passes_is_a_line_a_file() -> None:
    write("a.yaml", rate(*GOOD))
    Path("below").mkdir()
    write("below/b.yml", rate(*GOOD), rate(GOOD[0]), head="template: [../shop.template.json]\n")
    result = runbook("a.yaml", "below")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "pass a.yaml  1 test, 2 expectations",
        "pass below/b.yml  2 tests, 3 expectations",
        "2 files, 3 tests, 5 expectations: all expectations hold",
    ]


FAILURE = """\
FAIL wrong.yaml:10  shop-error-rate
  test      Two percent fail
  alarm     shop-error-rate
  means     > 1, 2 of 3 datapoints of 1 min, missing = notBreaching
  expected  OK from 0m to 15m
  got       ALARM at 11m
  states    OK at 0m, ALARM at 11m, OK at 16m
  CloudWatch would have looked at:
  from   to  errors  requests  rate
    7m   8m       0       100     0  not needed
    8m   9m       0       100     0  not needed
    9m  10m       0       100     0  within
   10m  11m       2       100     2  breaching
   11m  12m       2       100     2  breaching

  2 │          █████
    │          █████
    │          █████
  1 ┤──────────█████───────────────
    │          █████     ██████████
    │          █████     ██████████
    │          █████     ██████████
  0 │          █████     ██████████
    └┬──────────────┬──────────────
     0m             15m
     ...........AAAAA..............
                ^ 11m
     . OK, A ALARM, ? INSUFFICIENT_DATA

1 file, 1 test, 2 expectations: 1 expectation failed
Next: runbook alarms plot shop-error-rate wrong.yaml --test 1
"""


@pytest.mark.clause("ALL-2")
def test_a_wrong_expectation_fails_and_says_what_led_to_it() -> None:
    write("wrong.yaml", rate(GOOD[0], "{from: 0m, at: 15m, state: OK}"))
    done = spoken("wrong.yaml", PYTHONIOENCODING="utf-8")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == FAILURE


def test_where_the_terminal_has_no_blocks_there_are_none() -> None:
    write("wrong.yaml", rate(GOOD[0], "{from: 0m, at: 15m, state: OK}"))
    done = spoken("wrong.yaml", PYTHONIOENCODING="ascii")
    blocks = str.maketrans("│┤█─┬└", "|+#-++")
    assert done.stdout == FAILURE.translate(blocks)


def test_the_parts_of_a_composite_are_drawn_with_it() -> None:
    write("wrong.yaml", a_test("Broken", SERIES, ["{at: 12m, state: ALARM, action: none}"]))
    result = runbook("wrong.yaml")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert "  got       ALARM at 12m, its actions: ran at 11m" in lines
    assert "  shop-error-rate: OK at 0m, ALARM at 11m, OK at 16m" in lines
    assert "  shop-slow        ??????????????????????????????" in lines
    assert "  shop-broken      ...........AAAAA.............." in lines


SLOW = a_test(
    "shop-slow",
    [one_series("Latency", "3", "p95")],
    ["{at: 6m, state: ALARM}", "{at: 15m, state: INSUFFICIENT_DATA}"],
)


@pytest.mark.clause("ALL-2")
def test_what_hangs_on_extra_datapoints_is_noted_and_fails_when_strict() -> None:
    write("slow.yaml", SLOW)
    result = runbook("slow.yaml")
    assert result.exit_code == 0
    hangs = "depends on how many extra datapoints CloudWatch fetches: with"
    assert result.stdout.splitlines() == [
        "pass slow.yaml  1 test, 2 expectations",
        f"note slow.yaml:7  shop-slow  {hangs} 0 it fails",
        f"note slow.yaml:8  shop-slow  {hangs} 5, 10 it fails",
        "1 file, 1 test, 2 expectations: all expectations hold, "
        "2 depend on how many extra datapoints CloudWatch fetches",
    ]
    strict = runbook("slow.yaml", "--strict")
    assert strict.exit_code == 1
    assert f"FAIL slow.yaml:7  shop-slow  {hangs} 0 it fails" in strict.stdout


@pytest.mark.clause("ALL-2")
def test_json_has_what_the_text_has() -> None:
    write("wrong.yaml", rate(GOOD[0], "{from: 0m, at: 15m, state: OK}"))
    result = runbook("wrong.yaml", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "schema": 1,
        "summary": {
            "files": 1,
            "tests": 1,
            "expectations": 2,
            "passed": 1,
            "failed": 1,
            "depends_on_extra_datapoints": 0,
            "gaps": 0,
            "left_out": 0,
            "strict": False,
        },
        "tests": [
            {
                "file": "wrong.yaml",
                "line": 3,
                "test": "Two percent fail",
                "alarm": "shop-error-rate",
                "name": "shop-error-rate",
                "environment": None,
                "holds": False,
                "changes": [
                    {"at": 0, "state": "OK"},
                    {"at": 660, "state": "ALARM"},
                    {"at": 960, "state": "OK"},
                ],
                "expectations": [
                    _expected(9, None, 600, holds=True, got=("OK", 600)),
                    _expected(10, 0, 900, holds=False, got=("ALARM", 660)),
                ],
            }
        ],
        "gaps": [],
        "left_out": [],
    }


def _expected(
    line: int, since: int | None, at: int, *, holds: bool, got: tuple[str, int]
) -> dict[str, Any]:
    return {
        "line": line,
        "from": since,
        "at": at,
        "state": "OK",
        "action": None,
        "holds": holds,
        "got": {"state": got[0], "at": got[1], "action": None},
        "otherwise_with_extra_datapoints": [],
    }


def test_json_says_what_became_of_actions() -> None:
    write("a.yaml", a_test("Broken", SERIES, ["{at: 12m, state: ALARM, action: ran}"]))
    (test,) = json.loads(runbook("a.yaml", "--json").stdout)["tests"]
    assert test["expectations"][0]["got"]["action"] == {"outcome": "ran", "at": 660}
    assert template()["Resources"]["Broken"]["Properties"]["AlarmActions"] == [TOPIC]


def test_a_template_on_the_command_line_stands_for_the_files() -> None:
    write("a.yaml", rate(*GOOD), head="environment: nobody/nowhere\n")
    assert runbook("a.yaml").exit_code == 2
    assert runbook("a.yaml", "--template", "shop.template.json").exit_code == 0


def test_the_next_command_is_given_what_this_one_was() -> None:
    body = template() | {"Parameters": {"A": {"Type": "String"}}}
    Path("shop.template.json").write_text(json.dumps(body), "utf-8")
    write("wrong.yaml", rate(*GOOD), rate("{at: 10m, state: ALARM}"), head="")
    result = runbook("wrong.yaml", "--template", "shop.template.json", "--parameter", "A=b c")
    assert result.stdout.endswith(
        "Next: runbook alarms plot shop-error-rate wrong.yaml --test 2 "
        "--template shop.template.json --parameter 'A=b c'\n"
    )


def test_a_templates_parameters_may_be_given() -> None:
    body = template()
    body["Parameters"] = {"Most": {"Type": "Number"}}
    body["Resources"]["ErrorRate"]["Properties"]["Threshold"] = {"Ref": "Most"}
    Path("shop.template.json").write_text(json.dumps(body), "utf-8")
    write("a.yaml", rate(*GOOD))
    assert runbook("a.yaml").exit_code == 2
    assert runbook("a.yaml", "--parameter", "Most=1").exit_code == 0
    assert runbook("a.yaml", "--parameter", "Most=2").exit_code == 1
    unsaid = spoken("a.yaml", "--parameter", "Most")
    assert unsaid.returncode == 2
    assert "'Most' has no value" in unsaid.stderr
    twice = spoken("a.yaml", "--parameter", "Most=1", "--parameter", "Most=2")
    assert twice.returncode == 2
    assert "Most has two values" in twice.stderr


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("no.yaml", "it cannot be read: No such file"),
        ("empty", "there is no file of tests in it"),
        ("unsaid.yaml", "nothing says which alarms are tested"),
        ("nobody.yaml", "there is no such environment"),
        ("lost.yaml", "there is no such file or folder"),
        ("lost.yaml", "fix: name a template, or an assembly: make synth writes cdk.out"),
        ("alarm.yaml", "why: there is no alarm 'shop-eror-rate'"),
    ],
)
def test_what_cannot_be_used_is_told_and_nothing_is_run(path: str, told: str) -> None:
    Path("empty").mkdir()
    write("good.yaml", rate(*GOOD))
    write("unsaid.yaml", rate(*GOOD), head="")
    write("nobody.yaml", rate(*GOOD), head="environment: nobody/nowhere\n")
    write("lost.yaml", rate(*GOOD), head="template: [lost.json]\n")
    write("alarm.yaml", rate(*GOOD).replace("shop-error", "shop-eror"))
    result = runbook("good.yaml", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr
    assert "fix: " in result.stderr


def test_every_file_that_cannot_be_used_is_told() -> None:
    write("a.yaml", "  - alarm: x\n")
    write("b.yaml", rate("{at: 1s, state: OK}"))
    result = runbook("a.yaml", "b.yaml", "c.yaml")
    assert result.exit_code == 2
    assert [line for line in result.stderr.splitlines() if "is refused" in line] == [
        "a.yaml is refused:",
        "b.yaml is refused:",
        "c.yaml is refused:",
    ]


@pytest.mark.parametrize("words", [["--environment", "a/b", "a.yaml"], []])
def test_templates_do_not_stand_beside_environments(words: list[str]) -> None:
    done = spoken(*words, "--template", "shop.template.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "it cannot stand beside" in done.stderr


def test_what_a_file_says_does_not_reach_the_terminal_as_it_is() -> None:
    test = (
        rate("{at: 10m, state: ALARM}").replace("Two percent", '"\\e[31mTwo').replace("fail", 'f"')
    )
    write("a.yaml", test)
    result = runbook("a.yaml")
    assert result.exit_code == 1
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize(
    ("word", "spoilt"),
    [
        ("name: Errors", 'name: "\\e[31mErrors"'),
        ("alarm: shop-error-rate", 'alarm: "\\e[31mshop"'),
        ("'100x29'", '"\\e[31m100"'),
        ("state: OK", 'state: "\\e[31mOK"'),
        ("state: OK", '"\\e[31mstate": OK'),
    ],
)
def test_nor_does_it_in_a_refusal(word: str, spoilt: str) -> None:
    write("a.yaml", rate(*GOOD).replace(word, spoilt))
    result = runbook("a.yaml")
    assert result.exit_code == 2
    assert "31m" in result.stderr
    assert "\x1b" not in result.stderr


def test_a_terminal_has_colours_and_a_pipe_none(monkeypatch: pytest.MonkeyPatch) -> None:
    write("wrong.yaml", rate("{at: 10m, state: ALARM}"))
    assert "\x1b" not in spoken("wrong.yaml").stdout
    program = "import sys; sys.stdout.isatty = lambda: True; from runbook.cli import main; main()"
    words = [sys.executable, "-c", program, "alarms", "test", "wrong.yaml"]
    for no_colour, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        done = subprocess.run(words, env=os.environ | no_colour, capture_output=True, check=False)
        assert (b"\x1b[31m" in done.stdout) == coloured


def test_ctrl_c_ends_it_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("simulator.testing.running.replay_of", pressed)
    write("a.yaml", rate(*GOOD))
    assert runbook("a.yaml").exit_code == 130


@settings(
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.binary(max_size=120))
def test_no_bytes_make_a_traceback(data: bytes) -> None:
    Path("any.yaml").write_bytes(data)
    result = runbook("any.yaml")
    assert result.exit_code == 2
    assert "any.yaml is refused:" in result.stderr


@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_no_spoilt_test_makes_a_traceback(data: st.DataObject) -> None:
    text = f"template: [shop.template.json]\ntests:\n{rate(*GOOD)}"
    at, cut = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 5))
    Path("any.yaml").write_text(
        text[:at] + data.draw(st.text(max_size=5)) + text[at + cut :], "utf-8"
    )
    result = runbook("any.yaml")
    assert result.exit_code in (0, 1, 2), result.exception
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_help_and_lists_load_no_numpy() -> None:
    program = (
        "import sys, runbook.cli; from typer.testing import CliRunner\n"
        "for words in (['--help'], ['alarms', '--help'], ['alarms', 'test', '--help'],\n"
        "              ['alarms', 'list', 'rovn/production']):\n"
        "    assert CliRunner().invoke(runbook.cli.app, words).exit_code == 0\n"
        "print(sorted({'numpy', 'yaml', 'matplotlib', 'boto3', 'aws_cdk'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


PROMISED = """\
environment: rovn/production
tests:
  - alarm: api-5xx-rate              # catalogue id
    interval: 60s
    series:                          # promtool notation: 'a+bxn', 'axn', '_' = missing
      - metric: {namespace: AWS/ApplicationELB, name: RequestCount, stat: Sum}
        values: '1000x30'
      - metric: {namespace: AWS/ApplicationELB, name: HTTPCode_Target_5XX_Count, stat: Sum}
        values: '5x10 50x10 _x10'
    expect:
      - {at: 9m,  state: OK}
      - {at: 20m, state: ALARM}
"""


@pytest.mark.clause("ALL-2")
def test_the_file_that_was_promised_runs_as_it_stands(assembly: Assembly) -> None:
    Path("promised.yaml").write_text(PROMISED, "utf-8")
    given_assembly = ("--assembly", str(assembly.directory))
    result = runbook("promised.yaml", *given_assembly)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("pass promised.yaml  1 test, 2 expectations\n")
    assert runbook("promised.yaml", *given_assembly, "--environment", "rovn/staging").exit_code == 0
    Path("promised.yaml").write_text(
        PROMISED.replace("20m, state: ALARM", "20m, state: OK"), "utf-8"
    )
    wrong = runbook("promised.yaml", *given_assembly)
    assert wrong.exit_code == 1
    assert "> 1 % of requests, 1 of 1 datapoints of 5 min, missing = notBreaching" in wrong.stdout
    show = "Next: runbook alarms show rovn/production api-5xx-rate/passport-api\n"
    assert wrong.stdout.endswith(show)


def test_the_page_in_docs_shows_a_file_that_runs(assembly: Assembly) -> None:
    page = (ROOT / "docs" / "alarm-tests.md").read_text("utf-8")
    Path("shown.yaml").write_text(page.partition("```yaml\n")[2].partition("```")[0], "utf-8")
    result = runbook("shown.yaml", "--assembly", str(assembly.directory))
    assert (result.exit_code, result.stderr) == (0, ""), result.stdout


@pytest.mark.clause("ALL-2")
@pytest.mark.parametrize("name", ["rovn/production", "rovn/staging"])
def test_the_shipped_tests_leave_no_gap(assembly: Assembly, name: str) -> None:
    result = runbook("--assembly", str(assembly.directory), "--environment", name, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert {test["environment"] for test in found["tests"]} == {name}
    assert found["gaps"] == []
    assert {each["alarm"] for each in found["left_out"]} == {"rds-replica-lag"}


@pytest.mark.clause("ALL-2")
def test_an_alarm_that_no_test_fires_is_told(
    assembly: Assembly, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Path("shipped").mkdir()
    Path("shipped/api-5xx-rate.yaml").write_text(PROMISED, "utf-8")
    monkeypatch.setattr("simulator.testing.test_run.SHIPPED", tmp_path / "shipped")
    result = runbook("--assembly", str(assembly.directory))
    assert result.exit_code == 1
    assert "FAIL rds-cpu of rovn/production: no test in which it rings; write one" in result.stdout
    assert "FAIL api-5xx-rate/passport-api of rovn/production: no test in which it stays quiet" in (
        result.stdout
    )
    assert "api-5xx-rate/passport-api of rovn/production: no test in which it rings" not in (
        result.stdout
    )


def test_a_shipped_test_of_an_alarm_that_another_environment_lacks_is_left_out(
    assembly: Assembly, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Path("shipped").mkdir()
    both = PROMISED + a_test("bursts", [], ["{at: 1m, state: OK}"])
    Path("shipped/api-5xx-rate.yaml").write_text(both, "utf-8")
    monkeypatch.setattr("simulator.testing.test_run.SHIPPED", tmp_path / "shipped")
    words = ("--assembly", str(assembly.directory), "--environment")
    result = runbook(*words, "rovn/staging")
    told = "left out shipped/api-5xx-rate.yaml  1 test: rovn/staging has no alarm bursts"
    assert told in result.stdout.splitlines()
    assert "1 test left out" in result.stdout
    own = runbook(*words, "rovn/production")
    assert (own.exit_code, own.stdout) == (2, "")
    assert "there is no alarm 'bursts'" in own.stderr
