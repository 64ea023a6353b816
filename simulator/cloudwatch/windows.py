"""Statistics of a metric over windows that slide by one step of the grid.

An alarm of one-minute periods or longer is evaluated each minute over the last period x periods,
one of 10, 20 or 30 seconds every 10 seconds (CloudWatch User Guide, "Evaluating an alarm" and
"Alarm evaluation windows"). So the value at step t is the statistic over the ``period`` seconds
that end with step t. Statistics: User Guide, "CloudWatch statistics definitions".

Not modelled: datapoints that come late, or change after they came; one of an interval longer than
a step is there from the interval's beginning on. Of a window that begins before minute 0, only what
lies after it counts.
"""

import re

import numpy as np

from simulator.cloudwatch.series import PART, Grid, Samples, Values, parts

_BASIC = frozenset({"Sum", "Average", "Minimum", "Maximum", "SampleCount"})
_BOUNDS = r"\([0-9.%]*:[0-9.%]*\)"
# Samples of one percentile, or one share below a bound, have it together, too.
_SHARED = re.compile(rf"p(100|\d{{1,2}}(\.\d{{1,10}})?)|PR{_BOUNDS}", re.IGNORECASE)
# What is cut off depends on all values of the window: a trimmed mean of equal ones may differ.
_TRIMMED = re.compile(
    rf"(tm|wm|tc|ts)(100|\d{{1,2}}(\.\d{{1,10}})?)|(TM|WM|TC|TS){_BOUNDS}|IQM", re.IGNORECASE
)


class WindowError(ValueError):
    """A statistic that these datapoints do not tell; ``reason`` and ``fix`` as errors say them."""

    def __init__(self, reason: str, fix: str) -> None:
        self.reason, self.fix = reason, fix
        super().__init__(f"{reason}; {fix}")


def aggregated(
    samples: Samples, stat: str, period: int, grid: Grid, weights: Samples | None = None
) -> Values:
    """Work ``stat`` out over the ``period`` seconds that end with each step; NaN where none are.

    A datapoint lies in the window that holds the beginning of its interval. ``weights`` are the
    metric's SampleCount: without, an average weighs its datapoints equally. Linear in steps and
    datapoints, whatever the period. Raises ``WindowError`` for what cannot be known.
    """
    fine = _resolution(samples.interval, period, grid)
    per_step = grid.step // fine
    width = period // fine
    values = _placed(samples, fine, grid)
    if stat == "Average" and weights is not None and width > 1:
        counts = _counts(samples, weights, values, fine, grid)
    else:
        counts = np.where(np.isnan(values), 0.0, 1.0)
    windows = _statistic(stat, values, counts, width)[per_step - 1 :: per_step]
    if stat not in _BASIC:
        _refuse_composed(stat, values, width, per_step)
    return windows


def _resolution(interval: int, period: int, grid: Grid) -> int:
    if period % grid.step:
        raise WindowError(
            f"a period of {period} s is no multiple of the {grid.step} s between evaluations",
            f"replay in steps that divide {period} s",
        )
    if interval < 1 or (interval % grid.step and grid.step % interval):
        raise WindowError(
            f"datapoints {interval} s apart do not fall on steps of {grid.step} s",
            f"give them at a multiple or a divisor of {grid.step} s",
        )
    return min(interval, grid.step)


def _placed(samples: Samples, fine: int, grid: Grid) -> Values:
    """Put each datapoint where its interval begins, NaN elsewhere, ``fine`` seconds apart."""
    placed = np.full(grid.steps * (grid.step // fine), np.nan)
    apart = samples.interval // fine
    values = samples.values[: -(-len(placed) // apart)]
    placed[: len(values) * apart : apart] = values
    return placed


def _counts(samples: Samples, weights: Samples, values: Values, fine: int, grid: Grid) -> Values:
    if weights.interval != samples.interval:
        raise WindowError(
            f"averages {samples.interval} s apart cannot be weighed by counts of samples "
            f"{weights.interval} s apart",
            "give both at one interval",
        )
    counts = _placed(weights, fine, grid)
    unknown = ~np.isnan(values) & ~(counts > 0)
    if unknown.any():
        number = int(np.argmax(unknown)) * fine // samples.interval
        raise WindowError(
            f"datapoint {number} (from 0) is an average of no sample, by the metric's SampleCount",
            "give a count for each average, or no SampleCount at all",
        )
    return np.where(np.isnan(values), 0.0, counts)


def _statistic(stat: str, values: Values, counts: Values, width: int) -> Values:
    if stat == "Minimum":
        return _sliding(np.fmin, values, width, np.nan)
    if stat == "Maximum" or _SHARED.fullmatch(stat) or _TRIMMED.fullmatch(stat):
        return _sliding(np.fmax, values, width, np.nan)
    if stat not in _BASIC:
        raise WindowError(
            f"{stat!r} is no statistic that is known here",
            "Sum, Average, Minimum, Maximum, SampleCount, or one of percentiles such as p95",
        )
    weighed = np.where(counts > 0, values, 0.0)
    if stat == "Average":
        weighed *= counts
    sums = _sliding(np.add, weighed, width, 0.0)
    numbers = _sliding(np.add, counts, width, 0.0)
    if stat == "Average":
        np.divide(sums, numbers, out=sums, where=numbers > 0)
    return np.where(numbers > 0, sums, np.nan)


def _refuse_composed(stat: str, values: Values, width: int, per_step: int) -> None:
    """Refuse a statistic that the window's datapoints do not determine."""
    if _SHARED.fullmatch(stat):
        lowest, highest = (_sliding(f, values, width, np.nan) for f in (np.fmin, np.fmax))
        open_ = lowest < highest
        wanted = "equal ones"
    else:
        open_ = _sliding(np.add, np.where(np.isnan(values), 0.0, 1.0), width, 0.0) > 1
        wanted = "one datapoint in each period"
    if open_[per_step - 1 :: per_step].any():
        raise WindowError(
            f"{stat} of a period cannot be told from {stat} of parts of it",
            f"give datapoints as far apart as the period is long, or {wanted}",
        )


def _sliding(ufunc: np.ufunc, values: Values, width: int, identity: float) -> Values:
    """Reduce the ``width`` values that end with each.

    In blocks of ``width``, a window is the tail of one and the head of the next: two passes at any
    width, and nothing is subtracted, so that sums lose no more digits than a loop's.
    """
    number = len(values)
    width = min(width, number)
    if width <= 1:
        return values
    # One block of nothing before the first value.
    blocks = -(-number // width)
    rows = np.full((blocks + 1, width), identity)
    rows.ravel()[width : width + number] = values
    windows = np.empty((blocks, width))
    for part in parts(blocks, max(1, PART // width)):
        of_part = windows[part]
        ufunc.accumulate(rows[1:][part], axis=1, out=of_part)
        # A window that ends with its block has no tail of the one before.
        tails = ufunc.accumulate(rows[part, :0:-1], axis=1)[:, ::-1]
        ufunc(of_part[:, :-1], tails, out=of_part[:, :-1])
    return windows.ravel()[:number]
