"""Which clauses drills exercise, as their text says it."""

from pathlib import Path

import pytest

from policies.drilled import Drilled, drilled
from policies.keepers import Keeper, Kind, keepers
from tests.assembly import ROOT

FAULT = "it does not write out its name and its clauses as texts"


def read(root: Path, decorator: str) -> list[Drilled]:
    folder = root / "sandbox" / "rehearsal"
    folder.mkdir(parents=True)
    text = f"from somewhere import drill\n\n@{decorator}\ndef one(stage, checks):\n    pass\n"
    (folder / "some_drills.py").write_text(text, "utf-8")
    return list(drilled(root))


def test_each_clause_of_a_drill_is_told_with_its_place(tmp_path: Path) -> None:
    path = "sandbox/rehearsal/some_drills.py"
    assert read(tmp_path, 'drill("a name", "X-1", "X-2")') == [
        Drilled("X-1", "a name", path, 3),
        Drilled("X-2", "a name", path, 3),
    ]


@pytest.mark.parametrize(
    "decorator", ['drill("a name")', "drill()", 'drill("a name", CLAUSE)', 'drill("a", "X", b=1)']
)
def test_what_cannot_be_read_keeps_nothing(tmp_path: Path, decorator: str) -> None:
    [found] = read(tmp_path, decorator)
    assert (found.clause, found.fault) == ("", FAULT)


def test_other_decorators_are_none(tmp_path: Path) -> None:
    assert read(tmp_path, 'other("a name", "X-1")  # @drill(') == []


def test_drills_keep_clauses() -> None:
    drills = [each for each in keepers() if each.kind is Kind.DRILL]
    assert {each.clause for each in drills} >= {"ROVN-RB-1", "ROVN-RB-2", "ROVN-RB-3"}
    assert all(isinstance(each, Keeper) and (ROOT / each.path).is_file() for each in drills)
