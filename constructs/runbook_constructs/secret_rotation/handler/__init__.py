"""Code of the rotation functions: the four steps, and a strategy for each mechanism."""
