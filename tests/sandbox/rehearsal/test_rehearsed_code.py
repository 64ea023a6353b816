"""Which code was rehearsed: a commit is clean only if nothing differed from it all the while."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runbook.working_tree import WorkingTree
from sandbox.rehearsal.rehearsed_code import RehearsedCode, rehearsed_code

TREE = WorkingTree("ab" * 20, "2026-11-20T00:00:00Z", ())


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(
    ("before", "after", "clean"),
    [
        (TREE, TREE, True),
        (replace(TREE, changed=("app.py",)), replace(TREE, changed=("app.py",)), False),
        (TREE, replace(TREE, changed=("app.py",)), False),
        (replace(TREE, changed=("app.py",)), TREE, False),
        (TREE, replace(TREE, commit="cd" * 20), False),
        (TREE, None, False),
    ],
    ids=["nothing", "all along", "meanwhile", "taken back", "another commit", "git is gone"],
)
def test_what_differed_at_any_time_makes_it_unclean(
    before: WorkingTree, after: WorkingTree | None, *, clean: bool
) -> None:
    found = rehearsed_code(before, after)
    assert found == RehearsedCode("ab" * 20, "2026-11-20T00:00:00Z", clean=clean)


@pytest.mark.clause("ALL-4")
def test_what_git_does_not_tell_is_not_known() -> None:
    assert rehearsed_code(None, None) is None
    assert rehearsed_code(None, TREE) is None
