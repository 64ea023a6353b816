"""The migration runner on a real PostgreSQL, and the review of what it runs."""
