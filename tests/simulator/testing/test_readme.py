"""The example of README.md: its file is run, and what is printed is what stands there."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runbook.cli import app
from tests.assembly import ROOT, Assembly

FILE = "errors-end.yaml"


@pytest.mark.clause("ALL-2")
def test_the_example_prints_what_the_page_shows(
    assembly: Assembly, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"^```(?:yaml)?\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tests,) = (block for block in blocks if block.startswith("environment: "))
    (shown,) = (block for block in blocks if block.startswith(f"FAIL {FILE}"))
    monkeypatch.chdir(tmp_path)
    Path(FILE).write_text(tests, "utf-8")
    words = ["alarms", "test", FILE, "--assembly", str(assembly.directory)]
    assert CliRunner().invoke(app, words).stdout == shown
