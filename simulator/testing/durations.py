"""Times as test files write them: ``90s``, ``9m``, ``1h30m``, ``1d``."""

import re

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(
    r"(?:(?P<d>[0-9]{1,5})d)?(?:(?P<h>[0-9]{1,6})h)?"
    r"(?:(?P<m>[0-9]{1,7})m)?(?:(?P<s>[0-9]{1,9})s)?"
)
HOW = "write a time such as 90s, 9m, 1h30m or 1d"


def seconds(text: str) -> int:
    """Read a time in seconds, the largest unit first. Raises ``ValueError`` for anything else."""
    found = _DURATION.fullmatch(text)
    if not found or not text:
        lacks = " has no unit" if re.fullmatch(r"[0-9]+", text) else " is no time"
        raise ValueError(f"{text[:40]!r}{lacks}")
    return sum(int(found[unit] or 0) * worth for unit, worth in _UNITS.items())


def written(time: int) -> str:
    """Write seconds as a test file does: ``1h30m``; ``0m`` for none."""
    made, rest = "", time
    for unit, worth in _UNITS.items():
        count, rest = divmod(rest, worth)
        made += f"{count}{unit}" if count else ""
    return made or "0m"
