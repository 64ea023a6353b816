"""The building blocks, one construct a file, each fail-closed by default."""
