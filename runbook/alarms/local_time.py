"""A year as one place's clocks show it: spans of one offset, and business hours in real time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from runbook.model.alerting import DAYS, Alerting

_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)


@dataclass(frozen=True, order=True)
class Interval:
    """Real time from ``start`` until before ``end``, both UTC."""

    start: datetime
    end: datetime

    @property
    def lasts(self) -> timedelta:
        """How long it is."""
        return self.end - self.start


@dataclass(frozen=True)
class Span:
    """Real time in which clocks are ahead of UTC by the same ``offset``."""

    start: datetime
    end: datetime
    offset: timedelta

    def shows(self, instant: datetime) -> datetime:
        """Give what clocks show, without a zone."""
        return (instant + self.offset).replace(tzinfo=None)

    def instant(self, local: datetime) -> datetime:
        """Give when clocks show this by this offset, whether the span lasts that long or not."""
        return local.replace(tzinfo=UTC) - self.offset

    def dates(self) -> Iterator[datetime]:
        """List the midnights of the days that it touches, without a zone."""
        day = self.shows(self.start).replace(hour=0, minute=0, second=0, microsecond=0)
        while day < self.shows(self.end):
            yield day
            day += _DAY


def year(number: int) -> Interval:
    """Give a calendar year of UTC: 8,760 real hours, or 8,784."""
    return Interval(datetime(number, 1, 1, tzinfo=UTC), datetime(number + 1, 1, 1, tzinfo=UTC))


@lru_cache(maxsize=64)
def spans(zone: ZoneInfo, over: Interval) -> tuple[Span, ...]:
    """Cut real time where clocks change; to the minute."""
    found: list[Span] = []
    start, instant = over.start, over.start
    while instant < over.end:
        following = min(instant + _DAY, over.end)
        if _offset(zone, following) != _offset(zone, start):
            changes = _change(zone, instant, following)
            found.append(Span(start, changes, _offset(zone, start)))
            start = changes
        instant = following
    found.append(Span(start, over.end, _offset(zone, start)))
    return tuple(span for span in found if span.start < span.end)


def business(alerting: Alerting, over: Interval) -> list[Interval]:
    """List when clocks show business hours of a business day."""
    found = []
    for span in spans(alerting.zone, over):
        for day in span.dates():
            if DAYS[day.weekday()] in alerting.business_days:
                opens = span.instant(day + timedelta(hours=alerting.opens))
                closes = span.instant(day + timedelta(hours=alerting.closes))
                found.append(Interval(max(opens, span.start), min(closes, span.end)))
    return union(found)


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Join what overlaps or meets, in order; what is empty goes."""
    joined: list[Interval] = []
    for interval in sorted(each for each in intervals if each.start < each.end):
        if joined and interval.start <= joined[-1].end:
            last = joined.pop()
            joined.append(Interval(last.start, max(last.end, interval.end)))
        else:
            joined.append(interval)
    return joined


def complement(intervals: Iterable[Interval], over: Interval) -> list[Interval]:
    """List what of ``over`` is in none of them."""
    found, reached = [], over.start
    for interval in clipped(intervals, over):
        if reached < interval.start:
            found.append(Interval(reached, interval.start))
        reached = interval.end
    return [*found, Interval(reached, over.end)] if reached < over.end else found


def clipped(intervals: Iterable[Interval], over: Interval) -> list[Interval]:
    """Keep what of them lies in ``over``, joined and in order."""
    return union(
        Interval(max(each.start, over.start), min(each.end, over.end)) for each in intervals
    )


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Find the minute in which the later offset begins."""
    while after - before > _MINUTE:
        middle = before + (after - before) // 2 // _MINUTE * _MINUTE
        if _offset(zone, middle) == _offset(zone, after):
            after = middle
        else:
            before = middle
    return after
