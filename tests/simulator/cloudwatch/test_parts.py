"""Long series are worked through in parts: where one ends must not be seen in what comes out."""

from dataclasses import replace

import numpy as np
import pytest

from runbook.alarms.alarm import Missing
from simulator.cloudwatch.definitions import Definitions, MathQuery, MetricIdentity, MetricQuery
from simulator.cloudwatch.expressions import ExpressionError, evaluate, parse
from simulator.cloudwatch.replay import Replay, replay
from simulator.cloudwatch.series import PART, Feed, Grid, Samples, parts
from tests.simulator.alarms import METRIC, alarm

# A day of minutes does not divide a part.
DAY = 1440
REQUESTS = MetricIdentity("Acme/Shop", "Requests")
PERIOD, PERIODS = 300, 7


def replayed(days: int, missing: Missing, expression: str) -> Replay:
    one = replace(
        alarm(3, PERIODS, missing, period=PERIOD, threshold=0.25),
        queries=(
            MetricQuery("m1", METRIC, "Sum", PERIOD),
            MetricQuery("m2", REQUESTS, "Maximum", PERIOD),
            MathQuery("e1", expression),
        ),
        returned="e1",
    )
    random = np.random.default_rng(seed=4)
    feed: Feed = {
        (METRIC, "Sum"): Samples(60, np.tile(random.choice([0, 1, np.nan], DAY), days)),
        (REQUESTS, "Maximum"): Samples(60, np.tile(random.choice([5, 9, np.nan], DAY), days)),
    }
    return replay(Definitions({one.name: one}), [one.name], feed, Grid(days * DAY))


@pytest.mark.parametrize("expression", ["m1 / m2", "IF(RATE(m1) > 0, m1 / m2, 0)"])
@pytest.mark.parametrize("missing", list(Missing))
def test_each_day_of_the_same_data_has_the_same_states(missing: Missing, expression: str) -> None:
    days = 3 * PART // DAY
    found = replayed(days, missing, expression)
    of_days = found.states["orders"].reshape(days, DAY)
    assert (of_days[1:] == of_days[1]).all()
    assert set(of_days[1]) >= {0, 1}
    datapoints = found.datapoints["orders"].reshape(days, DAY)
    np.testing.assert_array_equal(datapoints[1:], np.tile(datapoints[1], (days - 1, 1)))
    first = replayed(2, missing, expression).states["orders"]
    assert (found.states["orders"][: 2 * DAY] == first).all()


def test_what_is_open_is_named_by_its_step_of_the_whole() -> None:
    values = np.ones(2 * PART + 9)
    values[PART + 3] = -1
    with pytest.raises(ExpressionError, match=f"step {PART + 3}: LOG"):
        evaluate(parse("LOG(m1)"), {"m1": values}, 1)


@pytest.mark.parametrize("number", [0, 1, 4, 5, 6, 15])
def test_parts_are_all_in_order(number: int) -> None:
    cut = list(parts(number, 5))
    assert [at for part in cut for at in range(number)[part]] == list(range(number))
    assert len(cut) == max(1, -(-number // 5))
