"""How a secret of the environment file gets its next value, by its mechanism (ROVN-SEC-3)."""
