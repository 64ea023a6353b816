"""Recorded metrics: what was asked of CloudWatch, and the datapoints that it had."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runbook.model.refusal import WHOLE_FILE, Refusal, RefusedError
from simulator.cloudwatch.definitions import MetricIdentity
from simulator.cloudwatch.series import Grid, Samples, Values
from simulator.recorded.instants import shown

# What a metric was recorded under: its region (empty where the file does not say), itself, and
# the statistic.
Key = tuple[str, MetricIdentity, str]
_SHORT = (1, 5, 10, 20, 30)
PERIODS = "1, 5, 10, 20, 30 or whole minutes in seconds"


@dataclass(frozen=True, slots=True)
class Recorded:
    """Datapoints of one metric under one statistic, the oldest first.

    ``starts`` are seconds since 1970, of whole periods; ``period`` in seconds; ``place`` as errors
    name it.
    """

    region: str
    metric: MetricIdentity
    stat: str
    period: int
    starts: NDArray[np.int64]
    values: Values
    place: str

    @property
    def key(self) -> Key:
        """What no other of the recording has."""
        return self.region, self.metric, self.stat


@dataclass(frozen=True, slots=True)
class Recording:
    """Everything of one file.

    ``reads`` says which series an alarm's queries are, where the recorder asked CloudWatch: by
    region, the alarm's name and the query's id. ``start`` and ``end`` are the range asked for;
    where the file does not say it, that of the datapoints. ``stated`` tells which. ``since`` is
    what the recorder was asked for: it began earlier, by what alarms look back on.
    """

    source: str
    series: Mapping[Key, Recorded]
    start: int
    end: int
    stated: bool = False
    environment: str | None = None
    since: int | None = None
    reads: Mapping[tuple[str, str, str], Key] = field(default_factory=dict)


def is_period(seconds: int) -> bool:
    """Say whether CloudWatch has datapoints of such a period (API reference, MetricStat)."""
    return seconds in _SHORT or (seconds > 0 and seconds % 60 == 0)


def recording_of(
    source: str,
    series: Iterable[Recorded],
    *,
    over: tuple[int, int] | None = None,
    environment: str | None = None,
    since: int | None = None,
    reads: Mapping[tuple[str, str, str], Key] | None = None,
) -> Recording:
    """Put series together; refuses a metric that stands twice, and a file without datapoints."""
    found: dict[Key, Recorded] = {}
    for each in series:
        if other := found.get(each.key):
            reason = f"{named(each)} stands twice, also at {other.place}"
            if other.period != each.period:
                reason += f", with periods of {each.period} and {other.period} seconds"
            fix = "keep one of them: a metric is recorded once under each statistic"
            raise RefusedError(source, [Refusal(each.place, reason, fix)])
        found[each.key] = each
    start, end = over or _range(source, found.values())
    return Recording(source, found, start, end, over is not None, environment, since, reads or {})


def series(
    source: str,
    place: str,
    what: tuple[str, MetricIdentity, str, int],
    datapoints: Mapping[int, float],
) -> Recorded:
    """Put one series' datapoints in order; refuses those that are not on whole periods."""
    region, metric, stat, period = what
    order = sorted(datapoints)
    starts = np.array(order, dtype=np.int64)
    if len(off := starts[starts % period != 0]):
        reason = f"{shown(int(off[0]))} is not on a whole period of {period} seconds"
        fix = "ask CloudWatch from a start on, such as a full hour, that is on one"
        raise RefusedError(source, [Refusal(place, reason, fix)])
    values = np.array([datapoints[start] for start in order], dtype=np.float64)
    return Recorded(region, metric, stat, period, starts, values, place)


def samples(recorded: Recorded, grid: Grid) -> Samples:
    """Lay the datapoints that fall into a grid on it, one a step; missing ones are NaN.

    One of a longer period stands in its last step: nobody has it before. ``grid.start`` has to be
    on a whole period of the series.
    """
    start = grid.start or 0
    if start % recorded.period:
        raise ValueError(f"{shown(start)} is not on a whole period of {recorded.period} seconds")
    interval = min(recorded.period, grid.step)
    values = np.full(grid.steps * (grid.step // interval), np.nan)
    at = (recorded.starts + recorded.period - start) // interval - 1
    within = (at >= 0) & (at < len(values))
    values[at[within]] = recorded.values[within]
    return Samples(interval, values)


def read_recording(path: Path, queries: Path | None = None, region: str = "") -> Recording:
    """Read what CloudWatch printed, what ``runbook alarms record`` wrote, or CSV.

    ``queries`` is the file of queries that a plain response answers, ``region`` where it was asked.
    Raises ``RefusedError`` with file and place for whatever cannot be taken as it stands.
    """
    from simulator.recorded.recorded_csv import read_csv
    from simulator.recorded.recorded_json import read_json

    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        fix = "name a file of `runbook alarms record` or `aws cloudwatch get-metric-data`, or CSV"
        raise RefusedError(
            str(path), [Refusal(WHOLE_FILE, f"cannot be read: {why}", fix)]
        ) from None
    if text.lstrip()[:1] in ("{", "["):
        return read_json(str(path), text, queries, region)
    if queries:
        refusal = Refusal("--queries", "CSV says itself what was asked", "leave it out")
        raise RefusedError(str(path), [refusal])
    return read_csv(str(path), text, region)


def named(recorded: Recorded) -> str:
    """Name a series for people: ``Sum of AWS/SQS NumberOfMessages, QueueName=a``."""
    return described(recorded.metric, recorded.stat, recorded.region)


def described(metric: MetricIdentity, stat: str, region: str = "") -> str:
    """Name a metric under one statistic for people."""
    dimensions = "".join(f", {name}={value}" for name, value in metric.dimensions)
    where = f" in {region}" if region else ""
    return f"{stat} of {metric.namespace} {metric.name}{dimensions}{where}"


def _range(source: str, recorded: Iterable[Recorded]) -> tuple[int, int]:
    ends = [(int(r.starts[0]), int(r.starts[-1]) + r.period) for r in recorded if len(r.starts)]
    if not ends:
        reason = "it holds no datapoint, and does not say for which time it was asked"
        fix = "ask for a time of which CloudWatch has some, or use `runbook alarms record`"
        raise RefusedError(source, [Refusal(WHOLE_FILE, reason, fix)])
    return min(start for start, _ in ends), max(end for _, end in ends)
