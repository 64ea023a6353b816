"""Whoever takes the release gate away, or goes past it, pages."""
