"""Sliding windows against a loop, and what cannot be told from datapoints."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.cloudwatch.series import Grid, Samples, Values
from simulator.cloudwatch.windows import WindowError, aggregated

LOOPS: dict[str, Callable[[list[float]], float]] = {
    "Sum": sum,
    "SampleCount": sum,
    "Average": lambda values: sum(values) / len(values),
    "Minimum": min,
    "Maximum": max,
}
NAN = math.nan
NUMBERS = st.one_of(st.just(NAN), st.integers(-(10**12), 10**12).map(float))
SERIES = st.lists(NUMBERS, max_size=60).map(np.array)
SPACINGS = st.sampled_from(
    [(60, 60), (120, 60), (300, 60), (60, 10), (10, 10), (10, 60), (20, 60), (86_400, 60)]
)


@given(
    values=SERIES,
    spacing=SPACINGS,
    periods=st.integers(1, 30),
    steps=st.integers(0, 50),
    stat=st.sampled_from(sorted(LOOPS)),
)
def test_windows_are_those_of_a_loop(
    values: Values, spacing: tuple[int, int], periods: int, steps: int, stat: str
) -> None:
    interval, step = spacing
    grid, period = Grid(steps, step), periods * step
    found = aggregated(Samples(interval, values), stat, period, grid)
    assert len(found) == steps
    for number, value in enumerate(found):
        end = (number + 1) * step
        window = [
            float(one)
            for at, one in enumerate(values)
            if end - period <= at * interval < end and not math.isnan(one)
        ]
        wanted = LOOPS[stat](window) if window else NAN
        assert value == pytest.approx(wanted, rel=1e-12, nan_ok=True)


def test_small_values_survive_beside_large_ones() -> None:
    """A running total of all would have lost the last ones."""
    values = np.concatenate([np.full(1000, 1e17), np.full(1000, 0.1)])
    found = aggregated(Samples(60, values), "Sum", 600, Grid(2000))
    assert found[-1] == pytest.approx(1.0, rel=1e-12)


def test_an_average_is_weighed_by_its_samples() -> None:
    averages, counts = np.array([10.0, NAN, 40.0]), np.array([1.0, 5.0, 3.0, 9.0])
    found = aggregated(Samples(60, averages), "Average", 180, Grid(3), Samples(60, counts))
    assert list(found) == [10, 10, (10 + 3 * 40) / 4]
    equally = aggregated(Samples(60, averages), "Average", 180, Grid(3))
    assert list(equally) == [10, 10, 25]


def test_an_average_alone_in_its_period_needs_no_weight() -> None:
    averages, counts = Samples(60, np.array([1.0, 2.0])), Samples(60, np.array([0.0]))
    assert list(aggregated(averages, "Average", 60, Grid(2), counts)) == [1, 2]


@pytest.mark.parametrize("count", [0.0, -1.0, NAN])
def test_an_average_of_no_sample_is_refused(count: float) -> None:
    averages, counts = Samples(60, np.array([1.0, 2.0])), Samples(60, np.array([1.0, count]))
    with pytest.raises(WindowError, match=r"datapoint 1 .* average of no sample"):
        aggregated(averages, "Average", 120, Grid(2), counts)


def test_averages_and_counts_at_different_intervals_are_refused() -> None:
    averages, counts = Samples(60, np.ones(5)), Samples(300, np.ones(1))
    with pytest.raises(WindowError, match=r"60 s apart cannot be weighed by .* 300 s apart"):
        aggregated(averages, "Average", 300, Grid(5), counts)


@pytest.mark.parametrize("stat", ["p95", "p99.9", "PR(:300)", "tm90", "TM(2%:98%)", "IQM", "tc90"])
def test_one_datapoint_a_period_is_its_statistic(stat: str) -> None:
    values = np.array([3.0, NAN, 5.0])
    found = aggregated(Samples(60, values), stat, 60, Grid(4))
    assert list(found[[0, 2]]) == [3, 5]
    assert np.isnan(found[[1, 3]]).all()
    sparse = aggregated(Samples(300, values), stat, 300, Grid(15))
    assert list(sparse[[0, 4, 10, 14]]) == [3, 3, 5, 5]


def test_equal_percentiles_of_parts_are_the_percentile_of_the_whole() -> None:
    found = aggregated(Samples(60, np.array([7.0, 7, NAN, 7])), "p95", 300, Grid(4))
    assert list(found) == [7, 7, 7, 7]


@pytest.mark.parametrize(
    ("stat", "values", "fix"),
    [
        ("p95", [1.0, 2.0], "equal ones"),
        ("PR(:300)", [1.0, 2.0], "equal ones"),
        ("tm90", [1.0, 2.0], "one datapoint in each period"),
        ("tm90", [2.0, 2.0], "one datapoint in each period"),
        ("TC(10%:90%)", [2.0, 2.0], "one datapoint in each period"),
    ],
)
def test_statistics_of_parts_do_not_tell_those_of_the_whole(
    stat: str, values: list[float], fix: str
) -> None:
    with pytest.raises(WindowError, match=rf"cannot be told.*{fix}"):
        aggregated(Samples(60, np.array(values)), stat, 300, Grid(2))


@pytest.mark.parametrize("stat", ["sum", "Median", "p101", "p", "TM(2%)", ""])
def test_unknown_statistics_are_refused(stat: str) -> None:
    with pytest.raises(WindowError, match="no statistic that is known here"):
        aggregated(Samples(60, np.ones(1)), stat, 60, Grid(1))


@pytest.mark.parametrize("interval", [0, -60, 45, 90, 7])
def test_datapoints_beside_the_grid_are_refused(interval: int) -> None:
    with pytest.raises(WindowError, match="do not fall on steps of 60 s"):
        aggregated(Samples(interval, np.ones(1)), "Sum", 60, Grid(1))


@pytest.mark.parametrize("period", [10, 30, 90])
def test_periods_that_are_no_steps_are_refused(period: int) -> None:
    with pytest.raises(WindowError, match=f"a period of {period} s is no multiple of the 60 s"):
        aggregated(Samples(60, np.ones(1)), "Sum", period, Grid(1))
