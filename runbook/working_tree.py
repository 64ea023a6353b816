"""At which commit a working tree stands, and what of it differs: git alone is asked.

What a machine is set to must not decide whether something differs: its settings are overruled, and
what it was told to ignore beside the repository's own ``.gitignore`` counts.
"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from runbook.model.printable import printable

_PINNED = {
    # A monitor tells git what to look at; one that says nothing hides everything.
    "core.fsmonitor": "false",
    "core.checkStat": "default",
    "core.trustctime": "true",
    "core.fileMode": "true",
    "core.autocrlf": "false",
}
# They lead git to another repository, index or settings than those of the folder, as hooks do.
_ELSEWHERE = (
    "GIT_COMMON_DIR",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_WORK_TREE",
)
# How ``git ls-files -v`` tags what ``git status`` leaves out.
_SKIPPED = "S"


@dataclass(frozen=True, slots=True)
class WorkingTree:
    """A commit's id in hex, its time (ISO 8601, UTC), and the paths that differ from it.

    A path that git was told not to look at is among them, and says so.
    """

    commit: str
    date: str
    changed: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Say whether the tree is the commit, and nothing beside it but what it ignores."""
        return not self.changed

    def stayed_clean(self, after: "WorkingTree | None") -> bool:
        """Say whether what was made from here to ``after`` was made of the commit alone."""
        return self.clean and after == self


def working_tree(root: Path) -> WorkingTree | None:
    """Ask about the repository at ``root``; None where git does not tell."""
    committed = head(root)
    if committed is None:
        return None
    try:
        changed = tuple(dict.fromkeys((*_differing(root), *_untracked(root), *_hidden(root))))
    except (OSError, subprocess.CalledProcessError):
        return None
    id_, when = committed
    return WorkingTree(id_, f"{when:%Y-%m-%dT%H:%M:%SZ}", changed)


def head(root: Path) -> tuple[str, datetime] | None:
    """Give the id of the commit at ``root`` and its time; None where git does not tell.

    In UTC: the committer's own zone says nothing of what stands there.
    """
    try:
        id_, seconds = _git(
            root, "show", "--no-patch", "--no-show-signature", "--format=%H %ct", "HEAD"
        ).split()
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None
    return id_, datetime.fromtimestamp(int(seconds), UTC)


def _differing(root: Path) -> Iterator[str]:
    of_all = ("--untracked-files=no", "--ignore-submodules=none", "--no-renames")
    yield from (entry[3:] for entry in _listed(root, "status", "--porcelain", "-z", *of_all))


def _untracked(root: Path) -> Iterator[str]:
    """Not by ``git status``, which leaves out what this clone or this person ignores, too."""
    ignored = "--exclude-per-directory=.gitignore"
    yield from _listed(root, "ls-files", "-z", "--full-name", "--others", ignored, ":/")


def _hidden(root: Path) -> Iterator[str]:
    for entry in _listed(root, "ls-files", "-z", "--full-name", "-v", ":/"):
        tag, path = entry[0], entry[2:]
        marks = {"assume-unchanged": tag.islower(), "skip-worktree": tag.upper() == _SKIPPED}
        if marked := " and ".join(mark for mark, is_set in marks.items() if is_set):
            yield f"{path} (marked {marked})"


def _listed(root: Path, *words: str) -> list[str]:
    return [printable(entry) for entry in _git(root, *words).split("\0") if entry]


def _git(root: Path, *words: str) -> str:
    pinned = [word for name, value in _PINNED.items() for word in ("-c", f"{name}={value}")]
    command = ["git", "-C", str(root), "--no-replace-objects", *pinned, *words]
    run = subprocess.run(  # noqa: S603 - our own command
        command,
        check=True,
        capture_output=True,
        env={name: value for name, value in os.environ.items() if name not in _ELSEWHERE},
    )
    return run.stdout.decode("utf-8", "backslashreplace")
