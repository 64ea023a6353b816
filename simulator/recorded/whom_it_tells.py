"""Whom an alarm's actions reach, and what hour that is: by severity and the environment's clocks.

Night is from ten in the evening to seven, our own reading: no document of the severities says it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property

from runbook.alarms.local_time import Interval, business, clipped
from runbook.alarms.paging import topic
from runbook.alarms.severities import Level, levels
from runbook.model.environment import Environment

NIGHT_BEGINS, NIGHT_ENDS = 22, 7
_CHANNELS = {"pager": "pager", "slack": "Slack"}


class Hours(StrEnum):
    """Classes of hours of the day, by the environment's clocks."""

    BUSINESS = "business hours"
    OFF = "evenings and days off"
    NIGHT = "night"


@dataclass(frozen=True)
class Audience:
    """An environment's people from ``start`` until ``end``, seconds since 1970."""

    environment: Environment
    start: int
    end: int

    @property
    def levels(self) -> Sequence[Level]:
        """Its severities, the gravest first."""
        return levels(self.environment.organisation)

    def level(self, told: Sequence[str]) -> Level | None:
        """Find the severity whose topic is among the actions; None where none is."""
        ends = {action.rpartition(":")[2] for action in told}
        slug = self.environment.slug
        return next((level for level in self.levels if topic(slug, level.id) in ends), None)

    def channels(self, told: Sequence[str]) -> tuple[str, ...]:
        """Name what reaches people, as they call it; the actions themselves beside a severity."""
        level = self.level(told)
        return tuple(_CHANNELS[each] for each in level.channels) if level else tuple(told)

    def local(self, instant: int) -> datetime:
        """Show an instant as the environment's clocks do."""
        return _utc(instant).astimezone(self.environment.alerting.zone)

    def hours(self, instant: int) -> Hours:
        """Tell the class of an instant."""
        moment = _utc(instant)
        if any(each.start <= moment < each.end for each in self._business):
            return Hours.BUSINESS
        hour = self.local(instant).hour
        return Hours.NIGHT if hour >= NIGHT_BEGINS or hour < NIGHT_ENDS else Hours.OFF

    def within(self, start: int, end: int) -> tuple[int, int]:
        """Split a time into seconds inside business hours and outside."""
        inside = clipped(self._business, Interval(_utc(start), _utc(end)))
        seconds = int(sum(each.lasts.total_seconds() for each in inside))
        return seconds, end - start - seconds

    @cached_property
    def _business(self) -> list[Interval]:
        return business(self.environment.alerting, Interval(_utc(self.start), _utc(self.end)))


def _utc(instant: int) -> datetime:
    return datetime.fromtimestamp(instant, UTC)
