"""Schedules of mute rules: when a window begins, and how long it lasts.

API reference, ``Schedule``, and "Alarm Mute Rules" of the User Guide: five fields of cron with
``*``, ``,`` and ``-``, English names of months and days, or one point of time.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from runbook.alarms.local_time import Span

_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+)\)")
_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2})\)")
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
# As cron counts them; Sunday is 0 and 7.
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_FIELDS: Mapping[str, tuple[range, tuple[str, ...]]] = {
    "minute": (range(60), ()),
    "hour": (range(24), ()),
    "day of month": (range(1, 32), ()),
    "month": (range(1, 13), tuple(_MONTHS)),
    "day of week": (range(8), tuple(_DAYS)),
}


@dataclass(frozen=True, slots=True)
class Once:
    """Clocks show this once; without a zone."""

    at: datetime

    def shown(self, span: Span) -> Iterator[datetime]:
        """Give what clocks show when it begins, if that may be in a span."""
        if any(day.date() == self.at.date() for day in span.dates()):
            yield self.at


@dataclass(frozen=True, slots=True)
class Cron:
    """Clocks show one of these minutes and hours, on a day of these months.

    The day is one of ``days`` and ``weekdays``; where ``either``, of one of them.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    either: bool = False

    def shown(self, span: Span) -> Iterator[datetime]:
        """List what clocks show when a window begins, on all days that a span touches."""
        for day in span.dates():
            fits = (day.day in self.days, day.isoweekday() % 7 in self.weekdays)
            if day.month in self.months and (any(fits) if self.either else all(fits)):
                for hour in self.hours:
                    for minute in self.minutes:
                        yield day + timedelta(hours=hour, minutes=minute)


Schedule = Once | Cron


def parse_schedule(expression: str) -> tuple[Schedule, ...]:
    """Read ``cron(...)`` or ``at(...)``, in each way that AWS's pages leave open.

    There are two where days of the month and of the week are both named: they do not say whether
    one of them is enough, as in other crons. Raises ``ValueError`` for what is neither.
    """
    if at := _AT.fullmatch(expression):
        return (Once(datetime.fromisoformat(at[1])),)
    found = _CRON.fullmatch(expression)
    if found is None:
        raise ValueError(
            f"{expression} is neither cron(...) of five fields nor at(yyyy-MM-ddThh:mm)"
        )
    minutes, hours, days, months, weekdays = (
        _numbers(text, field) for text, field in zip(found.groups(), _FIELDS, strict=True)
    )
    both = Cron(minutes, hours, days, months, tuple(sorted({day % 7 for day in weekdays})))
    return (both,) if "*" in (found[3], found[5]) else (both, replace(both, either=True))


def _numbers(text: str, field: str) -> tuple[int, ...]:
    """Read one field: values, ranges of them, or all."""
    known, words = _FIELDS[field]
    if text == "*":
        return tuple(known)
    found: set[int] = set()
    for part in text.split(","):
        low, _, high = part.partition("-")
        first = _number(low, known, words)
        last = _number(high, known, words) if "-" in part else first
        if high == "SUN" != low:
            last = 7
        if first is None or last is None or first > last:
            raise ValueError(f"{part} is no {field}, nor a range of it")
        found |= set(range(first, last + 1))
    return tuple(sorted(found))


def _number(text: str, known: range, words: tuple[str, ...]) -> int | None:
    if text in words:
        return words.index(text) + known.start
    return int(text) if re.fullmatch("[0-9]{1,2}", text) and int(text) in known else None
