"""An event rings though EventBridge counts it late, or by one of its two metrics alone.

The simulator knows of no delay. So a minute before a datapoint came is taken of a replay without
it, and a minute after that of one with it.
"""

import numpy as np
import pytest
from numpy.typing import NDArray

from runbook.alarms.alarm import MetricAlarm
from runbook.alarms.catalogue import metric_alarms_of
from runbook.model.loader import load_environment
from simulator.cloudwatch import definitions as simulated
from simulator.cloudwatch.definitions import Definitions, MetricQuery, State
from simulator.cloudwatch.judgement import OK, STATES
from simulator.cloudwatch.replay import replay
from simulator.cloudwatch.series import MINUTE, Feed, Grid, Samples
from tests.assembly import Assembly
from tests.simulator.noticing import EXTRAS
from tests.simulator.shipped import source

PRODUCTION = load_environment("rovn/production")
# Minutes: of the event; how late its datapoint still is in three windows of five.
EVENT, LATEST = 20, 14
STEPS = EVENT + 40
RINGS = STATES.index(State.ALARM)
# A backup that is not counted rings: its datapoint is good news.
ALARMS = [
    alarm
    for alarm in metric_alarms_of(PRODUCTION)
    if alarm.id != "backup-failed"
    if {metric.namespace for metric in alarm.metrics} == {"AWS/Events"}
]
EACH = pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: alarm.key)


@pytest.mark.clause("ALL-7")
@EACH
@pytest.mark.parametrize("extra", EXTRAS)
@pytest.mark.parametrize("late", [0, 1, 5, 10, LATEST, LATEST + 1])
def test_one_count_of_the_two_rings_until_it_is_a_quarter_of_an_hour_late(
    assembly: Assembly, alarm: MetricAlarm, extra: int, late: int
) -> None:
    definitions = source(assembly.directory, PRODUCTION.name).definitions
    name = alarm.name(PRODUCTION.slug)
    queries = _queries(definitions, name)
    assert {query.metric.name for query in queries} == {"Invocations", "TriggeredRules"}
    before = _states(definitions, name, {}, extra)
    for query in queries:
        after = _states(definitions, name, {(query.metric, query.stat): _once()}, extra)
        rung = np.concatenate([before[: EVENT + late], after[EVENT + late :]]) == RINGS
        assert rung.any() == (late <= LATEST), query.id
        assert rung[EVENT + late : EVENT + LATEST + 1].all(), query.id
        assert not rung[EVENT + LATEST + 1 :].any(), query.id


@EACH
@pytest.mark.parametrize("extra", EXTRAS)
def test_an_event_that_neither_counts_cannot_ring(
    assembly: Assembly, alarm: MetricAlarm, extra: int
) -> None:
    definitions = source(assembly.directory, PRODUCTION.name).definitions
    assert set(_states(definitions, alarm.name(PRODUCTION.slug), {}, extra)) == {OK}


def _queries(definitions: Definitions, name: str) -> list[MetricQuery]:
    alarm = definitions.alarms[name]
    assert isinstance(alarm, simulated.MetricAlarm)
    return [query for query in alarm.queries if isinstance(query, MetricQuery)]


def _states(definitions: Definitions, name: str, feed: Feed, extra: int) -> NDArray[np.int8]:
    return replay(definitions, [name], feed, Grid(STEPS), extra).states[name]


def _once() -> Samples:
    values = np.full(STEPS, np.nan)
    values[EVENT] = 1
    return Samples(MINUTE, values)
