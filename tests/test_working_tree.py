"""What differs from a commit, whatever git was told to overlook on this machine."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook.working_tree import WorkingTree, head, working_tree

Git = Callable[..., None]
PERSON = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """Make a repository of one commit; run git in it."""
    for name, value in {
        **PERSON,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "HOME": str(tmp_path / "home"),
    }.items():
        monkeypatch.setenv(name, value)
    root = tmp_path / "repository"
    (root / "below").mkdir(parents=True)

    def run(*words: str) -> None:
        subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True)

    run("init", "-q")
    for name in ("app.py", "below/file", ".gitignore"):
        (root / name).write_text("build/\n", "utf-8")
    run("add", ".")
    run("commit", "-qm", "One")
    return run


@pytest.fixture
def root(git: Git, tmp_path: Path) -> Path:
    return tmp_path / "repository"


def changed(root: Path) -> tuple[str, ...]:
    tree = working_tree(root)
    assert tree is not None
    return tree.changed


def test_a_commit_is_clean_whatever_it_ignores_itself(root: Path) -> None:
    (root / "build").mkdir()
    (root / "build" / "report.json").touch()
    assert changed(root) == ()


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(
    ("setting", "value"), [("status.showUntrackedFiles", "no"), ("core.excludesFile", "ignored")]
)
def test_a_new_file_is_told_though_this_machine_shows_none(
    root: Path, git: Git, setting: str, value: str
) -> None:
    (root / "ignored").write_text("ignored\nnew.py\n", "utf-8")
    git("config", setting, str(root / value) if value == "ignored" else value)
    (root / "below" / "new.py").touch()
    assert changed(root) == ("below/new.py", "ignored")


@pytest.mark.clause("ALL-4")
def test_a_new_file_is_told_though_this_clone_ignores_it(root: Path) -> None:
    (root / ".git" / "info" / "exclude").write_text("new.py\n", "utf-8")
    (root / "new.py").touch()
    assert changed(root) == ("new.py",)


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize("mark", ["assume-unchanged", "skip-worktree"])
def test_what_git_was_told_not_to_look_at_counts_as_changed(
    root: Path, git: Git, mark: str
) -> None:
    git("update-index", f"--{mark}", "below/file")
    (root / "below" / "file").write_text("changed", "utf-8")
    assert changed(root) == (f"below/file (marked {mark})",)
    (root / "below" / "file").write_text("build/\n", "utf-8")
    assert changed(root), "nobody knows what it was at other times"


@pytest.mark.clause("ALL-4")
def test_both_marks_at_one_file_are_told(root: Path, git: Git) -> None:
    git("update-index", "--assume-unchanged", "app.py")
    git("update-index", "--skip-worktree", "app.py")
    assert changed(root) == ("app.py (marked assume-unchanged and skip-worktree)",)


@pytest.mark.clause("ALL-4")
def test_a_monitor_that_tells_nothing_hides_nothing(root: Path, git: Git) -> None:
    monitor = root / ".git" / "monitor"
    monitor.write_text("#!/bin/sh\nprintf 'token\\0'\n", "utf-8")
    monitor.chmod(0o755)
    git("config", "core.fsmonitor", str(monitor))
    git("update-index", "--fsmonitor")
    git("status")
    (root / "app.py").write_text("changed", "utf-8")
    assert changed(root) == ("app.py",)


@pytest.mark.clause("ALL-4")
def test_a_mode_is_told_though_this_clone_keeps_none(root: Path, git: Git) -> None:
    git("config", "core.fileMode", "false")
    (root / "app.py").chmod(0o755)
    assert changed(root) == ("app.py",)


@pytest.mark.clause("ALL-4")
def test_a_replaced_commit_is_not_the_one_that_is_named(root: Path, git: Git) -> None:
    first = head(root)
    assert first is not None
    git("commit", "-q", "--allow-empty", "-m", "Two")
    (root / "app.py").write_text("changed", "utf-8")
    git("commit", "-qam", "Three")
    third = head(root)
    assert third is not None
    git("reset", "-q", "--soft", first[0])
    git("replace", first[0], third[0])
    assert changed(root) == ("app.py",)


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"])
def test_it_is_the_folder_that_is_asked_about(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (root / "app.py").write_text("changed", "utf-8")
    told = working_tree(root)
    monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    assert working_tree(root) == told
    assert told is not None
    assert told.changed == ("app.py",)


def test_paths_are_whole_and_can_be_printed(root: Path, git: Git) -> None:
    git("mv", "app.py", "moved.py")
    names = ("ä ö.py", "a\x1b[2J\nb", "c -> d")
    for name in names:
        (root / "below" / name).touch()
    git("config", "status.relativePaths", "true")
    assert changed(root / "below") == (
        "app.py",
        "moved.py",
        "below/a\\x1b[2J\\nb",
        "below/c -> d",
        "below/ä ö.py",
    )


@pytest.mark.clause("ALL-4")
def test_what_stayed_clean_was_clean_and_the_same_at_both_ends() -> None:
    tree = WorkingTree("ab" * 20, "2026-11-20T00:00:00Z", ())
    dirty = WorkingTree(tree.commit, tree.date, ("app.py",))
    other = WorkingTree("cd" * 20, tree.date, ())
    assert tree.stayed_clean(tree)
    assert not any(tree.stayed_clean(after) for after in (dirty, other, None))
    assert not any(dirty.stayed_clean(after) for after in (dirty, tree, None))
