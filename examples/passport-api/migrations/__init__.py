"""The schema of the service's database, and what brings a database to it (ROVN-MIG-3).

Numbered SQL files in `sql/` go forward only. Each runs in a transaction of its own, together with
its row in the ledger, so that a crash at any moment loses nothing and doubles nothing.
"""
