"""A month of one-minute data through all alarms of an environment; cost is linear."""

import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from bench.measurement import Measurement, interleaved, seconds
from simulator.cloudwatch.definitions import (
    Alarm,
    CompositeAlarm,
    Definitions,
    MetricIdentity,
    MetricQuery,
)
from simulator.cloudwatch.replay import replay
from simulator.cloudwatch.series import MINUTE, Feed, Grid, Samples
from simulator.templates.environments import definitions_of

RUNS = 5
ENVIRONMENT = "rovn/production"
# A Monday, 2026-03-02T00:00Z; a month in minutes, with which growth begins, too.
START = 1_772_409_600
MONTH = 30 * 1440
TIMES = (1, 4, 16)


def measure() -> Iterator[Measurement]:
    """Time the replay of a month; then its cost per point and per alarm as each grows.

    Growth is in seconds of the processor, which a busy machine spoils less.
    """
    definitions = _definitions()
    number = len(definitions.alarms)
    name = f"a month of minutes through {number} alarms"
    yield Measurement(name, interleaved(RUNS, _timed(definitions, MONTH))[0], "s", bound=10)
    by_points = [
        _timed(definitions, MONTH * times, time.process_time, share=times) for times in TIMES
    ]
    by_alarms = [
        _timed(_copied(definitions, times), MONTH, time.process_time, share=times)
        for times in TIMES
    ]
    costs = interleaved(RUNS, *by_points, *by_alarms)
    for grown, of in (("points", costs[: len(TIMES)]), ("alarms", costs[len(TIMES) :])):
        for times, cost in zip(TIMES[1:], of[1:], strict=True):
            name = f"cost of a replay per point at {times} times the {grown} over once"
            yield Measurement(name, cost / of[0], "x", bound=1.2)


def _definitions() -> Definitions:
    with tempfile.TemporaryDirectory() as folder:
        seconds([sys.executable, "app.py"], environment=os.environ | {"CDK_OUTDIR": folder})
        return definitions_of(ENVIRONMENT, Path(folder))


def _timed(
    definitions: Definitions,
    minutes: int,
    clock: Callable[[], float] = time.perf_counter,
    share: int = 1,
) -> Callable[[], float]:
    """Give the timing of one replay, divided by ``share``; its feed is not counted."""
    return partial(_seconds, definitions, _feed(definitions, minutes), minutes, clock, share)


def _seconds(
    definitions: Definitions, feed: Feed, minutes: int, clock: Callable[[], float], share: int
) -> float:
    start = clock()
    replay(definitions, definitions.alarms, feed, Grid(minutes, start=START))
    return (clock() - start) / share


def _feed(definitions: Definitions, minutes: int) -> Feed:
    """Invent a datapoint each minute for every series, a tenth of them missing.

    Percentiles and the like come once a period: those of parts do not tell those of the whole.
    """
    generator = np.random.default_rng(seed=9)
    feed: dict[tuple[MetricIdentity, str], Samples] = {}
    for query in _queries(definitions.alarms):
        interval = MINUTE if query.stat[0].isupper() else query.period
        values = 1 + generator.poisson(3, minutes * MINUTE // interval).astype(np.float64)
        values[::10] = np.nan
        feed[query.metric, query.stat] = Samples(interval, values)
    return feed


def _queries(alarms: Mapping[str, Alarm]) -> Iterator[MetricQuery]:
    for alarm in alarms.values():
        if not isinstance(alarm, CompositeAlarm):
            yield from (query for query in alarm.queries if isinstance(query, MetricQuery))


def _copied(definitions: Definitions, times: int) -> Definitions:
    """Give each alarm so many times, each copy on metrics of its own, muted as it is."""
    copies = tuple(f"-{number}" if number else "" for number in range(times))
    alarms = {
        alarm.name + copy: _copy(alarm, copy)
        for copy in copies
        for alarm in definitions.alarms.values()
    }
    rules = tuple(
        replace(rule, alarms=tuple(name + copy for copy in copies for name in rule.alarms))
        for rule in definitions.mute_rules
    )
    return Definitions(alarms, rules)


def _copy(alarm: Alarm, copy: str) -> Alarm:
    if isinstance(alarm, CompositeAlarm):
        rule = re.sub(r'"([^"]+)"', rf'"\1{copy}"', alarm.rule)
        return replace(alarm, name=alarm.name + copy, rule=rule)
    queries = tuple(
        replace(query, metric=replace(query.metric, name=query.metric.name + copy))
        if isinstance(query, MetricQuery)
        else query
        for query in alarm.queries
    )
    return replace(alarm, name=alarm.name + copy, queries=queries)
