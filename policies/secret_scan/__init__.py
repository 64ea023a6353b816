"""Secrets in what git keeps: every tracked file, every version of it, every commit's message.

Two judges read everything: secretlint, and our own table of shapes and names
(policies/lookups/secret_values.py). docs/decisions/0035 says why both.
"""
