"""`runbook evidence controls`: which bundle it reads, and what it refuses."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from shutil import rmtree

import pytest
import typer
from typer.testing import CliRunner, Result

from evidence.bundle_files import EVIDENCE
from evidence.control_commands import BUNDLES, add_to
from evidence.formats.evidence_json import as_bytes
from evidence.manifest import MANIFEST, manifest_of
from evidence.model import Commit, Evidence
from runbook.model.refusal import RefusedError
from runbook.working_tree import head
from tests.evidence.samples import evidence

CONTROL = "HIPAA 164.312(b)"
STAGING = replace(evidence(), environment="staging")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(folder: Path, written: Evidence, *, more: bytes | None = None) -> Path:
    """Write what the command reads of a bundle; ``more`` is appended after the manifest is made."""
    folder.mkdir(parents=True)
    data = as_bytes(written)
    (folder / EVIDENCE).write_bytes(data + (more or b""))
    (folder / MANIFEST).write_bytes(manifest_of(written, {EVIDENCE: data}).data)
    return folder


def run(*arguments: str | Path) -> Result:
    app = typer.Typer()
    group = typer.Typer()
    add_to(group)
    app.add_typer(group, name="evidence")
    return CliRunner().invoke(app, ["evidence", "controls", *map(str, arguments)])


def commit() -> str:
    """Make the folder a repository with one commit, and give its id."""
    me = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    for words in (("init", "--quiet"), (*me, "commit", "--quiet", "--allow-empty", "-m", "one")):
        subprocess.run(("git", *words), check=True)
    committed = head(Path())
    assert committed is not None
    return committed[0]


def shown(*arguments: str | Path) -> str:
    """Give what is printed without any complaint."""
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def refused(*arguments: str | Path) -> RefusedError:
    """Give the refusal; the command's `main` prints it and ends with 2."""
    result = run(*arguments)
    assert isinstance(result.exception, RefusedError)
    assert result.stdout == ""
    return result.exception


def test_the_only_bundle_is_shown() -> None:
    write(BUNDLES / "acme" / "production", evidence())
    assert shown().startswith("acme/production at commit 0123456789ab")
    assert f"{CONTROL} " in shown()


def test_words_may_come_in_any_order_and_without_quotes() -> None:
    write(BUNDLES / "acme" / "production", evidence())
    write(BUNDLES / "acme" / "staging", STAGING)
    said = shown(CONTROL, "acme/staging")
    assert said.splitlines()[:2] == [CONTROL, "Audit controls"]
    assert "acme/staging at commit" in said
    assert shown("acme/staging", *CONTROL.lower().split()) == said
    assert shown("acme/production").startswith("acme/production at commit")


def test_a_bundle_elsewhere_is_read(tmp_path: Path) -> None:
    folder = write(tmp_path / "from an auditor", STAGING)
    assert shown("--bundle", folder) == shown("acme/staging", "--bundle", folder)
    assert shown("--bundle", folder).startswith("acme/staging at commit")


def test_machines_get_one_object(tmp_path: Path) -> None:
    folder = write(tmp_path / "bundle", evidence())
    table = json.loads(shown("--bundle", folder, "--json"))
    assert [control["id"] for control in table["controls"]] == [
        control.id for control in evidence().controls
    ]
    one = json.loads(shown(CONTROL, "--bundle", folder, "--json"))
    assert one["control"]["standing"] == "weak"
    assert one["control"]["rules"][0]["rows"][0]["verdict"] == "no_finding"


@pytest.mark.clause("ALL-4")
def test_a_bundle_of_another_commit_than_the_working_tree_says_so() -> None:
    folder = write(BUNDLES / "acme" / "production", evidence())
    assert json.loads(shown("--json"))["working_tree"] is None, "git tells of no commit here"
    here = commit()
    result = run()
    assert result.stderr == (
        f"warning: this bundle is of 0123456, the working tree of {here[:7]}: "
        "`runbook evidence acme/production` writes it anew\n"
    )
    assert json.loads(run("--json").stdout)["working_tree"] == here
    # Whoever names a folder knows which.
    assert json.loads(shown("--bundle", folder, "--json"))["working_tree"] is None
    rmtree(folder)
    write(folder, replace(evidence(), commit=Commit(here, "2026-05-04T03:02:01Z", clean=True)))
    assert json.loads(shown("--json"))["working_tree"] == here


@pytest.mark.clause("ALL-4")
def test_evidence_that_was_changed_is_not_shown(tmp_path: Path) -> None:
    folder = write(tmp_path / "bundle", evidence(), more=b" ")
    told = refused("--bundle", folder)
    assert [(each.key, "bytes, not" in each.reason) for each in told.refusals] == [(EVIDENCE, True)]
    data = (folder / EVIDENCE).read_bytes()[:-1].replace(b'"broken"', b'"held"  ')
    (folder / EVIDENCE).write_bytes(data)
    assert "SHA-256" in refused("--bundle", folder).refusals[0].reason


def test_what_else_was_changed_in_a_bundle_is_warned_of(tmp_path: Path) -> None:
    folder = write(tmp_path / "bundle", evidence())
    (folder / "notes.txt").write_text("added", "utf-8")
    result = run("--bundle", folder)
    assert result.exit_code == 0
    assert "acme/production at commit" in result.stdout
    assert "is not as it was written: added: notes.txt" in result.stderr


def test_without_a_bundle_it_says_how_to_write_one() -> None:
    assert "`runbook evidence`" in refused().refusals[0].fix


def test_of_an_environment_without_a_bundle_it_says_how_to_write_it() -> None:
    (refusal,) = refused(CONTROL, "rovn/production").refusals
    assert refusal.key == "rovn/production"
    assert refusal.reason == f"no bundle of it is in {BUNDLES}"
    assert refusal.fix == "write it with: runbook evidence rovn/production"


def test_of_an_environment_that_is_none_it_names_those_that_are() -> None:
    (refusal,) = refused(CONTROL, "rovn/nope").refusals
    assert refusal.key == "rovn/nope"
    assert "there is no such environment" in refusal.reason
    assert "known: rovn/production, rovn/staging" in refusal.fix
    # What the folder lacks is told only of a folder that was named.
    assert "cannot be read" in refused("--bundle", "nowhere").refusals[0].reason


def test_among_several_bundles_one_is_named() -> None:
    write(BUNDLES / "acme" / "production", evidence())
    write(BUNDLES / "acme" / "staging", STAGING)
    (refusal,) = refused(CONTROL).refusals
    assert (refusal.key, refusal.fix) == ("ENVIRONMENT", "name acme/production, acme/staging")
    assert "2 are named" in refused("acme/production", "acme/staging").refusals[0].reason


def test_a_bundle_of_another_environment_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "bundle", STAGING)
    (refusal,) = refused("acme/production", "--bundle", folder).refusals
    assert refusal.reason == f"{folder} is of acme/staging"


def test_a_control_that_is_not_there_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "bundle", evidence())
    for more in ([], ["--json"]):
        (refusal,) = refused("HIPAA 164.312", "(c)", "--bundle", folder, *more).refusals
        assert (refusal.key, refusal.reason) == ("HIPAA 164.312 (c)", "no control has this id")
