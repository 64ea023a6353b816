"""The engine over files fails closed: whatever cannot be judged is said, and is never a pass."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from policies import sources
from policies.report import Status
from policies.rules import all_rules
from policies.rules.actions_pinned import RULE as ACTIONS_PINNED
from policies.rules.key_rotation import RULE as KEY_ROTATION
from policies.sources import judge_sources
from policies.templates.values import UnresolvedError
from tests.assembly import ROOT
from tests.policies.rules.service_files import WORKFLOW, told

FILE_RULES = {rule.id for rule in all_rules() if rule.judge_file is not None}
SERVICE = "examples/service"


def test_each_file_is_asked_of_each_rule_that_looks_at_it(tmp_path: Path) -> None:
    assert told(tmp_path) == {}
    results = judge_sources(tmp_path, all_rules())
    assert {(r.rule, r.template.removeprefix(f"{SERVICE}/")) for r in results} == {
        ("actions-pinned", WORKFLOW),
        ("dockerfile-pinned", "Dockerfile"),
        ("lock-checked", "buildspec.yml"),
        ("lock-checked", WORKFLOW),
        ("no-forced-deployment", "Dockerfile"),
        ("no-forced-deployment", "buildspec.yml"),
        ("no-forced-deployment", WORKFLOW),
        ("no-forced-deployment", "deliver.sh"),
        ("no-secret-in-environment", "buildspec.yml"),
        ("no-secret-in-environment", WORKFLOW),
    }
    assert [r.template for r in results] == sorted(r.template for r in results)
    clauses = {rule.id: rule.clauses for rule in all_rules()}
    assert all(result.clauses == clauses[result.rule] for result in results)


def test_rules_over_templates_are_not_asked(tmp_path: Path) -> None:
    assert judge_sources(tmp_path, [KEY_ROTATION]) == []


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    told(tmp_path, "buildspec.yml", "phases:", "- {")
    found = [r for r in judge_sources(tmp_path, all_rules()) if r.template.endswith("spec.yml")]
    unread = {r.rule: (r.status, r.message) for r in found if r.rule != "no-forced-deployment"}
    said = (Status.ERROR, "it cannot be judged: ParserError")
    assert unread == {"lock-checked": said, "no-secret-in-environment": said}


def test_a_file_that_is_no_mapping_is_an_error(tmp_path: Path) -> None:
    told(tmp_path)
    (tmp_path / SERVICE / WORKFLOW).write_text("- jobs\n", "utf-8")
    [result] = judge_sources(tmp_path, [ACTIONS_PINNED])
    assert (result.status, result.message) == (Status.ERROR, "it cannot be judged: TypeError")


def test_a_folder_in_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    told(tmp_path)
    (tmp_path / SERVICE / ".github/workflows/more.yml").mkdir()
    found = {r.template: r.message for r in judge_sources(tmp_path, [ACTIONS_PINNED])}
    said = "it cannot be judged: IsADirectoryError"
    assert found == {
        f"{SERVICE}/{WORKFLOW}": "",
        f"{SERVICE}/.github/workflows/more.yml": said,
    }


def _raises(error: Exception) -> Iterator[str]:
    raise error


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (RuntimeError("a secret"), Status.ERROR, "it cannot be judged: RuntimeError"),
        (UnresolvedError("x is open"), Status.FAIL, "x is open"),
    ],
)
def test_a_rule_that_raises_is_no_pass(
    tmp_path: Path, error: Exception, status: Status, message: str
) -> None:
    told(tmp_path)
    rule = replace(ACTIONS_PINNED, judge_file=lambda _: _raises(error))
    [result] = judge_sources(tmp_path, [rule])
    assert (result.status, result.message) == (status, message)


def test_a_service_that_cannot_be_listed_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(tmp_path)
    monkeypatch.setattr(sources, "_texts", lambda _: _raises(PermissionError("no")))
    found = judge_sources(tmp_path, all_rules())
    assert {(r.template, r.message) for r in found} == {
        (SERVICE, "the service cannot be read: PermissionError")
    }
    assert {r.rule for r in found if r.status is Status.ERROR} == FILE_RULES


def test_having_no_service_fails(tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "README.md").write_text("no service", "utf-8")
    found = judge_sources(tmp_path, all_rules())
    assert {r.rule for r in found} == FILE_RULES
    said = (Status.FAIL, "examples", "there is no service to judge")
    assert {(r.status, r.template, r.message) for r in found} == {said}


def test_what_must_be_there_is_missed(tmp_path: Path) -> None:
    (tmp_path / "examples" / "empty").mkdir(parents=True)
    found = judge_sources(tmp_path, all_rules())
    assert [(r.template, r.message) for r in found if r.status is Status.FAIL] == [
        ("examples/empty/Dockerfile", "the service has no Dockerfile"),
        ("examples/empty/buildspec.yml", "the service has no buildspec.yml"),
    ]
    idle = {r.rule: r.message for r in found if r.status is Status.NOT_APPLICABLE}
    said = "no service has a file that the rule looks at"
    assert idle == dict.fromkeys(FILE_RULES - {"dockerfile-pinned", "lock-checked"}, said)


def test_the_repositorys_own_service_passes() -> None:
    results = judge_sources(ROOT, all_rules())
    assert {r.rule for r in results} == FILE_RULES
    assert [r for r in results if r.status is not Status.PASS] == []


def test_dockerfiles_and_actions_are_found_wherever_they_are(tmp_path: Path) -> None:
    told(tmp_path)
    service = tmp_path / "examples" / "service"
    files = {
        "docker/prod.Dockerfile": "FROM python:3\n",
        "Dockerfile.dockerignore": "*\n",
        ".github/actions/build/action.yml": "runs: {steps: [{uses: somebody/thing@v1}]}\n",
    }
    for name, text in files.items():
        (service / name).parent.mkdir(parents=True, exist_ok=True)
        (service / name).write_text(text, "utf-8")
    wrong = {
        r.template
        for r in judge_sources(tmp_path, all_rules())
        if r.status in (Status.FAIL, Status.ERROR)
    }
    below = "examples/service"
    assert wrong == {f"{below}/docker/prod.Dockerfile", f"{below}/.github/actions/build/action.yml"}
