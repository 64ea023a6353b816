"""Metric math of one datapoint, in plain Python, as the guide's sentences have it.

``None`` is a datapoint that is missing. Numbers of the expression are told from series by their
class: a number is there at every time, and makes no datapoint by itself.
"""

import math
import operator
from collections.abc import Callable, Mapping

from simulator.cloudwatch.expressions.nodes import (
    Call,
    Listed,
    Name,
    Negative,
    Number,
    Operation,
    Part,
)

Value = float | None
_OPERATORS: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "AND": lambda left, right: bool(left) and bool(right),
    "OR": lambda left, right: bool(left) or bool(right),
}
_OF_ONE: Mapping[str, Callable[[float], float]] = {
    "ABS": abs,
    "CEIL": math.ceil,
    "FLOOR": math.floor,
}


class OpenError(Exception):
    """The guide does not say what this datapoint is."""


def value(part: Part, now: Mapping[str, Value]) -> Value:
    """Work one datapoint of a series out. Raises ``OpenError``."""
    match part:
        case Number(value=number):
            return number
        case Name(id=id_):
            return now[id_]
        case Negative(part=inner):
            found = value(inner, now)
            return None if found is None else -found
        case Operation(sign=sign, left=left, right=right):
            return _operation(sign, left, right, now)
        case Call(function="IF", arguments=(condition, *branches)):
            return _if(condition, branches, now)
        case Call(function="FILL", arguments=(filled, filler)):
            found = value(filled, now)
            return value(filler, now) if found is None else found
        case Call(function="ABS" | "CEIL" | "FLOOR" as name, arguments=(inner,)):
            found = value(inner, now)
            return None if found is None else float(_OF_ONE[name](found))
        case Call(function=name, arguments=(Listed(parts=parts),)):
            return _together(name, [value(each, now) for each in parts])
    raise AssertionError(f"not known here: {part}")


def _operation(sign: str, left: Part, right: Part, now: Mapping[str, Value]) -> Value:
    first, second = value(left, now), value(right, now)
    of_series = [
        found for side, found in ((left, first), (right, second)) if not isinstance(side, Number)
    ]
    if all(found is None for found in of_series):
        return None
    try:
        found = float(_OPERATORS[sign](first or 0.0, second or 0.0))
    except ZeroDivisionError:
        return None
    if not math.isfinite(found):
        raise OpenError
    return found


def _if(condition: Part, branches: list[Part], now: Mapping[str, Value]) -> Value:
    held = value(condition, now)
    if held is None:
        return None
    if held:
        return value(branches[0], now) or 0.0
    return value(branches[1], now) if len(branches) == 2 else None


def _together(name: str, found: list[Value]) -> Value:
    there = [each for each in found if each is not None]
    if not there:
        return None
    if name == "SUM":
        return sum(there)
    if name == "AVG":
        return sum(there) / len(found)
    best = {"MAX": max, "MIN": min}[name]
    # Not said whether what is missing counts as 0: where it makes none, no matter.
    if len(there) < len(found) and best(there) != best([*there, 0.0]):
        raise OpenError
    return best(there)
