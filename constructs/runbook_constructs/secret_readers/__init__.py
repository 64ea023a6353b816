"""Whoever may read a secret and is not on its list is found, and pages (ROVN-SEC-6)."""
