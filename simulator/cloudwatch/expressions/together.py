"""Functions that take several series at once: IF, and those over arrays."""

from functools import reduce

import numpy as np

from simulator.cloudwatch.expressions.operands import Doubt, Mask, Series, only
from simulator.cloudwatch.series import Values

# With 0 for what is missing, and without it.
_EXTREMES = {"MAX": (np.maximum, np.fmax), "MIN": (np.minimum, np.fmin)}


def together(function: str, series: tuple[Series, ...]) -> tuple[Series, Doubt]:
    """Apply AVG, MAX, MIN or SUM at each time over all series of an array.

    What is missing counts as 0 for AVG, the guide says, which is the same for SUM. Of MAX and MIN
    it says nothing: where that makes a difference, the step is open.
    """
    missing = np.logical_and.reduce([each.missing for each in series])
    zeroed = [each.or_zero for each in series]
    if function in _EXTREMES:
        with_zeros, without = _EXTREMES[function]
        found = reduce(with_zeros, zeroed)
        doubt = _open(function, found, reduce(without, [each.values for each in series]))
    else:
        found = reduce(np.add, zeroed) / (len(series) if function == "AVG" else 1)
        doubt = Doubt(np.zeros(len(missing), dtype=bool), "", "")
    doubtful = np.logical_or.reduce([doubt.where, *(each.doubtful for each in series)])
    return Series(np.where(missing, np.nan, found), doubtful), doubt


def _open(function: str, with_zeros: Values, without: Values) -> Doubt:
    why = f"{function} has series without a datapoint, and the guide does not say what they count"
    return Doubt(~np.isnan(without) & (with_zeros != without), why, "fill them: FILL(m1, 0)")


def chosen(
    condition: Series | float, then: Series | float, else_: Series | float | None = None
) -> Series:
    """Apply IF, as the tables of "Using IF expressions" have it.

    A condition without a datapoint has no result. One that is not 0 takes ``then``, 0 where that is
    missing; one that is 0 takes ``else_``, and nothing where that is missing.
    """
    if isinstance(condition, float):
        series = only(then)
        empty = Series.of(np.full(len(series.values), np.nan))
        return series if condition else empty if else_ is None else only(else_)
    holds = condition.or_zero != 0
    yes = then.or_zero if isinstance(then, Series) else then
    no = np.nan if else_ is None else else_.values if isinstance(else_, Series) else else_
    found = np.where(condition.missing, np.nan, np.where(holds, yes, no))
    branch = np.where(holds, _doubtful(then), _doubtful(else_)) & ~condition.missing
    return Series(found, condition.doubtful | branch)


def _doubtful(branch: Series | float | None) -> Mask | bool:
    return branch.doubtful if isinstance(branch, Series) else False
