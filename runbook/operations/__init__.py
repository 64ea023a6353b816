"""What an operator runs against AWS: preview, confirm, execute, verify, log (ROVN-DEP-8)."""
