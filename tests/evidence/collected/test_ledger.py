"""The clause ledger of an environment: every clause it has, and what keeps each there."""

import tomllib
from functools import partial

import pytest

from evidence.collected import ledger
from evidence.collected.ledger import clause_entries
from evidence.model import Keeper
from policies.keepers import Keeper as Bound
from policies.keepers import Kind, bindings
from runbook.model.loader import load_environment
from tests.assembly import ROOT

PRODUCTION = load_environment("rovn/production")
FILES = [ROOT / "runbook" / "clauses" / name for name in ("rovn.toml", "_every_organisation.toml")]
CLAUSE = "ROVN-BCK-2"


@pytest.mark.clause("ALL-4")
def test_every_clause_of_the_organisation_is_there_as_its_file_has_it() -> None:
    written = [
        clause for file in FILES for clause in tomllib.loads(file.read_text("utf-8"))["clause"]
    ]
    entries = clause_entries(PRODUCTION)
    assert [(entry.id, entry.text, entry.open) for entry in entries] == [
        (clause["id"], clause["title"], clause.get("open", "")) for clause in written
    ]
    assert all(entry.applies for entry in entries)
    assert {entry.id: entry.state for entry in entries} == {
        clause["id"]: bindings()[clause["id"]].state for clause in written
    }


def test_a_source_is_document_and_section_in_words() -> None:
    (entry,) = (entry for entry in clause_entries(PRODUCTION) if entry.id == CLAUSE)
    assert 'Rovn, Runbook, 2026-05-14, 7 "Backups"' in entry.source.split("; ")
    assert len(entry.source.split("; ")) == 2


@pytest.mark.clause("ALL-1")
def test_keepers_lead_to_files_that_are_there() -> None:
    keepers = [keeper for entry in clause_entries(PRODUCTION) for keeper in entry.keepers]
    assert {keeper.kind for keeper in keepers} == set(Kind)
    for keeper in keepers:
        assert (ROOT / keeper.place.partition(":")[0]).is_file()
        assert keeper.name
        assert not keeper.test or (ROOT / keeper.test).is_file()


def test_a_demand_on_other_environments_keeps_nothing_here() -> None:
    there, elsewhere = (
        {
            keeper.name
            for entry in clause_entries(load_environment(name))
            if entry.id == CLAUSE
            for keeper in entry.keepers
            if keeper.kind == Kind.DEMAND
        }
        for name in ("rovn/production", "rovn/staging")
    )
    assert {"tier exactly phi", "buckets.audit at least 7 calendar years"} <= there
    assert "tier exactly phi" not in elsewhere


def test_what_is_not_there_or_does_not_count_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        Bound(Kind.ALARM, CLAUSE, "rds-cpu", "catalogue.py", "test_catalogue.py"),
        Bound(Kind.ALARM, CLAUSE, "of-another-environment", "catalogue.py"),
        Bound(Kind.TEST, CLAUSE, "", "test_whole_file.py", "test_whole_file.py", 7),
        Bound(Kind.TEST, CLAUSE, "skipped", "test_skipped.py", fault="it is skipped"),
    ]
    monkeypatch.setattr(ledger, "bindings", partial(bindings, None, found))
    kept = {entry.id: entry.keepers for entry in clause_entries(PRODUCTION) if entry.keepers}
    assert kept == {
        CLAUSE: (
            Keeper("alarm", "rds-cpu", "catalogue.py", "test_catalogue.py"),
            Keeper("test", "(the whole file)", "test_whole_file.py:7", "test_whole_file.py"),
        )
    }
