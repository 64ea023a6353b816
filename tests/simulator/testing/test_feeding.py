"""Which series feed which metrics of an alarm, and every series that is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from runbook.model.refusal import RefusedError
from simulator.cloudwatch.definitions import Alarm, MetricIdentity, MetricQuery
from simulator.cloudwatch.series import Feed, Grid
from simulator.testing.feeding import feed
from tests.simulator.alarms import alarm
from tests.simulator.cases import NAMESPACE, a_test, one_series, read

BLUE = MetricIdentity(NAMESPACE, "Requests", (("Group", "blue"), ("Zone", "1")))
GREEN = MetricIdentity(NAMESPACE, "Requests", (("Group", "green"), ("Zone", "1")))
CPU = MetricIdentity(NAMESPACE, "Cpu")
SLOW = MetricIdentity(NAMESPACE, "Latency")
QUERIES = (
    MetricQuery("n_blue", BLUE, "Sum", 60),
    MetricQuery("n_green", GREEN, "Sum", 60),
    MetricQuery("cpu", CPU, "Average", 60),
    MetricQuery("slow", SLOW, "p95", 300),
)
ONE = replace(alarm(1, 1), queries=QUERIES, returned="cpu")


def fed(
    folder: Path, *series: str, interval: str = "60s", alarms: tuple[Alarm, ...] = (ONE,)
) -> Feed:
    text = "tests:\n" + a_test(
        "orders", list(series), ["{at: 9m, state: OK}"], f"interval: {interval}"
    )
    return feed(read(folder, text), 0, alarms, Grid(30)).feed


def refused(folder: Path, *series: str, interval: str = "60s") -> list[tuple[str, str, str]]:
    with pytest.raises(RefusedError) as error:
        fed(folder, *series, interval=interval)
    return [(each.key, each.reason, each.fix) for each in error.value.refusals]


def test_without_dimensions_each_metric_of_the_name_and_statistic_is_fed(tmp_path: Path) -> None:
    found = fed(tmp_path, one_series("Requests", "1x3"))
    assert set(found) == {(BLUE, "Sum"), (GREEN, "Sum")}
    assert all(samples.interval == 60 for samples in found.values())


def test_with_dimensions_or_an_id_that_one_alone(tmp_path: Path) -> None:
    found = fed(
        tmp_path,
        one_series("Requests", "1", more=", dimensions: {Zone: 1, Group: blue}"),
        one_series("Requests", "2", more=", id: n_green", interval="5m"),
    )
    assert found[BLUE, "Sum"].values.tolist() == [1]
    assert (found[GREEN, "Sum"].values.tolist(), found[GREEN, "Sum"].interval) == ([2], 300)


def test_what_others_depend_on_is_fed_too(tmp_path: Path) -> None:
    child = replace(ONE, name="child", queries=(MetricQuery("cpu", SLOW, "Sum", 60),))
    found = fed(tmp_path, one_series("Latency", "1"), alarms=(child, ONE))
    assert set(found) == {(SLOW, "Sum")}


def test_averages_may_have_counts_beside_them(tmp_path: Path) -> None:
    found = fed(
        tmp_path, one_series("Cpu", "1x3", "Average"), one_series("Cpu", "5x3", "SampleCount")
    )
    assert set(found) == {(CPU, "Average"), (CPU, "SampleCount")}


READS = (
    "it reads n_blue: Sum of Acme/Shop Requests, Group=blue, Zone=1; "
    "n_green: Sum of Acme/Shop Requests, Group=green, Zone=1"
)


@pytest.mark.parametrize(
    ("series", "told"),
    [
        (
            (one_series("Request", "1"),),
            (
                "line 5: tests[0].series[0].metric",
                "the alarm reads no metric Request of Acme/Shop: the series feeds nothing",
                f"{READS}; cpu: Average of Acme/Shop Cpu; slow: p95 of Acme/Shop Latency",
            ),
        ),
        (
            (one_series("Requests", "1", "Maximum"),),
            (
                "line 5: tests[0].series[0].metric",
                "the alarm reads Requests, but not its Maximum: the series feeds nothing",
                READS,
            ),
        ),
        (
            (one_series("Requests", "1", "SampleCount"),),
            (
                "line 5: tests[0].series[0].metric",
                "the alarm reads Requests, but not its SampleCount: the series feeds nothing",
                READS,
            ),
        ),
        (
            (one_series("Requests", "1", more=", dimensions: {Group: blue}"),),
            (
                "line 5: tests[0].series[0].metric",
                "the alarm reads Requests of other dimensions: the series feeds nothing",
                READS,
            ),
        ),
        (
            (one_series("Requests", "1", more=", id: n_red"),),
            (
                "line 5: tests[0].series[0].metric",
                "the alarm calls no such metric 'n_red': the series feeds nothing",
                READS,
            ),
        ),
        (
            (one_series("Requests", "1"), one_series("Requests", "2", more=", id: n_green")),
            (
                "line 6: tests[0].series[1].metric",
                "series[0] feeds n_green: Sum of Acme/Shop Requests, Group=green, Zone=1 already",
                "add `dimensions` or `id` to both, or remove one",
            ),
        ),
        (
            (one_series("Requests", "1", interval="90s"),),
            (
                "line 5: tests[0].series[0].interval",
                "datapoints 1m30s apart do not fall on evaluations, which are 1m apart",
                "write a multiple or a divisor of 60s",
            ),
        ),
        (
            (one_series("Cpu", "1", "SampleCount"),),
            (
                "line 5: tests[0].series[0].metric",
                "it weighs averages of Cpu, and no series gives them",
                "give a series of its Average, too",
            ),
        ),
        (
            (one_series("Latency", "1 2 3", "p95"),),
            (
                "line 5: tests[0].series[0].values",
                "slow: p95 of Acme/Shop Latency: p95 of a period cannot be told from p95 of parts "
                "of it",
                "give datapoints as far apart as the period is long, or equal ones",
            ),
        ),
    ],
)
def test_each_refusal(tmp_path: Path, series: tuple[str, ...], told: tuple[str, str, str]) -> None:
    assert refused(tmp_path, *series) == [told]


def test_an_interval_of_the_test_is_refused_where_it_stands(tmp_path: Path) -> None:
    ((key, reason, _),) = refused(tmp_path, one_series("Cpu", "1", "Average"), interval="90s")
    assert key == "line 3: tests[0].interval"
    assert reason.startswith("datapoints 1m30s apart")


def test_all_series_that_are_wrong_are_told_at_once(tmp_path: Path) -> None:
    told = refused(tmp_path, one_series("A", "1"), one_series("Cpu", "1"), one_series("B", "1"))
    assert [key for key, _, _ in told] == [
        f"line {n + 5}: tests[0].series[{n}].metric" for n in range(3)
    ]


def test_percentiles_of_whole_periods_and_equal_ones_are_told(tmp_path: Path) -> None:
    found = fed(tmp_path, one_series("Latency", "1 2 3", "p95", interval="5m"))
    np.testing.assert_array_equal(found[SLOW, "p95"].values, [1, 2, 3])
    assert fed(tmp_path, one_series("Latency", "1x20", "p95"))


def test_of_many_metrics_a_few_are_listed(tmp_path: Path) -> None:
    many = tuple(MetricQuery(f"m{n}", MetricIdentity("A", f"M{n}"), "Sum", 60) for n in range(15))
    with pytest.raises(RefusedError) as error:
        fed(tmp_path, one_series("Z", "1"), alarms=(replace(ONE, queries=many),))
    assert error.value.refusals[0].fix.endswith("m11: Sum of A M11; and 3 more")
