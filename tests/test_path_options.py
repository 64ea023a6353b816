"""An option never takes the next option for the file or folder that it was not given."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

RUNBOOK = Path(sys.executable).with_name("runbook")
OPTIONS = [
    ("evidence", "--out", "--help"),
    ("evidence", "rovn/production", "--out=--json"),
    ("evidence", "release", "rovn/production", "--out", "-x"),
    ("alarms", "test", "--assembly", "--json"),
    ("alarms", "test", "--template", "a.json", "--template", "--help"),
    ("alarms", "plot", "rds-cpu", "tests.yaml", "--out", "--test"),
]


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([RUNBOOK, *words], cwd=folder, capture_output=True, encoding="utf-8")


@pytest.mark.parametrize("words", OPTIONS, ids=" ".join)
def test_an_option_where_a_path_is_expected_is_refused(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = run(tmp_path, *words)
    option, _, value = words[-1].partition("=")
    given = value or words[-1]
    asked = option if value else words[-2]
    why = f"{given!r} stands where its file or folder is expected"
    assert done.returncode == 2
    assert f"{asked}\n    why: {why}" in done.stderr
    # Machines are told where they ask: the word itself does.
    told = [(r["key"], r["why"]) for r in json.loads(done.stdout or "{}").get("refusals", [])]
    assert told == ([(asked, why)] if "--json" in words else [])
    assert not list(tmp_path.iterdir())


def test_a_whole_path_may_have_any_name(tmp_path: Path) -> None:
    assembly = tmp_path / "--help"
    told = run(tmp_path, "alarms", "test", "--assembly", str(assembly)).stderr
    assert f"{assembly} is refused" in told
    assert "there is no assembly yet" in told


def test_a_shell_still_completes_after_such_a_word(tmp_path: Path) -> None:
    line = "runbook evidence --out --help rovn/"
    asked = {"COMP_WORDS": line, "COMP_CWORD": "4", "_RUNBOOK_COMPLETE": "complete_bash"}
    done = subprocess.run(
        [RUNBOOK],
        cwd=tmp_path,
        env=os.environ | asked,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout.split() == ["rovn/production", "rovn/staging"]
