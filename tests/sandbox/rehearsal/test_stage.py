"""What a drill may need of the stage that it acts on."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runbook.working_tree import WorkingTree
from sandbox.rehearsal import stage
from sandbox.rehearsal.report import NotExercisableError
from sandbox.rehearsal.stage import Stage

TREE = WorkingTree("ab" * 20, "2026-11-20T00:00:00Z", ())
DIRTY = WorkingTree(TREE.commit, TREE.date, ("app.py", "new.py"))
# As much of a stage as tells where the code lies.
BARE: Any = SimpleNamespace(desk=SimpleNamespace(root=Path("code")))


def test_a_commit_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    trees = {Path("code"): TREE}
    monkeypatch.setattr(stage, "working_tree", trees.__getitem__)
    Stage.need_commit(BARE)


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(
    ("tree", "why"), [(DIRTY, "app.py, new.py differ"), (None, "git tells none")]
)
def test_what_is_no_commit_cannot_be_published(
    tree: WorkingTree | None, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "working_tree", lambda _: tree)
    with pytest.raises(NotExercisableError, match=f"no commit as it stands: {why}"):
        Stage.need_commit(BARE)
