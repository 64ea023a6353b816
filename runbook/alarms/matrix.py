"""The paging matrix: every severity at every hour of a year, and whom it reaches (ROVN-SEV-1).

What reaches nobody at some hour is meant not to: it wakes nobody, is muted outside business hours,
and told when these begin if it still rings. Hours are real ones, of UTC; clocks are the
environment's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from runbook.alarms.local_time import (
    Interval,
    Span,
    business,
    clipped,
    complement,
    spans,
    year,
)
from runbook.alarms.severities import Channel, Level, levels
from runbook.model.environment import Environment

HOUR = timedelta(hours=1)
# Before and after the year, so that whoever is muted over its end has a next business day.
_BEYOND = timedelta(days=15)


@dataclass(frozen=True)
class Moment:
    """One severity at one instant: ``channels`` that reach ``people``, or ``why`` none does.

    ``told`` is when an alarm that rings now reaches somebody, if it still rings then.
    """

    instant: datetime
    local: datetime
    channels: tuple[Channel, ...]
    people: tuple[str, ...]
    why: str
    told: datetime


@dataclass(frozen=True)
class Row:
    """One severity over the year, in real hours; ``longest_wait`` until somebody is told."""

    level: Level
    pager: float
    slack: float
    muted: float
    longest_wait: timedelta


@dataclass(frozen=True)
class Change:
    """Clocks change at ``instant``, by so much."""

    instant: datetime
    before: datetime
    after: datetime


class Matrix:
    """The matrix of one environment and one calendar year of UTC."""

    def __init__(self, environment: Environment, number: int) -> None:
        self.environment, self.over = environment, year(number)
        self.levels: Sequence[Level] = levels(environment.organisation)
        wider = Interval(self.over.start - _BEYOND, self.over.end + _BEYOND)
        self._spans = spans(environment.alerting.zone, wider)
        self._business = business(environment.alerting, wider)
        self._muted = complement(self._business, wider)

    def hours(self, level: Level) -> list[Moment]:
        """Answer for the beginning of each real hour: 8,760 of them, or 8,784."""
        count = self.over.lasts // HOUR
        return [self.at(level, self.over.start + number * HOUR) for number in range(count)]

    def at(self, level: Level, instant: datetime) -> Moment:
        """Answer for one instant of the year."""
        local = self._span(instant).shows(instant)
        if not (until := self.muted_until(level, instant)):
            return Moment(instant, local, level.channels, level.owners, "", instant)
        why = f"{level.hours_source}: {level.title} wakes nobody; it is told in business hours"
        return Moment(instant, local, (), (), why, until)

    def muted_until(self, level: Level, instant: datetime) -> datetime | None:
        """Give the end of the mute at an instant; None when the level is not muted then."""
        if level.hours == "always":
            return None
        return next((gap.end for gap in self._muted if gap.start <= instant < gap.end), None)

    def row(self, level: Level) -> Row:
        """Add up one severity's year, to the minute."""
        all_hours = self.over.lasts / HOUR
        silent = [] if level.hours == "always" else self._muted
        muted = sum((gap.lasts for gap in clipped(silent, self.over)), timedelta()) / HOUR
        of_year = (gap for gap in silent if gap.start < self.over.end and gap.end > self.over.start)
        return Row(
            level=level,
            pager=all_hours - muted if "pager" in level.channels else 0,
            slack=all_hours - muted if "slack" in level.channels else 0,
            muted=muted,
            longest_wait=max((gap.lasts for gap in of_year), default=timedelta()),
        )

    def rows(self) -> list[Row]:
        """Add up every severity's year, the gravest first."""
        return [self.row(level) for level in self.levels]

    def changes(self) -> list[Change]:
        """List when clocks change in the year."""
        return [
            Change(later.start, earlier.shows(later.start), later.shows(later.start))
            for earlier, later in pairwise(self._spans)
            if self.over.start <= later.start < self.over.end
        ]

    def _span(self, instant: datetime) -> Span:
        return next(span for span in self._spans if span.start <= instant < span.end)
