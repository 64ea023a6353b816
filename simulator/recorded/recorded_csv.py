"""Recorded metrics as CSV: a datapoint a line."""

import csv
import io
import math
from collections.abc import Mapping
from typing import NoReturn

from runbook.model.refusal import Refusal, RefusedError
from simulator.cloudwatch.definitions import MetricIdentity
from simulator.recorded.instants import instant, shown
from simulator.recorded.recordings import (
    PERIODS,
    Recorded,
    Recording,
    is_period,
    recording_of,
    series,
)

HEADER = ("timestamp", "namespace", "metric", "dimensions", "stat", "period", "value")
Row = Mapping[str, str]
What = tuple[MetricIdentity, str]


def read_csv(source: str, text: str, region: str = "") -> Recording:
    """Read CSV of this header; dimensions are ``Name=Value;Name=Value``, the period in seconds.

    Raises ``RefusedError`` with the line.
    """
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    periods: dict[What, tuple[int, int]] = {}
    datapoints: dict[What, dict[int, float]] = {}
    try:
        if tuple(rows.fieldnames or ()) != HEADER:
            _refuse(source, 1, f"it does not begin with {','.join(HEADER)}")
        for row in rows:
            line = rows.line_num
            if None in row or None in row.values():
                _refuse(source, line, f"it has not the {len(HEADER)} fields of the header")
            _take(source, line, row, periods, datapoints)
    except csv.Error as error:
        _refuse(source, rows.line_num, str(error))
    return recording_of(source, _series(source, region, periods, datapoints))


def _take(
    source: str,
    line: int,
    row: Row,
    periods: dict[What, tuple[int, int]],
    datapoints: dict[What, dict[int, float]],
) -> None:
    """Add one line's datapoint to its metric's."""
    try:
        what = MetricIdentity(row["namespace"], row["metric"], _dimensions(row)), row["stat"]
        period, start, value = _period(row["period"]), instant(row["timestamp"]), _value(row)
    except ValueError as error:
        _refuse(source, line, str(error))
    first, since = periods.setdefault(what, (period, line))
    if first != period:
        _refuse(source, line, f"the period is {period} seconds, and {first} in line {since}")
    known = datapoints.setdefault(what, {})
    if start in known:
        _refuse(source, line, f"the metric has a datapoint of {shown(start)} already")
    known[start] = value


def _series(
    source: str,
    region: str,
    periods: Mapping[What, tuple[int, int]],
    datapoints: Mapping[What, Mapping[int, float]],
) -> list[Recorded]:
    return [
        series(source, f"line {line}", (region, metric, stat, period), datapoints[metric, stat])
        for (metric, stat), (period, line) in periods.items()
    ]


def _dimensions(row: Row) -> tuple[tuple[str, str], ...]:
    pairs = [part.partition("=") for part in row["dimensions"].split(";") if part]
    if not all(name and sign and value for name, sign, value in pairs):
        raise ValueError(f"dimensions are Name=Value;Name=Value, not {row['dimensions']!r}")
    found = {name: value for name, _, value in pairs}
    if len(found) != len(pairs):
        raise ValueError(f"a dimension stands twice in {row['dimensions']!r}")
    return tuple(sorted(found.items()))


def _period(text: str) -> int:
    if not (text.isascii() and text.isdigit() and is_period(int(text))):
        raise ValueError(f"a period is {PERIODS}, not {text!r}")
    return int(text)


def _value(row: Row) -> float:
    try:
        value = float(row["value"])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{row['value']!r} is no number; a missing datapoint is no line")
    return value


def _refuse(source: str, line: int, reason: str) -> NoReturn:
    fix = "mend the line: docs/alarm-tests.md shows the form"
    raise RefusedError(source, [Refusal(f"line {line}", reason, fix)])
