"""Where evidence comes from: the commit, what was changed since, and the versions that decided."""

import subprocess
import tomllib
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from evidence.bundle_files import FORMATS
from evidence.collected import installed
from evidence.collected.assembly import template_files
from evidence.collected.installed import UNKNOWN, checkov_version
from evidence.collected.provenance import provenance
from tests.assembly import ROOT
from tests.evidence.samples import evidence
from tests.policies.rules.harness import template


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Make a repository of one commit, by a committer in another zone than UTC."""
    (tmp_path / "file").write_text("as it was", "utf-8")
    date = "2026-05-04T01:02:03+0530"
    variables = {
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_DATE": date,
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "PATH": "/usr/bin:/bin:/usr/local/bin",
    }
    for words in (
        ["init", "-q"],
        ["add", "file"],
        ["-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-qm", "One"],
    ):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True, env=variables)
    return tmp_path


@pytest.mark.clause("ALL-4")
def test_a_commit_is_told_with_its_time_in_utc(repository: Path) -> None:
    found = provenance(repository)
    head = subprocess.run(
        ["git", "-C", str(repository), "rev-parse", "HEAD"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert found.commit.id == head.stdout.strip()
    assert found.commit.date == "2026-05-03T19:32:03Z"
    assert found.commit.clean
    assert found.gaps == ()


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize("name", ["file", "another"])
def test_a_changed_or_a_new_file_makes_it_unclean(repository: Path, name: str) -> None:
    (repository / name).write_text("changed", "utf-8")
    found = provenance(repository)
    assert not found.commit.clean
    [gap] = found.gaps
    assert gap.startswith("The working tree is not commit ")
    assert name in gap


def test_many_changed_files_are_counted(repository: Path) -> None:
    for number in range(9):
        (repository / f"new{number}").touch()
    [gap] = provenance(repository).gaps
    assert "new4 and 4 more differ" in gap


@pytest.mark.clause("ALL-4")
def test_without_a_repository_nothing_is_guessed(tmp_path: Path) -> None:
    found = provenance(tmp_path)
    assert (found.commit.id, found.commit.date, found.commit.clean) == (UNKNOWN, UNKNOWN, False)
    assert found.gaps[0].startswith("No commit is known")


@pytest.mark.parametrize("format_", FORMATS.values())
def test_evidence_without_a_commit_can_be_written(format_: str, tmp_path: Path) -> None:
    commit = provenance(tmp_path).commit
    assert import_module(f"evidence.formats.{format_}").as_bytes(evidence(commit=commit))


def test_without_git_nothing_is_guessed(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert provenance(repository).commit.id == UNKNOWN


def test_the_versions_are_those_of_the_locks() -> None:
    versions = provenance(ROOT).versions
    for folder, names in (
        (ROOT, ["aws-cdk-lib", "cdk-nag", "cfn-lint", "constructs", "runbook"]),
        (
            ROOT / "judges",
            ["checkov"],
        ),
    ):
        packages = tomllib.loads((folder / "uv.lock").read_text("utf-8"))["package"]
        locked = {package["name"]: package.get("version") for package in packages}
        for name in names:
            assert versions[name] == locked[name]
    assert list(versions) == sorted(versions)


def test_a_judge_that_is_not_installed_has_no_version(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installed, "CHECKOV_COMMAND", tmp_path / "bin" / "checkov")
    assert checkov_version() == UNKNOWN
    assert "In which version checkov judged is not known." in provenance(repository).gaps


def test_another_node_is_told(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JSII_NODE", "/opt/node")
    assert any("JSII_NODE" in gap for gap in provenance(repository).gaps)


def test_templates_are_listed_by_path_with_their_hashes() -> None:
    one, other = template("b", {}), replace(template("a", {}), region=None)
    files = template_files([one, other])
    assert [file.path for file in files] == ["a.template.json", "b.template.json"]
    assert (files[0].region, files[1].region) == ("", "us-east-2")
    assert files[1].sha256 == one.sha256
