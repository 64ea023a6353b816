"""Moments as values of secrets spell them: ISO 8601 in UTC, to the second, with a Z at the end."""

from datetime import UTC, datetime


def spelled(moment: datetime) -> str:
    """Spell a moment that says its zone; what is less than a second goes."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def read(text: object, what: str) -> datetime:
    """Read what ``spelled`` wrote. Raises ValueError, which says ``what`` and not the text."""
    if isinstance(text, str):
        try:
            return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            pass
    raise ValueError(f"{what} is no moment in UTC")
