"""Buildspecs as scripts, run by the shell that a build runs them in."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sandbox.emulator.rehearsal.pipeline.buildspec import (
    AT,
    LEFT,
    BuildspecError,
    read_buildspec,
    script,
)
from sandbox.rehearsal.session import LEFT_OUT
from tests.assembly import ROOT

Members = dict[str, Any]
SPEC: Members = {
    "version": 0.2,
    "env": {"shell": "bash", "exported-variables": ["TAG"]},
    "phases": {
        "install": {
            "on-failure": "ABORT",
            "runtime-versions": {"python": "3.12"},
            "commands": ["TAG=one"],
        },
        "build": {"on-failure": "ABORT", "commands": ["export TAG", "echo built $TAG"]},
    },
}


def run(tmp_path: Path, spec: Members, *left_out: str) -> subprocess.CompletedProcess[str]:
    """Run a spec's commands; its marks and its temporary folder are in `tmp_path`."""
    for name in ("marks", "own"):
        (tmp_path / name).mkdir()
    text = script(
        read_buildspec(json.dumps(spec)), str(tmp_path / "marks"), str(tmp_path / "own"), left_out
    )
    return subprocess.run(
        ["bash", "-c", text], cwd=tmp_path, capture_output=True, text=True, check=False
    )


def of_commands(*commands: str) -> Members:
    build = {"on-failure": "ABORT", "commands": list(commands)}
    return {**SPEC, "phases": {"build": build}}


def test_all_commands_share_one_shell_and_leave_their_variables(tmp_path: Path) -> None:
    done = run(tmp_path, SPEC)
    assert done.returncode == 0
    assert "[Container] Entering phase BUILD\n" in done.stdout
    assert "[Container] Running command echo built $TAG\nbuilt one\n" in done.stdout
    assert "TAG=one" in (tmp_path / "marks" / LEFT).read_text("utf-8").split("\0")


@pytest.mark.parametrize("failing", ["false", "(exit 7)", "exit 7"])
def test_the_first_command_that_fails_ends_it(tmp_path: Path, failing: str) -> None:
    done = run(tmp_path, of_commands("echo before", failing, "echo after"))
    assert done.returncode == (1 if failing == "false" else 7)
    assert "before\n" in done.stdout
    assert "after\n" not in done.stdout
    assert (tmp_path / "marks" / AT).read_text("utf-8") == f"BUILD\n{failing}"


def test_the_shared_folder_becomes_the_builds_own(tmp_path: Path) -> None:
    done = run(tmp_path, of_commands("echo kept > /tmp/library.zip", "cat /tmp/library.zip"))
    assert done.stdout.endswith("kept\n")
    assert (tmp_path / "own" / "library.zip").read_text("utf-8") == "kept\n"


def test_what_is_left_out_is_named_and_not_run(tmp_path: Path) -> None:
    done = run(tmp_path, of_commands("echo 'it''s slow'", "echo last"), "echo 'it''s slow'")
    assert "[Container] Left out: echo 'it''s slow'\n" in done.stdout
    assert "its slow\n" not in done.stdout
    assert done.stdout.endswith("last\n")


def test_what_a_rehearsal_leaves_out_is_in_the_examples_buildspec() -> None:
    spec = read_buildspec((ROOT / "examples/passport-api/buildspec.yml").read_text("utf-8"))
    commands = [command for phase in spec.phases.values() for command in phase]
    assert set(LEFT_OUT) < set(commands)
    assert spec.files == ["image.json"]
    assert spec.variables["SCAN_TIMEOUT_SECONDS"] == "600"


UNKNOWN: list[tuple[Members, str]] = [
    ({**SPEC, "version": 0.1}, "version 0.2 only"),
    ({**SPEC, "batch": {}}, "know batch"),
    ({**SPEC, "env": {"shell": "sh"}}, "shell bash only"),
    ({**SPEC, "env": {"shell": "bash", "secrets-manager": {}}}, "env: .* secrets-manager"),
    ({**SPEC, "phases": {"build": {"commands": []}}}, "on-failure ABORT only"),
    (
        {**SPEC, "phases": {"build": {"on-failure": "ABORT", "finally": ["x"]}}},
        "phases: build: .* finally",
    ),
    ({**SPEC, "artifacts": {"files": [], "base-directory": "x"}}, "artifacts: .* base-directory"),
]


@pytest.mark.parametrize(("spec", "said"), UNKNOWN)
def test_what_the_rehearsal_does_not_know_is_refused(spec: Members, said: str) -> None:
    with pytest.raises(BuildspecError, match=said):
        read_buildspec(json.dumps(spec))


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(BuildspecError, match="cannot be read"):
        read_buildspec("version: [0.2")
