"""Both doors of the rule pack shut on the same faults: `cdk synth` and `runbook check`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from policies import commands
from policies.rules import all_rules
from runbook.cli import app
from tests.assembly import ROOT
from tests.policies.crashing_rule import CRASHING

MODE = "the lock's mode is GOVERNANCE, not COMPLIANCE: a privileged user can lift it"
STILL = "EnableKeyRotation is not true: the key's material is never replaced"
NO_BUCKET = "the audit stack has no bucket behind its output AuditRecordsBucket"
OPEN = "${Rotates} is open: the parameter Rotates is given when it is deployed"
NO_LABEL = "Metadata.Runbook does not say which organisation and environment it is of"
CRASHED = "the rule itself failed: KeyError: 'NoSuchProperty'"
# What is spoiled: the rule that says so, what it says, and the construct it says it of.
FAULTS = {
    "nested stack": ("key-rotation", STILL, "rovn-staging/Audit/Nested/StillKey"),
    "stage": ("key-rotation", STILL, "rovn-staging/Inner/Inner/StillKey"),
    "override": ("audit-bucket-lock", MODE, "rovn-staging/Audit/AuditRecords/Resource"),
    "generic resource": ("key-rotation", STILL, "rovn-staging/Audit/StillKey"),
    "missing stack": ("audit-bucket-lock", NO_BUCKET, None),
    "open value": ("key-rotation", OPEN, "rovn-staging/Audit/StillKey"),
    "no label": ("template-judged", NO_LABEL, None),
    "stack without label": ("template-judged", NO_LABEL, None),
    "crashed rule": ("crashing", CRASHED, "rovn-staging/Audit/AuditKey/Resource"),
}


class SpoiledApps:
    """What the synthesis of each said, and the assembly it left."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.policies.spoiled_apps", str(folder)]
        run = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        self.folder = folder
        self.said: dict[str, str | None] = json.loads(run.stdout)


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> SpoiledApps:
    return SpoiledApps(tmp_path_factory.mktemp("spoiled_apps"))


def test_what_is_not_spoiled_passes_both(apps: SpoiledApps) -> None:
    assert apps.said["nothing"] is None
    run = CliRunner().invoke(app, ["check", str(apps.folder / "nothing")])
    assert run.exit_code == 0, run.output


@pytest.mark.parametrize("name", FAULTS)
def test_the_synthesis_refuses(apps: SpoiledApps, name: str) -> None:
    rule, message, path = FAULTS[name]
    said = apps.said[name]
    assert said is not None
    assert f"  {rule} at {path}\n" in said if path else f"  {rule}\n" in said
    assert message in said


@pytest.mark.parametrize("name", FAULTS)
def test_the_command_fails(apps: SpoiledApps, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "crashed rule":
        monkeypatch.setattr(commands, "all_rules", lambda: (*all_rules(), CRASHING))
    rule, message, path = FAULTS[name]
    run = CliRunner().invoke(app, ["check", str(apps.folder / name), "--format", "json"])
    assert run.exit_code == 1, run.output
    found = [
        result["message"]
        for result in json.loads(run.stdout)["results"]
        if result["rule"] == rule
        and result["status"] in ("fail", "error")
        and (path is None or result["construct_path"] == path)
    ]
    assert any(message in said for said in found)
