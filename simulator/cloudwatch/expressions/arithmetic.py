"""Operators, and functions of one value.

Between two series, what is missing in one of them counts as 0; where neither has a datapoint there
is none (guide, "Basic arithmetic functions" and "Comparison and logical operators"). A number
has no timestamps: between it and a series there is a datapoint where the series has one, as we
read it.
"""

from collections.abc import Callable

import numpy as np

from simulator.cloudwatch.expressions.operands import Doubt, Mask, Series
from simulator.cloudwatch.series import Values

_Two = Callable[[Values, Values], Values]
_SIGNS: dict[str, _Two] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    ">": np.greater,
    "<=": np.less_equal,
    ">=": np.greater_equal,
    "AND": np.logical_and,
    "OR": np.logical_or,
}
_OF_ONE: dict[str, Callable[[Values], Values]] = {
    "ABS": np.abs,
    "CEIL": np.ceil,
    "FLOOR": np.floor,
    "LOG": np.log,
    "LOG10": np.log10,
}
_NO_NUMBER = "the guide does not say what CloudWatch makes of it"


def of_numbers(sign: str, left: float, right: float) -> float | None:
    """Work out two numbers; None where that is none, as 1 / 0."""
    with np.errstate(all="ignore"):
        found = _SIGNS[sign](np.array([left]), np.array([right]))
    return float(found[0]) if np.isfinite(found[0]) else None


def of_series(sign: str, left: Series | float, right: Series | float) -> tuple[Series, Doubt]:
    """Work out two series, or a series and a number; a division by zero leaves no datapoint."""
    values = [each.or_zero if isinstance(each, Series) else each for each in (left, right)]
    first, second = np.broadcast_arrays(np.float64(values[0]), np.float64(values[1]))
    sides = [each for each in (left, right) if isinstance(each, Series)]
    missing = np.logical_and.reduce([each.missing for each in sides])
    found = np.asarray(_SIGNS[sign](first, second), dtype=np.float64)
    missing = missing | _divides_by_zero(sign, first, second)
    doubt = _no_number(found, missing, f"{sign} makes no finite number: {_NO_NUMBER}")
    doubtful = np.logical_or.reduce([doubt.where, *(each.doubtful for each in sides)])
    return Series(np.where(missing, np.nan, found), doubtful), doubt


def of_one(function: str, series: Series) -> tuple[Series, Doubt]:
    """Apply ABS, CEIL, FLOOR, LOG or LOG10 to each datapoint."""
    found = _OF_ONE[function](series.values)
    doubt = _no_number(found, series.missing, f"{function} of 0 or less: {_NO_NUMBER}")
    return Series(found, series.doubtful | doubt.where), doubt


def _divides_by_zero(sign: str, left: Values, right: Values) -> Mask:
    if sign == "/":
        return np.asarray(right == 0)
    return np.asarray((left == 0) & (right < 0) & (sign == "^"))


def _no_number(found: Values, missing: Mask, why: str) -> Doubt:
    return Doubt(~np.isfinite(found) & ~missing, why, "keep such values out: IF(m1 > 0, ..., 0)")
