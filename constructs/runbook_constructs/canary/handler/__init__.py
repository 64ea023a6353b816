"""What Synthetics unpacks: its Python runtime looks in the folder ``python``."""
