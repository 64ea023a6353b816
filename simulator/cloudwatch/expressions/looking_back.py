"""FILL, and the functions that look back at the datapoints before: DIFF, DIFF_TIME, RATE."""

from dataclasses import dataclass

import numpy as np

from simulator.cloudwatch.expressions.operands import Mask, Series
from simulator.cloudwatch.series import Values


@dataclass(frozen=True, slots=True)
class _Before:
    """The datapoint before each step's own, and how many periods before; NaN where none is."""

    values: Values
    periods: Values
    doubtful: Mask


def compared(function: str, series: Series, lag: int, reach: int, seconds: int) -> Series:
    """Hold each datapoint against the one before it; none without one before it.

    A period is ``lag`` steps and ``seconds`` long; ``reach`` periods are looked back at most.
    """
    before = _before(series, lag, reach)
    apart = before.periods * seconds
    difference = series.values - before.values
    found = {"DIFF": difference, "RATE": difference / apart, "DIFF_TIME": apart + 0 * difference}
    doubtful = series.doubtful | (before.doubtful & ~series.missing)
    return Series(found[function], doubtful)


def repeated(series: Series, lag: int, reach: int) -> Series:
    """Fill each missing datapoint with the one before it, ``reach`` periods back at most."""
    before = _before(series, lag, reach)
    found = np.where(series.missing, before.values, series.values)
    return Series(found, series.doubtful | (before.doubtful & series.missing))


def filled(series: Series, filler: Series | float) -> Series:
    """Fill each missing datapoint with a number, or with another series' datapoint."""
    if isinstance(filler, float):
        return Series(np.where(series.missing, filler, series.values), series.doubtful)
    found = np.where(series.missing, filler.values, series.values)
    return Series(found, series.doubtful | (filler.doubtful & series.missing))


def _before(series: Series, lag: int, reach: int) -> _Before:
    steps = len(series.values)
    values, periods = np.full(steps, np.nan), np.full(steps, np.nan)
    doubtful = np.zeros(steps, dtype=bool)
    for back in range(1, reach + 1):
        by = back * lag
        if by >= steps:
            break
        open_ = np.isnan(values[by:]) & ~doubtful[by:]
        doubtful[by:] |= open_ & series.doubtful[:-by]
        found = open_ & ~series.missing[:-by]
        values[by:][found] = series.values[:-by][found]
        periods[by:][found] = back
    return _Before(values, periods, doubtful)
