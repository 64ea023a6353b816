"""The shipped catalogue's expressions, against the evaluator that its own tests use.

``tests.alarms.expressions`` is Python's own arithmetic on one datapoint: another parser, another
evaluator.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.alarms.alarm import MetricAlarm
from runbook.alarms.catalogue import metric_alarms_of
from runbook.model.selection import all_environments
from simulator.cloudwatch.expressions import evaluate, parse
from tests.alarms.expressions import value

ALARMS = {
    alarm.expression: alarm
    for environment in all_environments()
    for alarm in metric_alarms_of(environment)
    if alarm.expression is not None
}
COUNTS = st.integers(0, 200).map(float)


def test_there_are_expressions() -> None:
    assert len(ALARMS) > 15


@pytest.mark.parametrize("key", ALARMS)
def test_an_expression_reads_all_of_its_metrics_and_nothing_else(key: str) -> None:
    alarm = ALARMS[key]
    assert alarm.expression is not None
    assert parse(alarm.expression).names == {metric.id for metric in alarm.metrics}


@pytest.mark.parametrize("key", ALARMS)
@settings(max_examples=40)
@given(data=st.data())
def test_both_evaluators_agree(key: str, data: st.DataObject) -> None:
    """On whole series at once, and datapoint by datapoint."""
    alarm = ALARMS[key]
    steps = data.draw(st.integers(1, 12))
    series = {
        metric.id: data.draw(st.lists(_filled(alarm, metric.id), min_size=steps, max_size=steps))
        for metric in alarm.metrics
    }
    assert alarm.expression is not None
    given_ = {
        id_: np.array([math.nan if each is None else each for each in values])
        for id_, values in series.items()
    }
    found = evaluate(parse(alarm.expression), given_, 1)
    for step in range(steps):
        now, before = _at(series, step), _at(series, step - 1) if step else {}
        expected = value(alarm, now, before)
        assert found[step] == pytest.approx(math.nan if expected is None else expected, nan_ok=True)


def _filled(alarm: MetricAlarm, id_: str) -> st.SearchStrategy[float | None]:
    """Leave out what the expression fills: of other missing values Python knows nothing."""
    filled = f"FILL({id_}, " in str(alarm.expression)
    return COUNTS | st.none() if filled else COUNTS


def _at(series: dict[str, list[float | None]], step: int) -> dict[str, float | None]:
    return {id_: values[step] for id_, values in series.items()}


@pytest.mark.parametrize(
    ("running", "desired", "deployments", "expected"),
    [
        (3, 4, 1, 1),
        # Held against a number, what is missing is no 0: a condition without a datapoint has no
        # result. Tasks that nobody counts do not ring.
        (math.nan, 4, 1, math.nan),
        # Without the number that is wanted, none is: the datapoint is 0 or below.
        (0, math.nan, 1, 0),
        (3, math.nan, 1, -3),
        (3, 4, math.nan, math.nan),
        (math.nan, math.nan, math.nan, math.nan),
    ],
)
def test_missing_values_that_no_fill_fills(
    running: float, desired: float, deployments: float, expected: float
) -> None:
    """The guide's rules on ``ecs-running-below-desired``, the one that leaves them missing."""
    alarm = next(a for a in ALARMS.values() if a.id == "ecs-running-below-desired")
    given_ = {"running": running, "desired": desired, "deployments": deployments}
    inputs = {id_: np.array([each], dtype=np.float64) for id_, each in given_.items()}
    found = evaluate(parse(str(alarm.expression)), inputs, 1)
    assert found[0] == pytest.approx(expected, nan_ok=True)
