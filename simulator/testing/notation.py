"""Promtool's notation of series: ``1x3 _ 2+1x4`` are values at equal distances.

https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series
"""

import re

import numpy as np

from simulator.cloudwatch.series import Values

# Two years of minutes; a typing error in a count would fill the memory otherwise.
MOST_VALUES = 1_000_000
# What CloudWatch takes (API reference, MetricDatum, Value).
LARGEST = 2.0**360
_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_VALUES = re.compile(rf"(?P<first>[+-]?{_NUMBER})(?:(?P<by>[+-]{_NUMBER})?x(?P<times>[0-9]+))?")
_MISSING = re.compile(r"_(?:x(?P<times>[0-9]+))?")
_NOT_NUMBERS = re.compile(r"[+-]?(nan|inf)", re.IGNORECASE)
_SHOWN = 40
HOW = "write values such as 5, 1x3 (four times 1), 2+1x4 (2 3 4 5 6), _ or _x3 (missing)"


class NotationError(ValueError):
    """A word that is no part of a series; ``place`` counts the text's characters from 1."""

    def __init__(self, word: str, place: int, reason: str, fix: str = HOW) -> None:
        self.word = word if len(word) <= _SHOWN else f"{word[:_SHOWN]}..."
        self.place = place
        self.reason = reason
        self.fix = fix
        super().__init__(f"{self.word!r} at character {place}: {reason}")


def values(text: str) -> Values:
    """Read a series, NaN where a value is missing.

    ``axn`` is ``a`` and n more, ``a+bxn`` and ``a-bxn`` change by ``b`` each time, ``_xn`` is n
    missing ones. Raises ``NotationError`` for anything else, and past a million values.
    """
    made: list[Values] = []
    total = 0
    for found in re.finditer(r"\S+", text):
        word, place = found.group(), found.start() + 1
        count = _count(word, place)
        total += count
        if total > MOST_VALUES:
            reason = f"more than {MOST_VALUES:,} values"
            raise NotationError(word, place, reason, "write fewer, at a longer interval")
        made.append(_of(word, place, count))
    if not total:
        raise NotationError(text, 1, "no value")
    return np.concatenate(made)


def _count(word: str, place: int) -> int:
    if found := _MISSING.fullmatch(word):
        more, first = found["times"] or "1", 0
    elif found := _VALUES.fullmatch(word):
        more, first = found["times"] or "0", 1
    else:
        raise _unknown(word, place)
    # A number of more digits than the bound has is not worked out: Python refuses long ones.
    digits = more.lstrip("0") or "0"
    return MOST_VALUES + 1 if len(digits) > len(str(MOST_VALUES)) else int(digits) + first


def _of(word: str, place: int, count: int) -> Values:
    found = _VALUES.fullmatch(word)
    if not found:
        return np.full(count, np.nan)
    first, by = float(found["first"]), float(found["by"] or 0)
    if not max(abs(first), abs(first + by * (count - 1))) <= LARGEST:
        reason = "CloudWatch takes no value beyond 2^360 on either side of 0"
        raise NotationError(word, place, reason)
    return first + by * np.arange(count, dtype=np.float64)


def _unknown(word: str, place: int) -> NotationError:
    if word == "stale":
        reason = "CloudWatch has no stale marker, a datapoint comes or does not"
        return NotationError(word, place, reason, "write _ for a missing value")
    if _NOT_NUMBERS.match(word):
        reason = "CloudWatch takes neither NaN nor infinity"
        return NotationError(word, place, reason, "write _ for a missing value")
    return NotationError(word, place, "no value in promtool's notation")
