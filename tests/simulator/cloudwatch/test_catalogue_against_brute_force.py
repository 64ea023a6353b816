"""Whole replays of the shipped catalogue's metric alarms, against the slow evaluation.

Statistics and evaluations are ``brute_force``'s, expressions those of ``tests.alarms.expressions``.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbook.alarms.alarm import Metric, MetricAlarm
from runbook.alarms.catalogue import metric_alarms_of
from runbook.model.selection import all_environments
from simulator.cloudwatch.definitions import Definitions
from simulator.cloudwatch.judgement import EXTRA, STATES
from simulator.cloudwatch.replay import replay
from simulator.cloudwatch.series import MINUTE, Grid, Samples
from tests.alarms.expressions import value
from tests.simulator.brute_force import Outcome, breaches, outcome, statistic
from tests.simulator.catalogued import identity, simulated

# Once each: environments and services differ by names and numbers.
ALARMS = {
    alarm.id: alarm for environment in all_environments() for alarm in metric_alarms_of(environment)
}
Series = Mapping[str, Sequence[float | None]]


@pytest.mark.parametrize("key", ALARMS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_both_say_the_same_of_each_minute(key: str, data: st.DataObject) -> None:
    alarm = ALARMS[key]
    steps = data.draw(st.integers(1, 40))
    series = {each.id: data.draw(_values(alarm, each, steps)) for each in alarm.metrics}
    ours = simulated(alarm)
    feed = {
        (identity(each), each.stat): Samples(
            MINUTE, np.array([math.nan if v is None else v for v in series[each.id]])
        )
        for each in alarm.metrics
    }
    known = Definitions({ours.name: ours})
    played = replay(known, [ours.name], feed, Grid(steps))
    found = [STATES[code] for code in played.states[ours.name]]
    assert found == _by_hand(alarm, series, steps)


def _values(
    alarm: MetricAlarm, metric: Metric, steps: int
) -> st.SearchStrategy[list[float | None]]:
    """Draw counts around the threshold; what no FILL fills is there throughout.

    A percentile of five minutes is known where it is the same in each of them.
    """
    threshold = max(1, math.ceil(abs(alarm.threshold)))
    number = st.integers(0, 2 * threshold).map(float) | st.integers(0, 10).map(float)
    filled = alarm.expression is None or f"FILL({metric.id}, " in alarm.expression
    each = number | st.none() if filled else number
    if metric.stat.startswith("p"):
        one = number.flatmap(lambda level: st.sampled_from([level, None]))
        return one.map(lambda level: [level] * steps)
    return st.lists(each, min_size=steps, max_size=steps)


def _by_hand(alarm: MetricAlarm, series: Series, steps: int) -> list[str]:
    lag, state, states = alarm.period // MINUTE, str(STATES[-1]), []
    datapoints = [_datapoint(alarm, series, step, lag) for step in range(steps)]
    for step in range(steps):
        places = [step - back * lag for back in reversed(range(alarm.periods + EXTRA))]
        window = [
            breaches(datapoints[at] if at >= 0 else None, alarm.comparison, alarm.threshold)
            for at in places
        ]
        found = outcome(window, alarm.periods, alarm.breaching, alarm.missing)
        state = state if found is Outcome.AS_BEFORE else str(found)
        states.append(state)
    return states


def _datapoint(alarm: MetricAlarm, series: Series, step: int, lag: int) -> float | None:
    now, before = _statistics(alarm, series, step, lag), _statistics(alarm, series, step - lag, lag)
    return value(alarm, now, before if step >= lag else None)


def _statistics(alarm: MetricAlarm, series: Series, step: int, lag: int) -> dict[str, float | None]:
    places = range(max(0, step + 1 - lag), max(0, step + 1))
    return {
        each.id: statistic(
            [series[each.id][at] for at in places],
            "Maximum" if each.stat.startswith("p") else each.stat,
        )
        for each in alarm.metrics
    }
