"""lock-checked (ROVN-IMG-1)."""

from pathlib import Path

import pytest

from policies.dockerfile import DRIFT, fails_with
from policies.rules.lock_checked import RULE as LOCK_CHECKED
from policies.sources import judge_sources
from tests.policies.rules.service_files import (
    MOVES,
    REAL_WORKFLOW,
    WORKFLOW,
    judged,
    told,
    told_of_real,
)

RULE = "lock-checked"
UNCHECKED = "no command fails when the lock file has drifted, such as uv lock --check"


def test_a_good_build_passes(tmp_path: Path) -> None:
    assert told(tmp_path) == {}
    assert judged(tmp_path, RULE) == {"buildspec.yml": "pass", WORKFLOW: "pass"}


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("buildspec.yml", "uv lock --check", "true", UNCHECKED),
        ("buildspec.yml", "--check", "--check || true", UNCHECKED),
        ("buildspec.yml", "uv sync]", "docker push x:latest]", MOVES),
        ("buildspec.yml", "phases:", "others:", UNCHECKED),
        ("buildspec.yml", "commands:", "others:", UNCHECKED),
        (WORKFLOW, "uv lock --check", "true", UNCHECKED),
        (
            WORKFLOW,
            "uv lock --check",
            "uv lock --check\n        continue-on-error: true",
            UNCHECKED,
        ),
        (WORKFLOW, "    steps:", "    steps: []\n    others:", UNCHECKED),
    ],
)
def test_a_worse_build_fails(tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    assert told(tmp_path, file, old, new) == {RULE: message}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("buildspec.yml", "commands: [uv lock --check, uv sync]", "finally: [uv lock --check]"),
        ("buildspec.yml", "[uv lock --check, uv sync]", '["uv sync\\nuv lock --check"]'),
        (WORKFLOW, "  check:", "  first: {}\n  check:"),
    ],
)
def test_one_command_anywhere_is_enough(tmp_path: Path, file: str, old: str, new: str) -> None:
    assert told(tmp_path, file, old, new) == {}


def test_a_service_needs_a_buildspec(tmp_path: Path) -> None:
    told(tmp_path)
    (tmp_path / "examples/service/buildspec.yml").unlink()
    assert judged(tmp_path, RULE) == {"buildspec.yml": "fail", WORKFLOW: "pass"}


@pytest.mark.parametrize("file", ["buildspec.yml", REAL_WORKFLOW])
def test_only_this_rule_sees_that_the_real_build_takes_latest(tmp_path: Path, file: str) -> None:
    old = "uv lock --check"
    assert told_of_real(tmp_path, file, old, "docker pull uv:latest") == {RULE: MOVES}


@pytest.mark.parametrize(
    "command",
    [
        'echo "uv lock --check"',
        "# uv lock --check",
        "uv lock --check; true",
        "uv lock --check | tee log",
        "uv lock --check || /bin/true",
        "! uv lock --check",
    ],
)
def test_a_check_whose_failure_stops_nothing_is_none(command: str) -> None:
    assert not fails_with(DRIFT, command)


@pytest.mark.parametrize(
    "command",
    [
        "uv lock --check",
        "cd app && uv lock --check && uv sync",
        "uv lock --check || exit 1",
        "uv lock --check > log 2>&1",
        "set -eu; uv lock --check; uv sync",
    ],
)
def test_a_check_in_other_company_counts(command: str) -> None:
    assert fails_with(DRIFT, command)


@pytest.mark.parametrize(
    "where", ["post_build: {commands", "build: {on-failure: CONTINUE, commands"]
)
def test_a_check_after_the_build_or_passed_over_is_none(tmp_path: Path, where: str) -> None:
    told(tmp_path)
    spec = tmp_path / "examples" / "service" / "buildspec.yml"
    spec.write_text(f"phases: {{{where}: [uv lock --check]}}}}\n", "utf-8")
    found = [r.message for r in judge_sources(tmp_path, [LOCK_CHECKED])]
    assert UNCHECKED in found
