"""New tasks of who reads a secret, once it has a new value."""
