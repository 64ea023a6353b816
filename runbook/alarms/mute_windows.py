"""Windows in which CloudWatch mutes what wakes nobody: exactly the complement of business hours.

A window begins when clocks show a time and lasts for real time, so one over a night in which clocks
change ends an hour early or late (CloudWatch's API reference, ``Schedule``). Therefore the window
of a night ends in the small hours, and another one, begun after any change, ends when business
hours begin; the two overlap, and an alarm is muted while any window is open.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from runbook.alarms.local_time import Interval, Span, spans, union
from runbook.model.alerting import DAYS, Alerting, Day

# Clocks change between 21:00 and 04:00, in every zone of the IANA database: of the hours from the
# first to the last, each is shown once a day.
FIRST_PLAIN, LAST_PLAIN = 4, 20
# From here on, a night's window ends between FIRST_PLAIN and opening however clocks change.
EARLIEST_OPENING = 7
# Of the one zone whose clocks change by two hours.
EARLIEST_OPENINGS = {"Antarctica/Troll": 9}
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=15)
# Where no long window fits: clocks change on a quarter of an hour, in every zone.
_QUARTERS, _STEP = (0, 15, 30, 45), timedelta(minutes=15)
_NAMES = tuple(day.upper() for day in DAYS)
_CRON = re.compile(r"cron\(([0-9,-]+) ([0-9,-]+|\*) \* \* ([A-Z,-]+|\*)\)")
_DURATION = re.compile(r"P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?)?")


@dataclass(frozen=True)
class Window:
    """Begins each time that clocks show one of these minutes and hours of one of these days."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[Day, ...]
    lasts: timedelta

    @property
    def expression(self) -> str:
        """When it begins, as CloudWatch takes it."""
        minutes, hours = (",".join(map(str, found)) for found in (self.minutes, self.hours))
        return f"cron({minutes} {hours} * * {','.join(self.days).upper()})"

    @property
    def duration(self) -> str:
        """How long it lasts, as ISO 8601 writes it."""
        hours, minutes = divmod(self.lasts.seconds // 60, 60)
        time = f"{hours}H" * bool(hours) + f"{minutes}M" * bool(minutes)
        return "P" + f"{self.lasts.days}D" * bool(self.lasts.days) + "T" * bool(time) + time

    @property
    def name(self) -> str:
        """Tell it from the others: two that differ never share a name."""
        hours = "-".join(f"{hour:02}" for hour in self.hours)
        minutes = self.lasts // timedelta(minutes=1)
        return f"{'-'.join(self.days)}-at-{hours}-for-{minutes}m"


class Twice(Enum):
    """What could become of a time that clocks show twice; AWS does not say."""

    BOTH = "both"
    FIRST = "first"
    SECOND = "second"


class Never(Enum):
    """What could become of a time that clocks jump over; AWS does not say."""

    SKIPPED = "skipped"
    LATER = "later"


@dataclass(frozen=True)
class Reading:
    """One way to understand a schedule where clocks change."""

    twice: Twice = Twice.BOTH
    never: Never = Never.SKIPPED


EACH_TIME = Reading()
READINGS = tuple(Reading(twice, never) for twice in Twice for never in Never)


def is_plain(alerting: Alerting) -> bool:
    """Say whether windows hold however a schedule is understood where clocks change.

    Else they are right where a time shown twice begins one twice, and one never shown none: the
    night in which clocks change could be an hour off.
    """
    if not complement_of_week(alerting):
        return True
    opening = EARLIEST_OPENINGS.get(alerting.time_zone, EARLIEST_OPENING)
    return opening <= alerting.opens <= LAST_PLAIN and alerting.closes <= LAST_PLAIN


def mute_windows(alerting: Alerting) -> tuple[Window, ...]:
    """Make the windows outside business hours; none where these are always."""
    found: dict[tuple[tuple[int, ...], tuple[int, ...], timedelta], set[int]] = {}
    steps: dict[int, set[int]] = {}
    for start, end in complement_of_week(alerting):
        for hour, lasts in _long(alerting, start, end, steps):
            found.setdefault(((0,), (hour % 24,), lasts), set()).add(hour // 24 % 7)
    for day, hours in steps.items():
        found.setdefault((_QUARTERS, tuple(sorted(hours)), _STEP), set()).add(day)
    return tuple(
        Window(minutes, hours, tuple(DAYS[day] for day in sorted(days)), lasts)
        for (minutes, hours, lasts), days in found.items()
    )


def complement_of_week(alerting: Alerting) -> list[tuple[int, int]]:
    """List what of a week is muted, from hour to hour since Monday; the last may pass its end."""
    if alerting.closes - alerting.opens == 24 and len(alerting.business_days) == len(DAYS):
        return []
    days = sorted(DAYS.index(day) for day in alerting.business_days)
    following = [*days[1:], days[0] + 7]
    found = [
        (day * 24 + alerting.closes, after * 24 + alerting.opens)
        for day, after in zip(days, following, strict=True)
    ]
    return [(start, end) for start, end in found if start < end]


def _long(
    alerting: Alerting, start: int, end: int, steps: dict[int, set[int]]
) -> Iterator[tuple[int, timedelta]]:
    """Cut one stretch into windows between plain hours; what is beside them goes into ``steps``."""
    first = start if _plain(start) else _next_plain(start)
    last = end if _is_plain_end(alerting, first, end) else _last_plain(end)
    if first >= last:
        first = last = end
    for hour in (*range(start, first), *range(last, end)):
        steps.setdefault(hour // 24 % 7, set()).add(hour % 24)
    if first == last:
        return
    if first // 24 == last // 24:
        yield first, timedelta(hours=last - first)
        return
    morning = last // 24 * 24 + FIRST_PLAIN
    yield first, timedelta(hours=morning - first + (last - morning) / 2)
    yield morning, timedelta(hours=last - morning)


def _plain(hour: int) -> bool:
    return FIRST_PLAIN <= hour % 24 <= LAST_PLAIN


def _is_plain_end(alerting: Alerting, first: int, end: int) -> bool:
    if first // 24 == end // 24:
        return _plain(end)
    earliest = EARLIEST_OPENINGS.get(alerting.time_zone, EARLIEST_OPENING)
    return earliest <= end % 24 <= LAST_PLAIN


def _next_plain(hour: int) -> int:
    return next(each for each in range(hour, hour + 24) if _plain(each))


def _last_plain(hour: int) -> int:
    return next(each for each in range(hour, hour - 24, -1) if each % 24 == LAST_PLAIN)


def parsed(expression: str, duration: str) -> Window:
    """Read a window as CloudWatch has it; ``ValueError`` for what is not of a weekly kind."""
    cron = _CRON.fullmatch(expression)
    if not cron or not _DURATION.fullmatch(duration):
        raise ValueError(f"{expression} for {duration} is no window of each week")
    of_week = _numbers(cron[3], tuple(enumerate(_NAMES)))
    return Window(
        _numbers(cron[1], tuple((n, str(n)) for n in range(60))),
        _numbers(cron[2], tuple((n, str(n)) for n in range(24))),
        tuple(DAYS[day] for day in of_week),
        parsed_duration(duration),
    )


def parsed_duration(duration: str) -> timedelta:
    """Read how long a window lasts; ``ValueError`` for what CloudWatch would not take."""
    iso = _DURATION.fullmatch(duration)
    days, hours, minutes = (int(part or 0) for part in iso.groups()) if iso else (0, 0, 0)
    found = timedelta(days=days, hours=hours, minutes=minutes)
    if not SHORTEST <= found <= LONGEST:
        raise ValueError(f"{duration} is not between a minute and 15 days")
    return found


def _numbers(field: str, known: Sequence[tuple[int, str]]) -> tuple[int, ...]:
    """Read one field: values, and ranges of them."""
    place = {name: number for number, name in known}
    if field == "*":
        return tuple(place.values())
    found: set[int] = set()
    for part in field.split(","):
        low, _, high = part.partition("-")
        if low not in place or (high or low) not in place or place[low] > place[high or low]:
            raise ValueError(f"{part} is no value of its field")
        found |= set(range(place[low], place[high or low] + 1))
    return tuple(sorted(found))


def muted(
    windows: Iterable[Window], alerting: Alerting, over: Interval, reading: Reading = EACH_TIME
) -> list[Interval]:
    """List when any window is open, of all that could be in ``over``."""
    zone = alerting.zone
    return union(each for window in windows for each in opened(window, zone, over, reading))


def opened(
    window: Window, zone: ZoneInfo, over: Interval, reading: Reading = EACH_TIME
) -> list[Interval]:
    """List each time that a window opens, also long before ``over``, so that it reaches there."""
    wider = Interval(over.start - LONGEST, over.end)
    begun = begins(lambda span: _shown(window, span), spans(zone, wider), reading)
    return [Interval(instant, instant + window.lasts) for instant in begun]


def begins(
    shown: Callable[[Span], Iterable[datetime]], over: Sequence[Span], reading: Reading
) -> list[datetime]:
    """List when windows begin, by what clocks of each span show then."""
    starts: dict[datetime, list[datetime]] = {}
    for span, following in zip(over, [*over[1:], None], strict=True):
        for local in shown(span):
            instant = span.instant(local)
            jumped = following and instant >= span.end and following.shows(span.end) > local
            if span.start <= instant < span.end or (jumped and reading.never is Never.LATER):
                starts.setdefault(local, []).append(instant)
    picked = {Twice.BOTH: slice(None), Twice.FIRST: slice(1), Twice.SECOND: slice(-1, None)}
    return [instant for instants in starts.values() for instant in instants[picked[reading.twice]]]


def _shown(window: Window, span: Span) -> Iterator[datetime]:
    for day in span.dates():
        if DAYS[day.weekday()] in window.days:
            for hour in window.hours:
                for minute in window.minutes:
                    yield day + timedelta(hours=hour, minutes=minute)
