"""Draws a series with its threshold, and an alarm's states below, in characters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runbook.alarms.alarm import Comparison
from simulator.definitions import MetricAlarm, State
from simulator.durations import written
from simulator.judgement import STATES
from simulator.series import Values

COLUMNS, ROWS = 60, 8
_STATES = {State.OK: ".", State.ALARM: "A", State.INSUFFICIENT: "?"}
_TICKS = 15
# As series are written.
MISSING = "_"


@dataclass(frozen=True, slots=True)
class Characters:
    """What a drawing is made of: ``blocks`` from empty to full, the threshold, the axis."""

    blocks: str
    threshold: str
    tick: str
    bar: str
    corner: str


BLOCKS = Characters(" ▁▂▃▄▅▆▇█", "─", "┬", "│", "└")
ASCII = Characters(" #", "-", "+", "|", "+")


def drawn(
    values: Values,
    alarm: MetricAlarm,
    states: NDArray[np.int8],
    step: int,
    characters: Characters,
) -> list[str]:
    """Draw what is held against the threshold, one line a row, of about 60 columns.

    ``step`` in seconds. Where steps are more than columns, a column has the value that is nearest
    to breaching, and the gravest state, of several.
    """
    each = -(-len(values) // COLUMNS)
    shown = _gathered(values, each, alarm.comparison)
    rows = _rows(shown, alarm.threshold, characters)
    axis, times = _axis(len(shown), each * step, characters)
    row = "".join(_gravest(part) for part in _parts(states, each))
    wide = max(len(label) for label, _ in rows)
    lines = [f"{label:>{wide}} {characters.bar}{cells}" for label, cells in rows]
    margin = " " * wide
    missing = f", {MISSING} missing" if np.isnan(values).any() else ""
    below = (axis, times, f" {row}", f" {_legend(each, step, missing)}")
    return [line.rstrip() for line in (*lines, *(f"{margin} {text}" for text in below))]


def drawn_states(
    rows: Mapping[str, NDArray[np.int8]], step: int, characters: Characters
) -> list[str]:
    """Draw the states of several alarms by their names, one line each, with one axis."""
    each = -(-max(map(len, rows.values())) // COLUMNS)
    drawn_rows = {
        name: "".join(_gravest(part) for part in _parts(states, each))
        for name, states in rows.items()
    }
    axis, times = _axis(max(map(len, drawn_rows.values())), each * step, characters)
    wide = max(map(len, rows))
    lines = [f"{name:<{wide}}  {row}" for name, row in drawn_rows.items()]
    margin = " " * wide
    lines += [f"{margin} {axis}", f"{margin} {times}", f"{margin}  {_legend(each, step)}"]
    return [line.rstrip() for line in lines]


def _legend(each: int, step: int, more: str = "") -> str:
    signs = ", ".join(f"{sign} {state.value}" for state, sign in _STATES.items())
    several = f"; each column is {written(each * step)}" if each > 1 else ""
    return f"{signs}{more}{several}"


def _parts(states: NDArray[np.int8], each: int) -> list[NDArray[np.int8]]:
    return [states[at : at + each] for at in range(0, len(states), each)]


def _gravest(states: NDArray[np.int8]) -> str:
    there = {STATES[index] for index in states}
    return _STATES[next(s for s in (State.ALARM, State.INSUFFICIENT, State.OK) if s in there)]


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
    low = float(min(0.0, threshold, *there)) if there.size else min(0.0, threshold)
    high = float(max(threshold, *there)) if there.size else threshold
    # So that a bar as high as the threshold and no higher ends below the drawing's edge.
    high = high if high > max(low, threshold) else low + ((high - low) * 1.25 or 1.0)
    worth = (high - low) / ROWS
    line = min(ROWS - 1, int((threshold - low) / worth))
    rows = []
    for row in reversed(range(ROWS)):
        blank = characters.threshold if row == line else " "
        missing, bottom = MISSING if row == 0 else blank, low + row * worth
        cells = "".join(
            missing if np.isnan(value) else _cell(value, bottom, worth, blank, characters)
            for value in values
        )
        label = {line: threshold, 0: low, ROWS - 1: high}.get(row)
        rows.append(("" if label is None else f"{label:.4g}", cells))
    return rows


def _cell(value: float, bottom: float, worth: float, blank: str, characters: Characters) -> str:
    """Fill a cell as far as a value reaches into it."""
    if value <= bottom:
        return blank
    full = len(characters.blocks) - 1
    reach = min(full, max(1, round((value - bottom) / worth * full)))
    return characters.blocks[reach]


def _axis(columns: int, seconds: int, characters: Characters) -> tuple[str, str]:
    """Draw the axis of times: a tick each 15 columns, with its time below."""
    line = characters.threshold
    ticks: Sequence[int] = range(0, columns, _TICKS)
    axis = "".join(characters.tick if at in ticks else line for at in range(columns))
    times = "".join(f"{written(at * seconds):<{_TICKS}}" for at in ticks)
    return f"{characters.corner}{axis}", f" {times}"
