"""The clauses of the source documents as data: one TOML file an organisation."""

from runbook.clauses.catalogue import (
    EVERY_ORGANISATION,
    all_clauses,
    cited,
    clause_files,
    clauses_of,
    organisations_with_clauses,
)
from runbook.clauses.clause import Clause, ClauseFile
from runbook.clauses.demand import Demand

__all__ = [
    "EVERY_ORGANISATION",
    "Clause",
    "ClauseFile",
    "Demand",
    "all_clauses",
    "cited",
    "clause_files",
    "clauses_of",
    "organisations_with_clauses",
]
