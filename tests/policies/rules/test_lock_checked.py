"""lock-checked (ROVN-IMG-1)."""

from pathlib import Path

import pytest

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
