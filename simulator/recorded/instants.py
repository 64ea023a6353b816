"""Instants as files and command lines write them: with a zone, in whole seconds since 1970."""

from datetime import UTC, datetime
from functools import lru_cache

from runbook.model.refusal import Refusal, RefusedError

_YEAR_10000 = 253_402_300_800
EXAMPLE = "2026-03-02T09:00:00Z"


def instant(text: str | float) -> int:
    """Read an ISO 8601 text with a zone, or seconds since 1970, as the AWS CLI prints either.

    Raises ``ValueError``, in words, for one without a zone, or within a second.
    """
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise ValueError(f"{text!r} is no instant")  # noqa: TRY004 - one error for all that is none
    seconds = float(text) if not isinstance(text, str) else _of_text(text)
    if seconds % 1:
        raise ValueError(f"{text!r} is within a second: datapoints begin on whole ones")
    if not 0 <= seconds < _YEAR_10000:
        raise ValueError(f"{text!r} is in no year from 1970 to 9999")
    return int(seconds)


def option(name: str, text: str) -> int:
    """Read the instant of an option; raises ``RefusedError``."""
    try:
        return instant(text)
    except ValueError as error:
        fix = f"write it with its zone, such as {EXAMPLE}"
        raise RefusedError("the command line", [Refusal(name, str(error), fix)]) from None


def shown(seconds: int) -> str:
    """Write an instant in UTC, to the second where it is not whole minutes."""
    found = datetime.fromtimestamp(seconds, UTC)
    return f"{found:%Y-%m-%dT%H:%M}Z" if seconds % 60 == 0 else f"{found:%Y-%m-%dT%H:%M:%S}Z"


# Series of one recording have the same instants.
@lru_cache(maxsize=1 << 17)
def _of_text(text: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no ISO 8601 instant") from None
    if found.tzinfo is None:
        raise ValueError(f"{text!r} names no zone")
    return found.timestamp()
