"""When mute rules keep an alarm's actions from running.

A window is open from when clocks show what its schedule says, for real time; windows of several
rules add up ("How alarm mute rules work", User Guide). Where AWS's pages leave more than one
reading, all are worked out: what they agree on is known, and the rest is said to be unknown rather
than guessed, since either guess could make a page that is never sent look like one that is.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import product
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from runbook.alarms.local_time import Interval, spans
from runbook.alarms.mute_windows import EACH_TIME, LONGEST, READINGS, begins, parsed_duration
from runbook.model.refusal import Refusal, RefusedError
from simulator.cloudwatch.definitions import MuteRule
from simulator.cloudwatch.schedules import parse_schedule
from simulator.cloudwatch.series import Grid

# What may be said of one step. Only OPEN lets actions run for sure.
OPEN, MUTED, NO_START, UNDOCUMENTED = (np.int8(code) for code in range(4))
WHY_UNKNOWN: Mapping[int, str] = {
    int(NO_START): "a mute rule names the alarm, and no start says what time it is: give start",
    int(UNDOCUMENTED): (
        "AWS does not document whether a mute window is open then: clocks change, or the rule's "
        "dates or days can be read in two ways: look at another time"
    ),
}
_T = TypeVar("_T")
_DAY = timedelta(days=1)
# Where a rule has no date.
_EARLIEST, _LATEST = "1971-01-01T00:00", "2999-01-01T00:00"


def muted(
    rules: Sequence[MuteRule], name: str, grid: Grid, region: str | None = None
) -> NDArray[np.int8]:
    """Say for each step whether the alarm of this name is muted: OPEN, MUTED, or why unknown.

    A step is looked at when it ends, as the evaluation does. A rule of another region than
    ``region`` is passed over: CloudWatch mutes in the rule's own alone. Without ``grid.start`` it
    is OPEN where no rule names the alarm, else NO_START. Raises ``RefusedError`` for a rule that
    CloudWatch would not take.
    """
    found = (
        rule
        for rule in rules
        if name in rule.alarms and (None in (region, rule.region) or region == rule.region)
    )
    return _muted(tuple(found), grid)


# Tests replay the same minutes of many alarms, and each several times.
@lru_cache(maxsize=32)
def _muted(rules: tuple[MuteRule, ...], grid: Grid) -> NDArray[np.int8]:
    windows = [_Windows(rule) for rule in rules]
    if windows and grid.start is None:
        return _fixed(np.full(grid.steps, NO_START))
    every, some = np.zeros((2, grid.steps), np.bool_)
    for window in windows:
        readings = [_covered(intervals, grid) for intervals in window.readings(_span(grid))]
        every |= np.logical_and.reduce(readings)
        some |= np.logical_or.reduce(readings)
    return _fixed(np.where(every, MUTED, np.where(some, UNDOCUMENTED, OPEN)))


def _fixed(codes: NDArray[np.int8]) -> NDArray[np.int8]:
    codes.flags.writeable = False
    return codes


def _span(grid: Grid) -> Interval:
    start = datetime.fromtimestamp(grid.start or 0, UTC)
    return Interval(start, start + timedelta(seconds=(grid.steps + 1) * grid.step))


def _covered(intervals: Iterable[Interval], grid: Grid) -> NDArray[np.bool_]:
    """Mark the steps that end in one of them."""
    changes = np.zeros(grid.steps + 1, np.int64)
    for interval in intervals:
        first, end = (_step(at, grid) for at in (interval.start, interval.end))
        if first < end:
            changes[first] += 1
            changes[end] -= 1
    return np.cumsum(changes[:-1]) > 0


def _step(instant: datetime, grid: Grid) -> int:
    """Give the first step that ends at or after an instant."""
    seconds = instant.timestamp() - (grid.start or 0)
    return min(max(math.ceil(seconds / grid.step) - 1, 0), grid.steps)


class _Windows:
    """The windows of one rule."""

    def __init__(self, rule: MuteRule) -> None:
        self._rule = rule
        self._zone = self._read("Timezone", _zone, rule.timezone)
        self._schedules = self._read("Expression", parse_schedule, rule.expression)
        self._lasts = self._read("Duration", parsed_duration, rule.duration)
        self._starts = self._read("StartDate", self._dates, rule.starts or _EARLIEST)
        self._ends = self._read("ExpireDate", self._dates, rule.ends or _LATEST)

    def readings(self, over: Interval) -> list[list[Interval]]:
        """List the windows that may reach into a span of time, once for each reading.

        Readings differ where clocks change, for days of the month and of the week, for dates of
        another offset than the time zone's, and for a window that begins before the rule's start
        date: it mutes from then on, or not at all. What has expired mutes no more.
        """
        # A day more, so that the first of two equal times is not cut off.
        offsets = spans(self._zone, Interval(over.start - LONGEST - _DAY, over.end))
        clocks = READINGS if len(offsets) > 1 else (EACH_TIME,)
        begun = [
            begins(schedule.shown, offsets, reading)
            for schedule, reading in product(self._schedules, clocks)
        ]
        cuts = (False, True) if self._rule.starts else (True,)
        return [
            [
                Interval(max(at, start), min(at + self._lasts, end))
                for at in instants
                if cut or at >= start
            ]
            for instants, start, end, cut in product(begun, self._starts, self._ends, cuts)
        ]

    def _dates(self, text: str) -> tuple[datetime, ...]:
        """Read a date: by its own offset, and as what clocks of the rule's time zone show."""
        found = datetime.fromisoformat(text)
        local = [found.replace(tzinfo=self._zone, fold=fold) for fold in (0, 1)]
        read = [*local, found] if found.tzinfo else local
        return tuple(sorted({each.astimezone(UTC) for each in read}))

    def _read(self, key: str, reader: Callable[[str], _T], text: str) -> _T:
        try:
            return reader(text)
        except ValueError as error:
            fix = "write it as the API reference has it (PutAlarmMuteRule, Schedule)"
            refusal = Refusal(f"mute rule {self._rule.name}, {key}", str(error), fix)
            raise RefusedError(self._rule.place, [refusal]) from None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError(f"{name!r} is no time zone of the IANA database") from None
