"""`runbook evidence verify` and `diff` on the command line."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from evidence.bundle import write_bundle
from evidence.bundle_commands import add_to
from evidence.manifest import MANIFEST, sha256_of
from evidence.model import Commit
from runbook.model.refusal import RefusedError
from tests.assembly import ROOT
from tests.evidence.samples import NO_COMMIT, evidence

COMMANDS = ("verify", "diff", "publish")
LATER = Commit("f" * 40, "2026-08-04T00:00:00Z", clean=False)


def app() -> typer.Typer:
    made = typer.Typer(pretty_exceptions_enable=False)
    add_to(made)
    return made


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app(), [str(argument) for argument in arguments])


@pytest.mark.clause("ALL-4")
def test_a_whole_bundle(sample_bundle: Path) -> None:
    sha256 = sha256_of((sample_bundle / MANIFEST).read_bytes())
    result = run("verify", sample_bundle)
    assert result.exit_code == 0
    first, second = result.stdout.splitlines()
    assert first == (
        "The bundle of acme/production at 0123456 (2026-05-04) is whole: 7 files, 0 differences."
    )
    assert second.startswith(f"SHA-256 of the manifest: {sha256}. Hold it against the one in your")
    held = run("verify", sample_bundle, "--manifest-sha256", sha256)
    assert held.stdout.splitlines() == [first], "then nothing is left to hold against"


@pytest.mark.clause("ALL-4")
def test_an_altered_bundle(bundle: Path) -> None:
    (bundle / "results.csv").write_bytes(b"")
    (bundle / "note\x1b.txt").touch()
    result = run("verify", bundle)
    assert result.exit_code == 1
    changed, added, summary, _ = result.stdout.splitlines()
    assert changed.startswith("changed results.csv: it has 0 bytes, not ")
    assert added == "added note\\x1b.txt: the manifest does not list it"
    assert "is NOT as it was written: 7 files, 2 differences." in summary


def test_another_manifest_than_the_one_on_record(sample_bundle: Path) -> None:
    result = run("verify", sample_bundle, "--manifest-sha256", "0" * 64)
    assert result.exit_code == 1
    assert result.stdout.startswith(f"changed {MANIFEST}: its SHA-256 is ")


def test_a_bundle_of_a_dirty_tree_says_so(tmp_path: Path) -> None:
    write_bundle(evidence(commit=LATER), tmp_path / "x", oscal=False)
    result = run("verify", tmp_path / "x")
    assert result.exit_code == 0
    assert "Not the commit alone made it" in result.stdout


@pytest.mark.clause("ALL-4")
def test_of_a_bundle_without_a_commit_nothing_is_told_of_one(tmp_path: Path) -> None:
    write_bundle(evidence(commit=NO_COMMIT), tmp_path / "x", oscal=False)
    result = run("verify", tmp_path / "x")
    assert result.exit_code == 0
    first, second, _ = result.stdout.splitlines()
    assert first == "The bundle of acme/production is whole: 6 files, 0 differences."
    assert second.startswith("The commit is not known: ")


def test_machines_read_whether_it_is_whole(bundle: Path) -> None:
    told = json.loads(run("verify", bundle, "--json").stdout)
    assert (told["whole"], told["manifest_held"]) == (True, False)
    hold = ("--manifest-sha256", told["manifest_sha256"], "--json")
    assert json.loads(run("verify", bundle, *hold).stdout)["manifest_held"] is True
    unset = run("verify", bundle, "--manifest-sha256", "", "--json")
    assert isinstance(unset.exception, RefusedError), "an unset variable compares nothing"
    (bundle / "results.csv").unlink()
    found = json.loads(run("verify", bundle, "--json").stdout)
    assert found["whole"] is False
    assert found["differences"] == [
        {"kind": "missing", "path": "results.csv", "why": "the manifest lists it"}
    ]
    assert (found["environment"], found["commit_date"]) == (
        "acme/production",
        "2026-05-04T03:02:01Z",
    )


def test_better_and_worse_have_exit_codes(sample_bundle: Path, tmp_path: Path) -> None:
    fewer = tmp_path / "fewer"
    write_bundle(evidence(waivers=()), fewer, oscal=False)
    better = run("diff", sample_bundle, fewer)
    assert better.exit_code == 0
    assert better.stdout.startswith("acme/production: nothing is worse, 1 better, 0 otherwise")
    worse = run("diff", fewer, sample_bundle)
    assert worse.exit_code == 1
    assert "Worse (1)\n  waiver of Runbook::bucket-locked at Data/Records/Resource" in worse.stdout
    found = json.loads(run("diff", fewer, sample_bundle, "--json").stdout)
    assert [change["subject"] for change in found["worse"]] == ["waiver"]


@pytest.mark.parametrize(
    "arguments", [["verify", "nowhere"], ["diff", "nowhere", "nowhere"], ["publish", "nowhere"]]
)
def test_what_cannot_be_used_is_refused(arguments: list[str]) -> None:
    """Which ends `runbook` with exit code 2 and these words."""
    result = run(*arguments)
    assert isinstance(result.exception, RefusedError)
    assert "it cannot be read: No such file or directory" in str(result.exception)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_and_the_exit_codes(command: str) -> None:
    said = " ".join(run(command, "--help").stdout.split())
    assert re.search(rf"Example: runbook evidence {command} \S+", said)
    assert "Exit codes: 0 " in said


def test_help_loads_nothing_that_is_slow() -> None:
    script = (
        "import sys, typer; from evidence.bundle_commands import add_to; "
        "app = typer.Typer(); add_to(app); "
        "print(*{'boto3', 'jinja2', 'numpy', 'pydantic', 'trestle', 'xlsxwriter'} & {*sys.modules})"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'constructs'}"},
    )
    assert ran.stdout.split() == []


EVIL = "acme\x1b[2J\x1b[H\rwhole"


def printed(result: Result) -> str:
    return result.stdout.replace("\n", "")


@pytest.mark.clause("ALL-4")
def test_no_text_of_a_bundle_steers_the_terminal_that_compares_it(tmp_path: Path) -> None:
    told = {"gaps": (EVIL,), "versions": {EVIL: EVIL}}
    for name, changes in (("old", {}), ("new", told)):
        write_bundle(evidence(**changes), tmp_path / name, oscal=False)
    result = run("diff", tmp_path / "old", tmp_path / "new")
    assert result.exit_code == 1
    assert "whole" in result.stdout
    assert printed(result).isprintable()


@pytest.mark.clause("ALL-4")
def test_what_evidence_says_of_itself_cannot_forge_the_verdict(bundle: Path) -> None:
    said = json.loads((bundle / "evidence.json").read_bytes())
    (bundle / "evidence.json").write_text(json.dumps({**said, "schema": EVIL}))
    listed = json.loads((bundle / MANIFEST).read_bytes())
    data = (bundle / "evidence.json").read_bytes()
    listed["files"]["evidence.json"] = {"bytes": len(data), "sha256": sha256_of(data)}
    (bundle / MANIFEST).write_text(f"{json.dumps(listed, indent=2, sort_keys=True)}\n")
    result = run("verify", bundle)
    assert result.exit_code == 1
    assert "NOT as it was written" in result.stdout
    assert printed(result).isprintable()
