"""How the sandbox fails: one message for the reader, and the exit code that goes with it."""

from __future__ import annotations


class SandboxError(Exception):
    """What went wrong, where, why and what to do, in a few lines; no traceback belongs to it."""
