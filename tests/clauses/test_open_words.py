"""ALL-1: what an `open` says is there is there, and what it says is not written is not."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from runbook.clauses import all_clauses, clause_files, organisations_with_clauses
from runbook.cli import app
from runbook.model.selection import all_environments
from runbook.playbooks.page import all_pages
from tests.assembly import ROOT

ALARM_TESTS = ROOT / "runbook" / "alarms" / "tests"
_QUOTED = re.compile(r"`([^`]+)`")
_NOT_WRITTEN = re.compile(r"\b(not|neither|no)\b.*\bwritten\b")
_TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)


def _named() -> Iterator[tuple[str, str, bool]]:
    """Give each name in backticks with its clause, and whether it is said to be there."""
    for clause in all_clauses().values():
        for part in (clause.open or "").split("; "):
            for name in _QUOTED.findall(part):
                yield clause.id, name, not _NOT_WRITTEN.search(part)


def _is_command(words: list[str]) -> bool:
    command: Any = typer.main.get_command(app)
    for word in words:
        command = getattr(command, "commands", {}).get(word)
    return command is not None


def _is_there(name: str) -> bool:
    match name.split():
        case ["runbook", *words]:
            return _is_command(words)
        case ["make", target]:
            return target in _TARGET.findall((ROOT / "Makefile").read_text("utf-8"))
        case _:
            tested = [file.stem for file in ALARM_TESTS.glob("*.yaml")]
            return name in tested and any(name in page.alarms for page in all_pages())


@pytest.mark.clause("ALL-1")
@pytest.mark.parametrize(("clause", "name", "there"), list(_named()))
def test_what_an_open_clause_names_is_as_it_says(clause: str, name: str, there: bool) -> None:
    said = "is there" if there else "is not written"
    assert _is_there(name) is there, f"{clause} says that {name} {said}: read its `open` again"


@pytest.mark.clause("ALL-1")
def test_an_environment_is_waited_for_only_where_an_organisation_has_none() -> None:
    have = {environment.organisation for environment in all_environments()}
    for organisation in organisations_with_clauses():
        clauses = clause_files()[organisation].clause
        waiting = [c.id for c in clauses if "an environment of" in (c.open or "")]
        assert bool(waiting) is (organisation not in have), f"{organisation}: {waiting}"
