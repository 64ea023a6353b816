"""Draws a series with its threshold, and an alarm's states below, in characters."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, count

import numpy as np
from numpy.typing import NDArray

from runbook.alarms.alarm import DAY, HOUR, MINUTE, Comparison
from simulator.cloudwatch.definitions import MetricAlarm, State
from simulator.cloudwatch.judgement import STATES
from simulator.cloudwatch.series import Values
from simulator.testing.durations import written

COLUMNS, ROWS = 60, 8
_STATES = {State.OK: ".", State.ALARM: "A", State.INSUFFICIENT: "?"}
_TICKS = 15
# As series are written.
MISSING = "_"
MIXED = "*"
_TIMES = (
    *(m * MINUTE for m in (1, 2, 3, 5, 10, 15, 20, 30)),
    *(h * HOUR for h in (1, 2, 3, 6, 12)),
)


@dataclass(frozen=True, slots=True)
class Characters:
    """What a drawing is made of: ``blocks`` from empty to full, the threshold, the axis."""

    blocks: str
    threshold: str
    tick: str
    edge: str
    mark: str
    corner: str


BLOCKS = Characters(" ▁▂▃▄▅▆▇█", "─", "┬", "│", "┤", "└")
ASCII = Characters(" #", "-", "+", "|", "+", "+")


@dataclass(frozen=True, slots=True)
class Timeline:
    """The columns of a drawing: ``steps`` of ``step`` seconds, and the step that is pointed at."""

    steps: int
    step: int
    points_at: int
    characters: Characters

    @property
    def each(self) -> int:
        """How many steps a column is: as few as fit, and a time that people count in."""
        return next(each for each in _counted_in(self.step) if each * COLUMNS >= self.steps)

    def row(self, states: NDArray[np.int8]) -> str:
        """Draw the states of an alarm."""
        parts = (states[at : at + self.each] for at in range(0, self.steps, self.each))
        return "".join(_sign(part) for part in parts)

    def axis(self) -> tuple[str, str]:
        """Draw the axis of times: a tick each 15 columns, and its time below."""
        tick, line = self.characters.tick, self.characters.threshold
        ticks = range(0, -(-self.steps // self.each), _TICKS)
        drawn = "".join(tick if at in ticks else line for at in range(-(-self.steps // self.each)))
        times = "".join(f"{written(at * self.each * self.step):<{_TICKS}}" for at in ticks)
        return f"{self.characters.corner}{drawn}", f" {times}"

    def pointer(self) -> str:
        """Point at the column of a step."""
        return f"{' ' * (self.points_at // self.each)}^ {written(self.points_at * self.step)}"

    def legend(self, *, mixed: bool, missing: bool = False) -> str:
        """Say what the signs are."""
        signs = [f"{sign} {state.value}" for state, sign in _STATES.items()]
        signs += [f"{MIXED} several"] if mixed else []
        signs += [f"{MISSING} missing"] if missing else []
        several = f"; each column is {written(self.each * self.step)}" if self.each > 1 else ""
        return ", ".join(signs) + several


def drawn(
    values: Values, alarm: MetricAlarm, states: NDArray[np.int8], timeline: Timeline
) -> list[str]:
    """Draw what is held against the threshold, with the states below: a line each row.

    Where a column is several steps, it has the value that is nearest to breaching.
    """
    shown = _gathered(values, timeline.each, alarm.comparison)
    rows = _rows(shown, alarm.threshold, timeline.characters)
    row = timeline.row(states)
    legend = timeline.legend(mixed=MIXED in row, missing=bool(np.isnan(values).any()))
    wide = max(len(label) for label, _ in rows)
    margin = " " * wide
    lines = [f"{label:>{wide}} {cells}" for label, cells in rows]
    below = (*timeline.axis(), f" {row}", f" {timeline.pointer()}", f" {legend}")
    return [line.rstrip() for line in (*lines, *(f"{margin} {text}" for text in below))]


def drawn_states(states: Mapping[str, NDArray[np.int8]], timeline: Timeline) -> list[str]:
    """Draw the states of several alarms by their names, one line each, with one axis."""
    rows = {name: timeline.row(of_one) for name, of_one in states.items()}
    legend = timeline.legend(mixed=any(MIXED in row for row in rows.values()))
    wide = max(map(len, rows))
    margin = " " * wide
    lines = [f"{name:<{wide}}  {row}" for name, row in rows.items()]
    below = (f" {timeline.pointer()}", *timeline.axis(), f" {legend}")
    return [line.rstrip() for line in (*lines, *(f"{margin} {text}" for text in below))]


def _counted_in(step: int) -> Iterator[int]:
    """List times that people count in, as steps: minutes and hours, then days."""
    whole = [time // step for time in _TIMES if time % step == 0]
    return chain([1], whole, (days * DAY // step for days in count(1)))


def _sign(states: NDArray[np.int8]) -> str:
    first = states[0]
    return _STATES[STATES[first]] if (states == first).all() else MIXED


def _gathered(values: Values, each: int, comparison: Comparison) -> Values:
    if each == 1:
        return values
    upwards = comparison in (Comparison.ABOVE, Comparison.AT_LEAST)
    padded = np.full(-(-len(values) // each) * each, np.nan)
    padded[: len(values)] = values
    gather = np.fmax if upwards else np.fmin
    gathered: Values = gather.reduce(padded.reshape(-1, each), axis=1)
    return gathered


def _rows(values: Values, threshold: float, characters: Characters) -> list[tuple[str, str]]:
    """Make the rows from the top, each with its label: the threshold's, the top's, the bottom's."""
    there = values[~np.isnan(values)]
    low = min(0.0, threshold, float(there.min(initial=0.0)))
    high = float(there.max(initial=threshold))
    # So that a bar as high as the threshold and no higher ends below the drawing's edge.
    high = high if high > max(low, threshold) else low + ((high - low) * 1.25 or 1.0)
    # A height too small to be divided is drawn as none.
    worth = (high - low) / ROWS or 1.0 / ROWS
    line = min(ROWS - 1, int((threshold - low) / worth))
    rows = []
    for row in reversed(range(ROWS)):
        blank = characters.threshold if row == line else " "
        edge = characters.mark if row == line else characters.edge
        missing, bottom = MISSING if row == 0 else blank, low + row * worth
        cells = "".join(
            missing if np.isnan(value) else _cell(value, bottom, worth, blank, characters)
            for value in values
        )
        label = {line: threshold, 0: low, ROWS - 1: high}.get(row)
        rows.append(("" if label is None else f"{label:.4g}", f"{edge}{cells}"))
    return rows


def _cell(value: float, bottom: float, worth: float, blank: str, characters: Characters) -> str:
    """Fill a cell as far as a value reaches into it."""
    full = len(characters.blocks) - 1
    reach = min(full, round((value - bottom) / worth * full))
    return characters.blocks[reach] if reach > 0 else blank
