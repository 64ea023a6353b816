"""The clauses as data: every one is there, with its source, and no reader pays for them."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from runbook.clauses import (
    EVERY_ORGANISATION,
    Clause,
    ClauseFile,
    all_clauses,
    clause_files,
    clauses_of,
    organisations_with_clauses,
)

IDS = Path(__file__).with_name("ids.txt")
CLAUSE = {"id": "ROVN-BCK-1", "title": "Backups are kept", "source": "R7"}
DOCUMENTS = {"R": {"title": "A runbook", "sections": {"7": "Backups"}}}


def test_no_clause_of_the_documents_is_missing_or_made_up() -> None:
    """The list is kept apart, so that none is lost by an edit of the TOML files."""
    assert list(all_clauses()) == IDS.read_text("utf-8").splitlines()


def test_what_binds_all_is_no_organisation() -> None:
    assert EVERY_ORGANISATION not in organisations_with_clauses()
    for_all = clause_files()[EVERY_ORGANISATION].clause
    for organisation in organisations_with_clauses():
        own = clause_files()[organisation].clause
        assert clauses_of(organisation) == (*own, *for_all)
    with pytest.raises(KeyError):
        clauses_of(EVERY_ORGANISATION)


def test_a_clause_says_in_words_where_it_stands() -> None:
    file = ClauseFile.model_validate({"documents": DOCUMENTS, "clause": [CLAUSE]})
    assert file.cited(file.clause[0]) == ['A runbook, 7 "Backups"']


@pytest.mark.parametrize("source", ["R8", "D7", "R7; and more", "7"])
def test_a_source_that_no_document_has_is_refused(source: str) -> None:
    data = {"documents": DOCUMENTS, "clause": [CLAUSE | {"source": source}]}
    with pytest.raises(ValidationError, match="ROVN-BCK-1"):
        ClauseFile.model_validate(data)


@pytest.mark.parametrize("reason", ["", "  ", "later", "not built yet, sorry"])
def test_an_open_clause_says_what_it_waits_for(reason: str) -> None:
    with pytest.raises(ValidationError, match="does not say what is missing"):
        Clause.model_validate(CLAUSE | {"open": reason})


@pytest.mark.parametrize("wrong", ["bck-1", "ROVN-BCK", "ROVN BCK 1", "ROVN-BCK-1!"])
def test_an_id_has_the_form_of_one(wrong: str) -> None:
    with pytest.raises(ValidationError, match="pattern"):
        Clause.model_validate(CLAUSE | {"id": wrong})


def test_an_id_that_stands_twice_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    file = ClauseFile.model_validate({"documents": DOCUMENTS, "clause": [CLAUSE]})
    monkeypatch.setattr("runbook.clauses.catalogue._file", lambda _: file)
    with pytest.raises(ValueError, match="ROVN-BCK-1 stands twice"):
        all_clauses()


def test_no_titles_are_the_same() -> None:
    titles = [clause.title for file in clause_files().values() for clause in file.clause]
    assert len(set(titles)) == len(titles)


def test_the_command_starts_without_clauses_and_rules() -> None:
    code = (
        "import sys, runbook.cli, runbook.clauses.catalogue as c;"
        "sys.exit(c._file.cache_info().currsize or 'policies.rules' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
