"""Generated tokens: a new one, and for a while the one before it (ROVN-SEC-3).

Who takes a token takes ``previous`` as well until ``previous_until``, so nobody is locked out who
still has the old one: neither a caller, nor a task that has not been restarted yet.
"""

import hmac
import json
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from . import moments
from .steps import Values

# 64 characters, 384 bits.
_BYTES = 48
_MADE = re.compile(r"[A-Za-z0-9_-]{64,}")
# What somebody may have supplied: the consumers refuse shorter ones.
_USABLE = re.compile(r"[!-~]{32,}")
_KEYS = {"token", "previous", "previous_until"}


class TokenStrategy:
    """Tokens as ``{"token", "previous", "previous_until"}``, the last in ISO 8601, UTC.

    Reads a first value, whose ``previous`` is empty or absent, and one that is the token itself,
    as before this mechanism. Raises ValueError, without the value, for one that is neither.
    """

    def __init__(self, overlap_hours: int, now: datetime) -> None:
        self._overlap = timedelta(hours=overlap_hours)
        self._now = now

    def end_overlap(self) -> None:
        """Do nothing: the next rotation drops the previous token, and consumers restart between."""

    def create(self, current: str) -> str:
        """Make a random token; the current one becomes the previous for ``overlap_hours``."""
        return json.dumps(
            {
                "token": secrets.token_urlsafe(_BYTES),
                "previous": _token(current),
                "previous_until": moments.spelled(self._now + self._overlap),
            }
        )

    def set(self, values: Values) -> None:
        """Do nothing: whoever takes the token reads both from this value, at its restart."""

    def test(self, values: Values) -> None:
        """Want a new token, and the current one beside it for as long as its holders need it."""
        pending = _document(values.pending, "the pending value")
        if pending.keys() != _KEYS or not all(isinstance(each, str) for each in pending.values()):
            raise ValueError(f"the pending value has other keys than {', '.join(sorted(_KEYS))}")
        if not _MADE.fullmatch(pending["token"]):
            raise ValueError("the pending token is not one that a rotation made")
        # Current and previous tokens of both, whatever the form of the values.
        if pending["token"] in values.current or pending["token"] in (values.previous or ""):
            raise ValueError("the pending token has been in use before")
        if not hmac.compare_digest(pending["previous"], _token(values.current)):
            raise ValueError("the pending value does not go on taking the current token")
        until = moments.read(pending["previous_until"], "previous_until of the pending value")
        if until <= self._now:
            raise ValueError(
                "the overlap ended before the rotation did: "
                "take AWSPENDING off that version and rotate again"
            )
        if until > self._now + self._overlap:
            raise ValueError("the pending value takes the current token for too long")


def _token(value: str) -> str:
    """Find the token of a current value in whichever form it has."""
    what = "the current value"
    token = _document(value, what).get("token") if value.startswith("{") else value
    if not isinstance(token, str) or not _USABLE.fullmatch(token):
        raise ValueError(f"{what} has no token of 32 characters or more without blanks")
    return token


def _document(value: str, what: str) -> Mapping[str, Any]:
    try:
        document = json.loads(value)
    except ValueError:
        # Its error has the value.
        document = None
    if not isinstance(document, dict):
        raise ValueError(f"{what} is no JSON object")  # noqa: TRY004 - of the value, not of a type
    return document
