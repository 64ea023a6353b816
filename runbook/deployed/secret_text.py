"""Stand-ins for texts that hold a secret's value: they can be compared, and no message shows them.

A stand-in keeps no part of the text: nothing that prints, logs or serializes it can give it away.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import Any

Value = Any

# Of this process alone: nobody can test guesses of the value against a stand-in they have read.
_KEY = secrets.token_bytes(32)


class SecretText(str):
    """Stands for a text; within one process, equal texts have equal stand-ins."""

    __slots__ = ()

    @classmethod
    def of(cls, text: str) -> SecretText:
        """Return the stand-in of a text; a stand-in is its own."""
        if isinstance(text, cls):
            return text
        return cls(f"<a secret's text, {hmac.digest(_KEY, text.encode(), 'sha256').hex()[:16]}>")


def holds_secret(value: Value) -> bool:
    """Whether there is a stand-in anywhere in a JSON value."""
    if isinstance(value, dict):
        return any(holds_secret(item) for item in value.values())
    if isinstance(value, list):
        return any(holds_secret(item) for item in value)
    return isinstance(value, SecretText)


def hidden(value: Value, form: Callable[[Value], Value]) -> Value:
    """Put stand-ins for all texts, numbers and booleans in a JSON value.

    `form` brings single values that mean the same to the same text.
    """
    if isinstance(value, dict):
        return {name: hidden(item, form) for name, item in value.items()}
    if isinstance(value, list):
        return [hidden(item, form) for item in value]
    if isinstance(value, SecretText) or not isinstance(value, str | int | float):
        return value
    return SecretText.of(form(value))
