"""Which code was rehearsed: that of one commit from the synthesis to the last drill, or not."""

from __future__ import annotations

from dataclasses import dataclass

from runbook.working_tree import WorkingTree


@dataclass(frozen=True)
class RehearsedCode:
    """A commit's id in hex, its time (ISO 8601, UTC), and whether nothing ever differed from it."""

    id: str
    date: str
    clean: bool

    def __str__(self) -> str:
        """Say it in words."""
        changed = "" if self.clean else ", with changes that are in no commit"
        return f"commit {self.id} of {self.date}{changed}"


def rehearsed_code(before: WorkingTree | None, after: WorkingTree | None) -> RehearsedCode | None:
    """Say it by how the working tree stood before and after; None where git told nothing."""
    if before is None:
        return None
    return RehearsedCode(before.commit, before.date, clean=before.stayed_clean(after))
