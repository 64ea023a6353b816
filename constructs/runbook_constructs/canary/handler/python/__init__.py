"""The canary itself, of the standard library alone."""
