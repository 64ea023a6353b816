"""At which commit a working tree stands, and what of it differs: git alone is asked."""

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class WorkingTree:
    """A commit's id in hex, its time (ISO 8601, UTC), and the paths that differ from it."""

    commit: str
    date: str
    changed: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Say whether the tree is the commit, and nothing beside it but what git ignores."""
        return not self.changed


def working_tree(root: Path) -> WorkingTree | None:
    """Ask about the repository at ``root``; None where git does not tell."""
    committed = head(root)
    if committed is None:
        return None
    try:
        changed = _git(root, "status", "--porcelain").splitlines()
    except (OSError, subprocess.CalledProcessError):
        return None
    id_, when = committed
    return WorkingTree(id_, f"{when:%Y-%m-%dT%H:%M:%SZ}", tuple(line[3:] for line in changed))


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


def _git(root: Path, *words: str) -> str:
    command = ["git", "-C", str(root), *words]
    run = subprocess.run(  # noqa: S603 - our own command
        command, check=True, capture_output=True, text=True, encoding="utf-8", errors="replace"
    )
    return run.stdout
