"""Where evidence comes from: the commit, what was changed since, and the versions that decided."""

import subprocess
import tomllib
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from evidence.bundle_files import FORMATS
from evidence.collected import installed
from evidence.collected import provenance as collected
from evidence.collected.assembly import template_files
from evidence.collected.installed import UNKNOWN, checkov_version
from evidence.collected.provenance import Provenance, provenance
from evidence.model import Commit
from runbook.working_tree import WorkingTree, working_tree
from tests.assembly import ROOT
from tests.evidence.samples import evidence
from tests.policies.rules.harness import template

AT = WorkingTree("ab" * 20, "2026-05-04T00:00:00Z", ())


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


def of(root: Path) -> Provenance:
    """Ask about a repository in which nothing happens meanwhile."""
    return provenance(root, working_tree(root))


@pytest.mark.clause("ALL-4")
def test_a_commit_is_told_with_its_time_in_utc(repository: Path) -> None:
    found = of(repository)
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
    found = of(repository)
    assert not found.commit.clean
    [gap] = found.gaps
    assert gap.startswith("The working tree is not commit ")
    assert name in gap


def test_many_changed_files_are_counted(repository: Path) -> None:
    for number in range(9):
        (repository / f"new{number}").touch()
    [gap] = of(repository).gaps
    assert "new4 and 4 more differ" in gap


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(
    ("after", "gap"),
    [
        (
            replace(AT, commit="cd" * 20),
            "The working tree went from commit abababababab to cdcdcdcdcdcd meanwhile: what was "
            "judged may be of either.",
        ),
        (
            replace(AT, changed=("app.py",)),
            "The working tree at commit abababababab did not stay as it was: app.py changed.",
        ),
        (
            None,
            "The working tree was commit abababababab at first, and git did not tell at the end.",
        ),
    ],
    ids=["another commit", "an edit", "git is gone"],
)
def test_what_moves_while_it_is_judged_is_of_no_commit_alone(
    after: WorkingTree | None, gap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collected, "working_tree", {tmp_path: after}.__getitem__)
    found = provenance(tmp_path, AT)
    assert found.commit == Commit(AT.commit, AT.date, clean=False)
    assert found.gaps == (gap,)


@pytest.mark.clause("ALL-4")
def test_an_edit_that_was_taken_back_is_told(repository: Path) -> None:
    (repository / "file").write_text("changed", "utf-8")
    before = working_tree(repository)
    (repository / "file").write_text("as it was", "utf-8")
    found = provenance(repository, before)
    assert not found.commit.clean
    assert [gap.partition(": ")[2] for gap in found.gaps] == ["file differ.", "file changed."]


@pytest.mark.clause("ALL-4")
def test_without_a_repository_nothing_is_guessed(tmp_path: Path) -> None:
    found = of(tmp_path)
    assert (found.commit.id, found.commit.date, found.commit.clean) == (UNKNOWN, UNKNOWN, False)
    assert found.gaps[0].startswith("No commit is known")


@pytest.mark.parametrize("format_", FORMATS.values())
def test_evidence_without_a_commit_can_be_written(format_: str, tmp_path: Path) -> None:
    commit = of(tmp_path).commit
    assert import_module(f"evidence.formats.{format_}").as_bytes(evidence(commit=commit))


def test_without_git_nothing_is_guessed(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert of(repository).commit.id == UNKNOWN


def test_the_versions_are_those_of_the_locks() -> None:
    versions = of(ROOT).versions
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
    assert "In which version checkov judged is not known." in of(repository).gaps


def test_another_node_is_told(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JSII_NODE", "/opt/node")
    assert any("JSII_NODE" in gap for gap in of(repository).gaps)


def test_templates_are_listed_by_path_with_their_hashes() -> None:
    one, other = template("b", {}), replace(template("a", {}), region=None)
    files = template_files([one, other])
    assert [file.path for file in files] == ["a.template.json", "b.template.json"]
    assert (files[0].region, files[1].region) == ("", "us-east-2")
    assert files[1].sha256 == one.sha256
