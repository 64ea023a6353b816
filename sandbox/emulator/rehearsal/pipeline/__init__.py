"""Runs the deployed pipelines of a rehearsal: their stages, their builds, their approvals.

What each part does for real and what it simulates: docs/decisions/0028.
"""
