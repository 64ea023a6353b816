"""`runbook verify`: the deployed account against its templates and its clauses (ALL-9)."""
