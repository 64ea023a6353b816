"""The engine against the slow evaluation: every small window, and many larger replays."""

import math
from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.alarms.alarm import Comparison, Missing
from simulator.cloudwatch.definitions import Definitions, MetricAlarm, MetricIdentity, MetricQuery
from simulator.cloudwatch.judgement import ALARM, AS_BEFORE, INSUFFICIENT, OK, STATES, judge
from simulator.cloudwatch.replay import replay
from simulator.cloudwatch.series import MINUTE, Grid, Samples
from tests.simulator.brute_force import Outcome, Window, outcome, replayed

pytestmark = pytest.mark.clause("ALL-2")
CODES = {OK: Outcome.OK, ALARM: Outcome.ALARM, INSUFFICIENT: Outcome.INSUFFICIENT}
CODES[AS_BEFORE] = Outcome.AS_BEFORE
METRIC = MetricIdentity("Test", "Datapoints")
BREACHING = 1.0
VALUES = {True: BREACHING, False: 0.0, None: math.nan}
LONGEST = 7


def an_alarm(
    periods: int,
    breaching: int,
    missing: Missing,
    *,
    stat: str = "Sum",
    period: int = MINUTE,
    comparison: Comparison = Comparison.AT_LEAST,
    threshold: float = BREACHING,
) -> MetricAlarm:
    return MetricAlarm(
        name="alarm",
        place="here",
        keys=(),
        queries=(MetricQuery("m", METRIC, stat, period),),
        returned="m",
        period=period,
        periods=periods,
        breaching=breaching,
        comparison=comparison,
        threshold=threshold,
        missing=missing,
    )


def small() -> Iterator[tuple[int, int, int]]:
    """List every number of periods, of breaching ones, and of datapoints beyond them."""
    for periods in range(1, 5):
        for breaching in range(1, periods + 1):
            for extra in range(4):
                yield periods, breaching, extra


@pytest.mark.parametrize("missing", Missing)
@pytest.mark.parametrize(("periods", "breaching", "extra"), list(small()))
def test_every_small_window(periods: int, breaching: int, extra: int, missing: Missing) -> None:
    """All windows at once: they stand one after another, and the newest step of each is read."""
    windows = list(product((True, False, None), repeat=periods + extra))
    datapoints = np.array([VALUES[each] for window in windows for each in window])
    alarm = an_alarm(periods, breaching, missing)
    outcomes = judge(datapoints, alarm, 1, extra)[periods + extra - 1 :: periods + extra]
    found = [CODES[int(code)] for code in outcomes]
    assert found == [outcome(window, periods, breaching, missing) for window in windows]


@pytest.mark.parametrize("missing", Missing)
def test_every_small_series_from_its_first_step_on(missing: Missing) -> None:
    """Ranges that reach before minute 0, where nothing is: every pattern of seven datapoints."""
    alarm = an_alarm(3, 2, missing)
    for pattern in product((True, False, None), repeat=LONGEST):
        datapoints = np.array([VALUES[each] for each in pattern])
        before: Window = [None] * 5
        expected = [
            outcome([*before, *pattern[: step + 1]][-5:], 3, 2, missing) for step in range(LONGEST)
        ]
        assert [CODES[int(code)] for code in judge(datapoints, alarm, 1, 2)] == expected


@settings(max_examples=300)
@given(
    window=st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=40),
    periods=st.integers(1, 30),
    share=st.floats(0.01, 1),
    missing=st.sampled_from(list(Missing)),
    lag=st.integers(1, 5),
)
def test_larger_windows(
    window: list[bool | None], periods: int, share: float, missing: Missing, lag: int
) -> None:
    """Also where periods are several steps long: what lies between is of other evaluations."""
    periods = min(periods, len(window))
    breaching = max(1, int(periods * share))
    alarm = an_alarm(periods, breaching, missing, period=lag * MINUTE)
    datapoints = np.full(len(window) * lag, BREACHING)
    datapoints[lag - 1 :: lag] = [VALUES[each] for each in window]
    found = judge(datapoints, alarm, lag, len(window) - periods)
    assert CODES[int(found[-1])] == outcome(window, periods, breaching, missing)


@settings(max_examples=300, deadline=None)
@given(
    values=st.lists(st.none() | st.integers(-5, 20).map(float), min_size=1, max_size=60),
    stat=st.sampled_from(["Sum", "Average", "Maximum", "Minimum", "SampleCount"]),
    # Seconds of a step, and steps of a period: high resolution, and a minute or more.
    clock=st.sampled_from([(10, 1), (10, 2), (10, 3), (10, 6), (10, 12), (60, 1), (60, 5)]),
    periods=st.integers(1, 5),
    share=st.floats(0.01, 1),
    extra=st.integers(0, 3),
    comparison=st.sampled_from(list(Comparison)),
    threshold=st.integers(-5, 25).map(float),
    missing=st.sampled_from(list(Missing)),
)
def test_whole_replays(
    values: list[float | None],
    stat: str,
    clock: tuple[int, int],
    periods: int,
    share: float,
    extra: int,
    comparison: Comparison,
    threshold: float,
    missing: Missing,
) -> None:
    """Periods that slide over datapoints, one a step; those of a minute by the minute."""
    step, lag = clock
    period = step * lag
    breaching = max(1, int(periods * share))
    alarm = an_alarm(
        periods,
        breaching,
        missing,
        stat=stat,
        period=period,
        comparison=comparison,
        threshold=threshold,
    )
    samples = Samples(step, np.array([math.nan if each is None else each for each in values]))
    known, feed = Definitions({alarm.name: alarm}), {(METRIC, stat): samples}
    played = replay(known, [alarm.name], feed, Grid(len(values), step), extra)
    expected = replayed(
        values,
        stat,
        lag,
        periods=periods,
        breaching=breaching,
        extra=extra,
        comparison=comparison,
        threshold=threshold,
        missing=missing,
        every=1 if period < MINUTE else MINUTE // step,
    )
    assert [STATES[code] for code in played.states[alarm.name]] == expected
