"""Schedules of CloudWatch's mute rules: when a window is open. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+)\)")
ONCE = re.compile(r"at\((.+)\)")
_LASTS = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
# As cron numbers them.
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def is_open(schedule: Mapping[str, str], now: datetime) -> bool:
    """Say whether a window is open; raises ValueError for a schedule that CloudWatch would refuse.

    A window begins by the clock of its time zone and lasts for real time. Where clocks show a time
    twice it begins twice, and not at all at one that they jump over.
    """
    found = _LASTS.fullmatch(schedule["Duration"])
    if found is None or not any(found.groups()):
        raise ValueError(f"{schedule['Duration']} is no duration of days, hours and minutes")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    lasts = timedelta(days=days, hours=hours, minutes=minutes)
    zone = ZoneInfo(schedule.get("Timezone", "UTC"))
    first = (now - lasts).astimezone(zone).date()
    span = (now.astimezone(zone).date() - first).days
    return any(
        begin <= now < begin + lasts
        for day in (first + timedelta(days=each) for each in range(span + 1))
        for begin in _begins(schedule["Expression"], day, zone)
    )


def _begins(expression: str, day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """List when windows begin on one day of a time zone."""
    once, cron = ONCE.fullmatch(expression), _CRON.fullmatch(expression)
    if once:
        told = datetime.fromisoformat(once[1])
        clocks = [told] if told.date() == day else []
    elif cron:
        clocks = _by_cron([str(each) for each in cron.groups()], day)
    else:
        raise ValueError(f"{expression} is neither cron(...) of five fields nor at(...)")
    for clock in clocks:
        for fold in (0, 1):
            begin = clock.replace(tzinfo=zone, fold=fold).astimezone(UTC)
            shown = begin.astimezone(zone)
            if shown.replace(tzinfo=None) == clock and shown.fold == fold:
                yield begin


def _by_cron(fields: list[str], day: date) -> list[datetime]:
    minutes, hours = _values(fields[0], range(60)), _values(fields[1], range(24))
    days = _values(fields[2], range(1, 32))
    months = _values(fields[3], range(1, 13), _MONTHS)
    of_week = _values(fields[4], range(7), _DAYS)
    if day.day not in days or day.month not in months or day.isoweekday() % 7 not in of_week:
        return []
    midnight = datetime(day.year, day.month, day.day)
    return [
        midnight + timedelta(hours=hour, minutes=minute)
        for hour in sorted(hours)
        for minute in sorted(minutes)
    ]


def _values(text: str, every: range, names: tuple[str, ...] = ()) -> set[int]:
    """Read one field of a cron expression: numbers or names, ranges and lists of them."""
    if text == "*":
        return set(every)
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        begin, end = (_number(each, every, names) for each in (first, last or first))
        found |= {each for each in every if begin <= each <= end}
        if begin > end:
            raise ValueError(f"{part} ends before it begins")
    return found


def _number(text: str, every: range, names: tuple[str, ...]) -> int:
    number = every.start + names.index(text) if text in names else int(text)
    if number not in every:
        raise ValueError(f"{text} is not between {every.start} and {every.stop - 1}")
    return number
