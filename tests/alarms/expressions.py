"""Expressions of metric math on one datapoint each, as CloudWatch works them out."""

import re
from collections.abc import Mapping

from runbook.alarms.alarm import MetricAlarm

# What CloudWatch has (its guide on metric math) and takes in an alarm, where one series comes out.
_FUNCTIONS = """
ABS AVG CEIL DATAPOINT_COUNT DATE DAY DIFF DIFF_TIME EPOCH FILL FIRST FLOOR HOUR IF LAST LOG LOG10
MAX METRIC_COUNT METRICS MIN MINUTE MONTH PERIOD RATE RUNNING_SUM STDDEV SUM TIME_SERIES YEAR
"""
FUNCTIONS = frozenset(_FUNCTIONS.split())
# A name of a function before its bracket; the id of a metric.
CALLED, NAMED = re.compile(r"\b([A-Z][A-Z0-9_]*)\("), re.compile(r"\b([a-z][a-zA-Z0-9_]*)\b")
_DIFFERENCE = re.compile(r"\bDIFF\(([a-z][a-zA-Z0-9_]*)\)")
Value = float | None


def value(
    alarm: MetricAlarm, metrics: Mapping[str, Value], before: Mapping[str, Value] | None = None
) -> Value:
    """Work out what is held against the threshold; None where CloudWatch has no datapoint.

    A metric that is not given has none. ``before`` is the datapoint before, for DIFF. Raises
    ``ZeroDivisionError`` where CloudWatch would have none because of a division by zero.
    """
    assert metrics.keys() <= {metric.id for metric in alarm.metrics}, "no such metric"
    given = {metric.id: metrics.get(metric.id) for metric in alarm.metrics}
    if alarm.expression is None:
        return given[alarm.metrics[0].id]
    names = {
        "FILL": lambda series, with_: with_ if series is None else series,
        "IF": lambda condition, then, else_: then() if condition else else_(),
        "MAX": max,
        "DIFF": lambda name: _minus(given[name], (before or {}).get(name)),
    }
    # Only the branch that is taken: CloudWatch drops the datapoint of a division alone.
    text = _DIFFERENCE.sub(r'DIFF("\1")', _lazy(alarm.expression))
    try:
        found: Value = eval(text, {"__builtins__": {}, **names, **given})  # noqa: S307 - our own
    except TypeError:
        return None
    return found


def _minus(now: Value, before: Value) -> Value:
    return None if now is None or before is None else now - before


def _lazy(text: str) -> str:
    """Let IF work out only the branch that it takes."""
    found = text.find("IF(")
    if found < 0:
        return text
    start, end = found + 3, _closing(text, found + 2)
    condition, then, else_ = (_lazy(part) for part in _arguments(text[start:end]))
    called = f"IF({condition}, lambda: {then}, lambda: {else_})"
    return text[:found] + called + _lazy(text[end + 1 :])


def _closing(text: str, opening: int) -> int:
    depth = 0
    for place in range(opening, len(text)):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(text[place], 0)
        if depth == 0:
            return place
    raise ValueError(f"nothing closes the bracket at {opening} of {text}")


def _arguments(text: str) -> list[str]:
    parts, depth, last = [], 0, 0
    for place, letter in enumerate(text):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append(text[last:place])
            last = place + 1
    return [*parts, text[last:]]


def rings(
    alarm: MetricAlarm, metrics: Mapping[str, Value], before: Mapping[str, Value] | None = None
) -> bool | None:
    """Say whether one such datapoint breaches; None where there is none to judge."""
    found = value(alarm, metrics, before)
    if found is None:
        return None
    over = {">": found > alarm.threshold, ">=": found >= alarm.threshold}
    under = {"<": found < alarm.threshold, "<=": found <= alarm.threshold}
    return (over | under)[alarm.comparison.sign]
