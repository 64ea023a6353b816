"""A replay of several alarms: what it evaluates, in which order, and what it shows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.alarms.alarm import Comparison, Missing
from runbook.model.refusal import RefusedError
from simulator.cloudwatch import windows
from simulator.cloudwatch.definitions import (
    Actions,
    Alarm,
    CompositeAlarm,
    Definitions,
    MathQuery,
    MetricAlarm,
    MetricIdentity,
    MetricQuery,
    MuteRule,
    State,
    Suppressor,
)
from simulator.cloudwatch.expressions import Node, evaluate
from simulator.cloudwatch.judgement import EXTRA, OTHER_EXTRAS, STATES
from simulator.cloudwatch.replay import Replay, replay, replay_of
from simulator.cloudwatch.series import Feed, Grid, Samples, Values
from simulator.cloudwatch.statistics import Statistics
from tests.simulator.alarms import METRIC, alarm, row

ERRORS, REQUESTS = MetricIdentity("Acme/Shop", "Errors"), MetricIdentity("Acme/Shop", "Requests")
TELLS = Actions(on={State.ALARM: ("topic",)})


def named(name: str, breaching: int = 1, periods: int = 1, threshold: float = 0.5) -> MetricAlarm:
    one = alarm(breaching, periods, Missing.WELL, threshold=threshold)
    return replace(one, name=name, actions=TELLS)


def composite(name: str, rule: str, suppressor: Suppressor | None = None) -> CompositeAlarm:
    place = f"shop.template.json {name}"
    return CompositeAlarm(name, place, (name,), rule, suppressor, TELLS)


def replayed(
    *alarms: Alarm, points: str = "0 X X 0", wanted: str | None = None, steps: int = 4
) -> Replay:
    definitions = Definitions({one.name: one for one in alarms})
    feed = {(METRIC, "Sum"): Samples(60, row(points))}
    return replay(definitions, [wanted or alarms[-1].name], feed, Grid(steps))


def told(found: Replay, name: str) -> list[State]:
    return [STATES[index] for index in found.states[name]]


def test_an_expression_over_an_expression() -> None:
    rate = replace(
        alarm(1, 1, Missing.WELL, period=120, threshold=5.0),
        queries=(
            MathQuery("result", "IF(requests > 0, 100 * filled / requests, 0)"),
            MathQuery("filled", "FILL(errors, 0)"),
            MathQuery("unneeded", "errors * 2"),
            MetricQuery("errors", ERRORS, "Sum", 120),
            MetricQuery("requests", REQUESTS, "Sum", 120),
        ),
        returned="result",
    )
    feed: Feed = {
        (ERRORS, "Sum"): Samples(60, np.array([np.nan, 4.0, np.nan])),
        (REQUESTS, "Sum"): Samples(60, np.full(6, 20.0)),
    }
    found = replay(Definitions({"orders": rate}), ["orders"], feed, Grid(7))
    assert list(found.datapoints["orders"]) == [0, 10, 10, 0, 0, 0, 0]
    assert [state is State.ALARM for state in told(found, "orders")] == [
        False, True, True, False, False, False, False,
    ]  # fmt: skip
    assert {id_ for _, id_ in found.series} == {"errors", "requests", "filled", "result"}
    (older, newer) = found.seen("orders", 3)[-2:]
    assert newer.values == {"errors": None, "requests": 40.0, "filled": 0.0, "result": 0.0}
    assert (older.start, older.end, newer.start, newer.end) == (0, 2, 2, 4)


def test_a_composite_follows_its_children_in_the_same_step() -> None:
    both = composite("both", 'ALARM("orders") AND NOT OK("late")')
    late = named("late", breaching=2, periods=2)
    found = replayed(named("orders"), late, named("unasked"), both)
    assert told(found, "both") == [State.OK, State.OK, State.ALARM, State.OK]
    assert set(found.states) == set(found.actions) == {"orders", "late", "both"}
    assert set(found.datapoints) == {"orders", "late"}
    assert found.seen("both", 2) == ()
    assert [(e.step, e.state, e.outcome) for e in found.actions["both"]] == [
        (0, State.OK, "none"),
        (2, State.ALARM, "ran"),
        (3, State.OK, "none"),
    ]


def test_a_suppressor_is_replayed_and_holds_actions_back() -> None:
    held = composite("held", "ALARM(orders)", Suppressor("night", 0, 0))
    found = replayed(named("orders"), named("night"), held)
    assert told(found, "held") == [State.OK, State.ALARM, State.ALARM, State.OK]
    assert [e.outcome for e in found.actions["held"]] == ["none", "suppressed", "none"]


def test_a_mute_rule_changes_no_state_and_keeps_its_alarms_actions_from_running() -> None:
    alarms = {one.name: one for one in (named("a"), named("b"), named("c"))}
    night = MuteRule("night", "here", "cron(0 22 * * *)", "PT8H", "UTC", alarms=("a", "a"))
    holiday = replace(night, name="holiday", expression="cron(0 9 * * *)", alarms=("b", "c"))
    feed: Feed = {(METRIC, "Sum"): Samples(60, row("X"))}
    # 2026-03-02T23:00Z.
    grid = Grid(2, start=1_772_492_400)
    # A rule mutes in its own region alone.
    elsewhere = replace(night, region="us-east-1", alarms=("b", "c"))
    alarms["b"] = replace(alarms["b"], region="us-east-2")
    alarms["c"] = replace(alarms["c"], region="us-east-1")
    found = replay(Definitions(alarms, (night, holiday, elsewhere)), alarms, feed, grid)
    assert all(told(found, name)[0] is State.ALARM for name in "abc")
    assert {name: found.actions[name][0].outcome for name in "abc"} == {
        "a": "muted",
        "b": "ran",
        "c": "muted",
    }


@pytest.mark.parametrize(
    "alarms",
    [
        [composite("a", "ALARM(b)"), composite("b", "ALARM(a)")],
        [composite("a", "ALARM(a)")],
        [composite("a", "TRUE", Suppressor("b", 60, 60)), composite("b", "OK(a)")],
    ],
)
def test_composites_in_a_circle_are_refused(alarms: list[CompositeAlarm]) -> None:
    with pytest.raises(RefusedError, match=r"(?s)shop\.template.*AlarmRule.*in a circle: .* -> "):
        replayed(*alarms)


@pytest.mark.parametrize(
    "asking", [composite("a", "ALARM(gone)"), composite("a", "TRUE", Suppressor("gone", 60, 60))]
)
def test_an_alarm_that_is_not_there_is_refused(asking: CompositeAlarm) -> None:
    with pytest.raises(RefusedError, match=r"(?s)shop\.template\.json a.*there is no alarm 'gone'"):
        replayed(asking)


def test_an_alarm_asked_for_that_is_not_there_is_refused() -> None:
    with pytest.raises(RefusedError, match="there is no alarm 'gone'"):
        replayed(named("orders"), wanted="gone")


@pytest.mark.parametrize(
    ("queries", "why"),
    [
        ([MathQuery("m1", "m2 + 1"), MathQuery("m2", "m1 + 1")], "circle: m1 -> m2 -> m1"),
        ([MathQuery("m1", "m2 + 1"), MetricQuery("m3", METRIC, "Sum", 60)], "ids are: m1, m3"),
        ([MetricQuery("m2", METRIC, "Sum", 60)], "no query has this id"),
        ([MetricQuery("m1", METRIC, "Sum", 300)], "its period is 300 s, the alarm's 60 s"),
        ([MetricQuery("m1", METRIC, "Mean", 60)], "'Mean' is no statistic"),
        ([MathQuery("m1", "NOSUCH(m2)"), MetricQuery("m2", METRIC, "Sum", 60)], "NOSUCH"),
    ],
)
def test_queries_that_cannot_be_worked_out_are_refused(
    queries: list[MetricQuery | MathQuery], why: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        replayed(replace(named("orders"), queries=tuple(queries)))
    assert "shop.template.json Orders (orders) is refused" in str(refused.value)
    assert why in str(refused.value)


def test_a_statistic_of_several_alarms_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(*arguments: object) -> object:
        asked.append(str(arguments[1]))
        return windows.aggregated(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("simulator.cloudwatch.statistics.aggregated", counted)
    either = composite("either", "ALARM(a) OR ALARM(b)")
    replayed(named("a"), named("b", threshold=7.0), either)
    assert asked == ["Sum"]


def test_each_alarm_is_shown_its_own_datapoints() -> None:
    other = replace(named("other"), queries=(MetricQuery("m1", ERRORS, "Sum", 60),))
    alarms = {one.name: one for one in (named("orders"), other)}
    feed: Feed = {(METRIC, "Sum"): Samples(60, row("X")), (ERRORS, "Sum"): Samples(60, row("0"))}
    found = replay(Definitions(alarms), alarms, feed, Grid(1))
    assert [found.seen(name, 0)[-1].value for name in alarms] == [1.0, 0.0]


def test_averages_are_weighed_where_samples_are_fed() -> None:
    average = replace(
        alarm(1, 1, threshold=5.0, period=120), queries=(MetricQuery("m1", METRIC, "Average", 120),)
    )
    feed: Feed = {
        (METRIC, "Average"): Samples(60, np.array([0.0, 10.0])),
        (METRIC, "SampleCount"): Samples(60, np.array([1.0, 3.0])),
    }
    found = replay(Definitions({"orders": average}), ["orders"], feed, Grid(2))
    assert list(found.datapoints["orders"]) == [0.0, 7.5]


@given(
    points=st.text("0X-", max_size=30),
    future=st.text("0X-", min_size=1, max_size=30),
    period=st.sampled_from([60, 120, 300]),
    missing=st.sampled_from(Missing),
)
def test_no_state_or_datapoint_depends_on_what_comes_after(
    points: str, future: str, period: int, missing: Missing
) -> None:
    metric = replace(
        alarm(2, 3, missing, period=period, comparison=Comparison.AT_LEAST, threshold=2.0),
        queries=(MetricQuery("m1", METRIC, "Sum", period), MathQuery("e1", "FILL(m1, 0) + m1")),
        returned="e1",
    )
    either = composite("either", "ALARM(orders) OR INSUFFICIENT_DATA(orders)")
    steps = len(points)
    now = replayed(metric, either, points=points, steps=steps)
    later = replayed(metric, either, points=points + future, steps=steps + len(future))
    for name in ("orders", "either"):
        assert list(later.states[name][:steps]) == list(now.states[name])
    assert np.array_equal(
        later.datapoints["orders"][:steps], now.datapoints["orders"], equal_nan=True
    )


def filling(periods: int, expression: str = "FILL(m1, REPEAT)") -> MetricAlarm:
    one = named("filling", periods, periods)
    queries = (MetricQuery("m1", METRIC, "Sum", 60), MathQuery("e", expression))
    return replace(one, queries=queries, returned="e")


@pytest.mark.clause("ALL-2")
def test_the_newest_datapoint_is_filled_by_any_that_was_fetched() -> None:
    """Five periods, seven datapoints: the sixth minute without data still has the first one."""
    found = replayed(filling(5), points="X" + " -" * 9, steps=10)
    assert told(found, "filling") == [State.OK] * 4 + [State.ALARM] * 3 + [State.OK] * 3
    assert [each.value for each in found.seen("filling", 6)] == [1.0] * 7
    assert [each.value for each in found.seen("filling", 7)] == [None] * 7


@given(
    points=st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=1, max_size=14),
    periods=st.integers(1, 4),
    extra=st.integers(0, 3),
)
def test_each_evaluation_fills_from_its_own_datapoints(
    points: list[float], periods: int, extra: int
) -> None:
    """As a loop does that fetches the range of each step, and fills that alone."""
    values = np.array(points)
    one = filling(periods)
    definitions = Definitions({one.name: one})
    grid = Grid(len(values))
    found = replay(definitions, [one.name], {(METRIC, "Sum"): Samples(60, values)}, grid, extra)
    for step in range(len(values)):
        last: float | None = None
        expected: list[float | None] = []
        for at in range(step - periods - extra + 1, step + 1):
            if at >= 0 and not np.isnan(values[at]):
                last = float(values[at])
            expected.append(last)
        assert [each.value for each in found.seen(one.name, step)] == expected
        judged = [value for value in expected if value is not None][-periods:]
        rings = judged == [1.0] * periods
        assert told(found, one.name)[step] is (State.ALARM if rings else State.OK)


@given(
    points=st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=1, max_size=14),
    periods=st.integers(1, 4),
    expression=st.sampled_from(["FILL(m1, REPEAT)", "DIFF(m1) + 1", "FILL(m1, 0)", "m1 * 1"]),
)
def test_replays_that_share_statistics_say_what_each_says_alone(
    points: list[float], periods: int, expression: str
) -> None:
    one = filling(periods, expression)
    definitions, grid = Definitions({one.name: one}), Grid(len(points))
    feed = {(METRIC, "Sum"): Samples(60, np.array(points))}
    shared = Statistics(feed, grid)
    for extra in (EXTRA, *OTHER_EXTRAS):
        found = replay_of(definitions, [one.name], shared, extra)
        alone = replay(definitions, [one.name], feed, grid, extra)
        assert (found.states[one.name] == alone.states[one.name]).all()
        assert found.actions == alone.actions
        assert np.array_equal(
            found.series[one.name, "e"], alone.series[one.name, "e"], equal_nan=True
        )


def test_what_does_not_look_back_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(node: Node, *arguments: Any, **further: Any) -> Values:  # noqa: ANN401 - as given
        asked.append(node.text)
        return evaluate(node, *arguments, **further)

    monkeypatch.setattr("simulator.cloudwatch.queries.evaluate", counted)
    statistics = Statistics({(METRIC, "Sum"): Samples(60, row("X - X"))}, Grid(3))
    for expression in ("FILL(m1, 0)", "m1 + 1"):
        one = replace(filling(1, expression), name=expression)
        for extra in (EXTRA, *OTHER_EXTRAS):
            replay_of(Definitions({one.name: one}), [one.name], statistics, extra)
    assert asked == ["FILL(m1, 0)", "m1 + 1"]
