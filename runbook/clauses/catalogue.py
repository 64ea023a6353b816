"""Every clause there is: one TOML file an organisation, and one that binds them all."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from runbook.clauses.clause import Clause, ClauseFile

# No organisation is called so: the name of one begins with a letter.
EVERY_ORGANISATION = "_every_organisation"
_SUFFIX = ".toml"


def organisations_with_clauses() -> list[str]:
    """Name every organisation whose clauses are written down."""
    return [name for name in _names() if name != EVERY_ORGANISATION]


@cache
def clauses_of(organisation: str) -> tuple[Clause, ...]:
    """Give the clauses that bind one organisation; ``KeyError`` when none are its own."""
    if organisation not in organisations_with_clauses():
        raise KeyError(organisation)
    return (*_file(organisation).clause, *_file(EVERY_ORGANISATION).clause)


def clause_files() -> Mapping[str, ClauseFile]:
    """Give every file by its name, those of organisations first."""
    return {name: _file(name) for name in (*organisations_with_clauses(), EVERY_ORGANISATION)}


def all_clauses() -> dict[str, Clause]:
    """Give every clause by its id, in the files' order; ``ValueError`` for an id used twice."""
    found: dict[str, Clause] = {}
    for name, file in clause_files().items():
        for clause in file.clause:
            if clause.id in found:
                raise ValueError(f"{clause.id} stands twice, again in {name}{_SUFFIX}")
            found[clause.id] = clause
    return found


def cited(clause: Clause) -> list[str]:
    """Say in words where a clause stands in its documents."""
    return next(f.cited(clause) for f in clause_files().values() if clause in f.clause)


def _names() -> list[str]:
    data = files("runbook.clauses").iterdir()
    return sorted(f.name.removesuffix(_SUFFIX) for f in data if f.name.endswith(_SUFFIX))


@cache
def _file(name: str) -> ClauseFile:
    text = (files("runbook.clauses") / f"{name}{_SUFFIX}").read_text(encoding="utf-8")
    return ClauseFile.model_validate(tomllib.loads(text))
