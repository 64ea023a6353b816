"""The independent judges' rows: what they tell, what they do not, and that silence is no pass."""

import json
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evidence.collected.independent import independent_judged, independent_judges
from evidence.model import Judged, Row, Verdict
from policies import judge_runs
from policies.templates.assembly import Reading, Template
from policies.waivers import Waiver, WaiverEntry
from runbook.model.loader import load_environment
from tests.policies.rules.harness import template

PRODUCTION, STAGING = map(load_environment, ("rovn/production", "rovn/staging"))
LOGGING = "CKV_AWS_18"
LAST_DAY = date(2027, 5, 31)
Json = dict[str, Any]


def stack(environment: str) -> Template:
    slug = environment.replace("/", "-")
    bucket = {
        "Type": "AWS::S3::Bucket",
        "Metadata": {"aws:cdk:path": f"{slug}/Audit/Records/Resource"},
    }
    return template(slug, {"Records": bucket}, environment=environment)


READING = Reading((stack("rovn/production"), stack("rovn/staging")), (), whole=True)


def waiver(rule: str, environments: tuple[str, ...] | None = ("rovn/production",)) -> Waiver:
    stated = WaiverEntry(
        rules=(rule,),
        paths=("Audit/Records/Resource",),
        environments=environments,
        reason="It cannot\nlog itself at all.",
        owner="platform",
        expires=LAST_DAY,
    )
    return Waiver(stated, "waiver[0] (line 1)")


def match(file: Path, rule: str = "W3045", *path: str, level: str = "Warning") -> Json:
    return {
        "Filename": str(file),
        "Level": level,
        "Location": {"Path": list(path)},
        "Message": f"{rule} found",
        "Rule": {"Id": rule, "ShortDescription": f"{rule} wants", "Source": "https://x.example"},
    }


def checked(file: Path, rule: str = LOGGING) -> Json:
    return {
        "check_id": rule,
        "check_name": f"{rule} wants",
        "file_abs_path": str(file),
        "resource": "AWS::S3::Bucket.Records",
        "guideline": None,
    }


class Judges:
    """Commands in the place of both judges, which say what a test wants of real files."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.files = [folder / each.path for each in READING.templates]
        self.matches: list[Json] = []
        self.failed: list[Json] = []
        self.passed: list[Json] = [checked(file, "CKV_AWS_1") for file in self.files]
        self.resources = len(self.files)
        self._patch = monkeypatch

    def say(self) -> dict[str, dict[str, Judged]]:
        """Start them, wait, and give what each says by environment and judge."""
        canary = match(Path(judge_runs.CANARY), "E3002")
        self._command("CFN_LINT_COMMAND", [*self.matches, canary])
        results = {"failed_checks": self.failed, "passed_checks": self.passed, "skipped_checks": []}
        summary = {"resource_count": self.resources, "parsing_errors": 0}
        self._command("CHECKOV_COMMAND", {"results": results, "summary": summary})
        return self.told()

    def told(self, *waivers: Waiver, day: date = LAST_DAY) -> dict[str, dict[str, Judged]]:
        with independent_judges(READING, self.folder) as started:
            said = independent_judged(started, [PRODUCTION, STAGING], waivers, day)
        return {name: {judged.judge.name: judged for judged in both} for name, both in said.items()}

    def starts(self) -> list[str]:
        return (self.folder / "starts").read_text("utf-8").splitlines()

    def _command(self, name: str, said: object) -> None:
        command = self.folder / name
        command.write_text(
            f"#!{sys.executable}\n"
            f"open({str(self.folder / 'starts')!r}, 'a').write({name!r} + chr(10))\n"
            f"print({json.dumps(said)!r})\n",
            "utf-8",
        )
        command.chmod(0o755)
        self._patch.setattr(judge_runs, name, command)


@pytest.fixture
def judges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judges:
    return Judges(tmp_path, monkeypatch)


def found(judged: Judged, rule: str) -> list[Row]:
    return [row for row in judged.rows if row.rule == rule]


@pytest.mark.clause("ALL-4")
def test_checkov_tells_passes_and_each_environment_its_own(judges: Judges) -> None:
    judges.failed = [checked(judges.files[0])]
    said = judges.say()
    [row] = found(said[PRODUCTION.name]["checkov"], LOGGING)
    assert row.verdict is Verdict.FAIL
    assert (row.template, row.resource, row.type) == (
        "rovn-production.template.json",
        "Records",
        "AWS::S3::Bucket",
    )
    assert row.construct_path == "rovn-production/Audit/Records/Resource"
    assert not found(said[STAGING.name]["checkov"], LOGGING)
    [passed] = found(said[STAGING.name]["checkov"], "CKV_AWS_1")
    assert (passed.verdict, passed.template) == (Verdict.PASS, "rovn-staging.template.json")
    rules = {rule.id: rule.title for rule in said[PRODUCTION.name]["checkov"].rules}
    assert rules[LOGGING] == f"{LOGGING} wants"


def test_each_judge_runs_once_for_all_environments(judges: Judges) -> None:
    judges.say()
    assert Counter(judges.starts()) == {"CFN_LINT_COMMAND": 1, "CHECKOV_COMMAND": 1}


@pytest.mark.clause("ALL-4")
def test_what_cfn_lint_does_not_say_is_no_pass(judges: Judges) -> None:
    for name, both in judges.say().items():
        [row] = found(both["cfn-lint"], "whole-template")
        assert row.verdict is Verdict.NO_FINDING
        assert row.template == f"{name.replace('/', '-')}.template.json"
        assert "which resource it does not tell" in row.message
        passed = [row for row in both["cfn-lint"].rows if row.verdict is Verdict.PASS]
        assert {row.rule for row in passed} == {"waivers-needed"}


def test_a_finding_of_cfn_lint_is_told_with_its_level(judges: Judges) -> None:
    judges.matches = [match(judges.files[0], "W3045", "Resources", "Records", "Properties")]
    judges.matches += [match(judges.files[0], "E1001", level="Error")]
    said = judges.say()[PRODUCTION.name]["cfn-lint"]
    [warning] = found(said, "W3045")
    [error] = found(said, "E1001")
    assert (warning.verdict, warning.level, warning.message) == (
        Verdict.FAIL,
        "warning",
        "W3045 found",
    )
    assert (error.level, error.resource, error.construct_path) == ("error", "", "")


def test_a_finding_with_a_waiver_says_its_reason(judges: Judges) -> None:
    judges.failed = [checked(file) for file in judges.files]
    judges.say()
    said = judges.told(waiver(f"checkov::{LOGGING}"))
    [row] = found(said[PRODUCTION.name]["checkov"], LOGGING)
    assert (row.verdict, row.reason) == (Verdict.WAIVED, "It cannot log itself at all.")
    [other] = found(said[STAGING.name]["checkov"], LOGGING)
    assert other.verdict is Verdict.FAIL


@pytest.mark.clause("ALL-4")
def test_a_finding_whose_waiver_has_expired_fails_and_the_waiver_is_not_idle(
    judges: Judges,
) -> None:
    judges.failed = [checked(file) for file in judges.files]
    judges.matches = [match(judges.files[0], "W3045", "Resources", "Records")]
    judges.say()
    waivers = waiver(f"checkov::{LOGGING}"), waiver("cfn-lint::W3045")
    said = judges.told(*waivers, day=date(2027, 6, 1))[PRODUCTION.name]
    until = "it held until 2027-05-31, and it is 2027-06-01"
    late = f"(waiver expired: policies/waivers.toml waiver[0] (line 1): {until})"
    [row] = found(said["checkov"], LOGGING)
    assert (row.verdict, row.reason, row.message) == (
        Verdict.FAIL,
        "",
        f"{LOGGING} wants {late}",
    )
    [row] = found(said["cfn-lint"], "W3045")
    assert (row.verdict, row.message) == (Verdict.FAIL, f"W3045 found {late}")
    for judge in ("checkov", "cfn-lint"):
        [needed] = found(said[judge], "waivers-needed")
        assert needed.verdict is Verdict.PASS
        assert needed.message == "0 findings are waived, and each was found"


def test_a_waiver_that_no_finding_needs_fails_where_it_is_in_force(judges: Judges) -> None:
    judges.say()
    said = judges.told(waiver("cfn-lint::W3045"))
    [row] = found(said[PRODUCTION.name]["cfn-lint"], "waivers-needed")
    assert row.verdict is Verdict.FAIL
    assert "it suppresses nothing: cfn-lint::W3045 at rovn-production/Audit" in row.message
    [other] = found(said[STAGING.name]["cfn-lint"], "waivers-needed")
    assert other.verdict is Verdict.PASS


def test_a_finding_in_a_file_that_nobody_gave_is_told_everywhere(judges: Judges) -> None:
    judges.matches = [match(Path("/elsewhere/odd.json"), "E0000", level="Error")]
    for both in judges.say().values():
        [row] = found(both["cfn-lint"], "E0000")
        assert (row.verdict, row.template) == (Verdict.FAIL, "odd.json")


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize("gone", ["CHECKOV_COMMAND", "CFN_LINT_COMMAND"])
def test_a_judge_that_is_not_there_is_an_error_and_a_gap(
    judges: Judges, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    judges.say()
    monkeypatch.setattr(judge_runs, gone, judge_runs.ROOT / "judges" / "gone")
    name = "checkov" if gone == "CHECKOV_COMMAND" else "cfn-lint"
    for both in judges.told().values():
        [row] = both[name].rows
        [gap] = both[name].gaps
        assert row.verdict is Verdict.ERROR
        assert f"{name} did not judge it: it cannot be started" in row.message
        assert gap.startswith(f"{name} did not judge: ")
        assert str(judge_runs.ROOT) not in row.message + gap


def test_a_judge_that_judged_too_little_is_an_error(judges: Judges) -> None:
    judges.resources = 1
    for both in judges.say().values():
        assert {row.verdict for row in both["checkov"].rows} == {Verdict.ERROR}
        assert "it judged 1 resources of 2" in both["checkov"].rows[0].message


def test_judges_end_with_the_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tmp_path / "slow"
    command.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(600)\n", "utf-8")
    command.chmod(0o755)
    monkeypatch.setattr(judge_runs, "CFN_LINT_COMMAND", command)
    monkeypatch.setattr(judge_runs, "CHECKOV_COMMAND", command)
    processes = []
    begin = subprocess.Popen

    def kept(*given: Any, **options: Any) -> Any:  # noqa: ANN401 - Popen's own
        processes.append(begin(*given, **options))
        return processes[-1]

    monkeypatch.setattr(subprocess, "Popen", kept)
    with pytest.raises(KeyboardInterrupt), independent_judges(READING, tmp_path):
        raise KeyboardInterrupt
    assert len(processes) == 2
    assert all(process.returncode is not None for process in processes)
