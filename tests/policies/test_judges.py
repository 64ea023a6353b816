"""cfn-lint and checkov: what they find, and that a judge which did not judge is no pass."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from policies import judge_runs
from policies.judge_runs import Found, cfn_lint_found, checkov_found, start_cfn_lint, start_checkov
from policies.judges import held_against, judge
from policies.templates.assembly import Template, read
from policies.waivers import Waived
from runbook.model.loader import load_environment
from runbook.model.refusal import RefusedError
from tests.assembly import ROOT, Assembly
from tests.policies.rules.harness import template
from tests.policies.templates.test_assembly import BODY, stack, write

PRODUCTION, STAGING = map(load_environment, ("rovn/production", "rovn/staging"))
BUCKET = {
    "Type": "AWS::S3::Bucket",
    "Metadata": {"aws:cdk:path": f"{PRODUCTION.slug}/Audit/Records/Resource"},
}
FILE = Path("/assembly/audit.template.json")
FILES: dict[Path, Template] = {FILE: template("audit", {"Records": BUCKET, "Bare": {"Type": "x"}})}
LOGGING = Found("checkov", "CKV_AWS_18", FILE, "Records", "Ensure that it logs")
WAIVED = Waived(
    "checkov::CKV_AWS_18",
    f"{PRODUCTION.slug}/Audit/Records/Resource",
    "It cannot log itself.",
    "waiver[0] (line 1)",
    date(2027, 5, 31),
)


def told(*found: Found, waived: tuple[Waived, ...] = ()) -> list[str]:
    refusals = held_against(found, FILES, waived, [PRODUCTION, STAGING])
    return [f"{r.key} / {r.reason} / {r.fix}" for r in refusals]


def test_a_finding_with_its_waiver_passes() -> None:
    assert told(LOGGING, waived=(WAIVED,)) == []


def test_a_finding_without_is_told_with_the_waiver_that_would_cover_it() -> None:
    [said] = told(LOGGING, replace(LOGGING, judge="cfn-lint", rule="W3045"), waived=())[:1]
    assert said.startswith("CKV_AWS_18, in rovn/production / Ensure that it logs / ")
    for line in ('"checkov::CKV_AWS_18",', '"Audit/Records/Resource",', '"rovn/production",'):
        assert line in said


def test_a_waiver_without_finding_is_told() -> None:
    assert "it suppresses nothing: checkov::CKV_AWS_18 at " in told(waived=(WAIVED,))[0]


@pytest.mark.parametrize("logical_id", ["Bare", "Gone", None])
def test_no_waiver_reaches_what_is_no_construct(logical_id: str | None) -> None:
    [said] = told(replace(LOGGING, logical_id=logical_id))
    assert "change the construct; no waiver reaches it" in said
    assert "audit.template.json" in said


def spoken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: object, code: int = 0) -> None:
    """Put a command into the place of both judges that says this and ends so."""
    text = said if isinstance(said, str) else json.dumps(said)
    command = tmp_path / "judge"
    command.write_text(
        f"#!{sys.executable}\nimport sys\nprint({text!r})\n"
        f"print('on stderr', file=sys.stderr)\nsys.exit({code})\n",
        "utf-8",
    )
    command.chmod(0o755)
    monkeypatch.setattr(judge_runs, "CFN_LINT_COMMAND", command)
    monkeypatch.setattr(judge_runs, "CHECKOV_COMMAND", command)


def cfn_lint(tmp_path: Path) -> str:
    with pytest.raises(RefusedError) as refused:
        cfn_lint_found(start_cfn_lint([FILE], ["us-east-2"], tmp_path))
    return str(refused.value)


def checkov(tmp_path: Path) -> str:
    with pytest.raises(RefusedError) as refused:
        checkov_found(start_checkov([FILE], tmp_path), 3)
    return str(refused.value)


@pytest.mark.parametrize(
    ("said", "code", "why"),
    [
        ("Traceback", 0, "what it says is no JSON"),
        ([], 1, "it ended with code 1; it says: on stderr"),
        ([], 0, "it finds nothing in a template that is wrong"),
        ([{}], 4, "what it says has another form than expected"),
    ],
)
def test_a_cfn_lint_that_did_not_judge_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: object, code: int, why: str
) -> None:
    spoken(monkeypatch, tmp_path, said, code)
    assert why in cfn_lint(tmp_path)


def results(count: int = 3, unread: int = 0, skipped: Sequence[object] = ()) -> object:
    return {
        "results": {"failed_checks": [], "passed_checks": [{}], "skipped_checks": list(skipped)},
        "summary": {"resource_count": count, "parsing_errors": unread},
    }


@pytest.mark.parametrize(
    ("said", "code", "why"),
    [
        ("", 0, "what it says is no JSON"),
        (results(), 2, "it ended with code 2; it says: on stderr"),
        ({"passed": 0, "resource_count": 0}, 0, "has another form than expected"),
        (results(count=2), 0, "it judged 2 resources of 3"),
        (results(unread=1), 0, "it could not read 1 templates"),
        (
            results(skipped=[{"check_id": "CKV_AWS_18", "resource": "AWS::S3::Bucket.B"}]),
            0,
            "CKV_AWS_18 at AWS::S3::Bucket.B is switched off in the template",
        ),
    ],
)
def test_a_checkov_that_did_not_judge_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: object, code: int, why: str
) -> None:
    spoken(monkeypatch, tmp_path, said, code)
    assert why in checkov(tmp_path)


def test_a_judge_that_is_not_installed_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(judge_runs, "CHECKOV_COMMAND", tmp_path / "gone")
    assert "it cannot be started" in checkov(tmp_path)
    assert "run make setup" in checkov(tmp_path)


def test_both_judge_a_template_that_would_switch_them_off(tmp_path: Path) -> None:
    body = {
        "Metadata": {"cfn-lint": {"config": {"ignore_checks": ["E3002"]}}},
        "Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"Nonsense": 1}}},
    }
    file, one, other = tmp_path / "x.template.json", tmp_path / "one", tmp_path / "other"
    file.write_text(json.dumps(body), "utf-8")
    one.mkdir()
    other.mkdir()
    by_cfn_lint = cfn_lint_found(start_cfn_lint([file], ["us-east-2"], one))
    assert ("E3002", "Bucket") in {(found.rule, found.logical_id) for found in by_cfn_lint}
    by_checkov = checkov_found(start_checkov([file], other), 1)
    assert ("CKV_AWS_18", "Bucket") in {(found.rule, found.logical_id) for found in by_checkov}


def test_the_real_templates_have_no_finding_without_waiver(
    assembly: Assembly, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(assembly.directory)
    count = len(read(assembly.directory).templates)
    assert f"cfn-lint and checkov judged {count} templates" in capsys.readouterr().out


def test_checkov_is_pinned_in_an_environment_of_its_own() -> None:
    assert (ROOT / "judges" / "uv.lock").is_file()
    assert "checkov" not in (ROOT / "pyproject.toml").read_text("utf-8")


def test_every_environment_has_to_be_judged(tmp_path: Path) -> None:
    write(tmp_path / "out", {"Data": stack("data.json")}, data=BODY)
    with pytest.raises(RefusedError, match="no template is of it, so nothing of it was judged"):
        judge(tmp_path / "out")
