"""Deployed stacks, read back through AWS and compared with their templates."""
