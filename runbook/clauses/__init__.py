"""The clauses of the source documents as data: one TOML file an organisation."""

from runbook.clauses.clause import Clause, Demand, clauses_of, organisations_with_clauses

__all__ = ["Clause", "Demand", "clauses_of", "organisations_with_clauses"]
