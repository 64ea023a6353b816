"""Where evidence comes from: each judge, the ledger, alarm tests, the last rehearsal."""
