"""What must hold of judgement for any datapoints; ``test_against_brute_force`` has the rest."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from runbook.alarms.alarm import Comparison, Missing
from runbook.model.refusal import RefusedError
from simulator.cloudwatch.definitions import MetricAlarm, MetricIdentity, State
from simulator.cloudwatch.judgement import ALARM, INSUFFICIENT, OK, STATES, judge, states
from tests.simulator.alarms import alarm, row

ROWS = st.text("0X-", max_size=40)
TREATMENTS = st.sampled_from(Missing)
M_OF_N = st.integers(1, 6).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n)))
LAGS, EXTRAS = st.integers(1, 4), st.integers(0, 4)
TABLE = MetricIdentity("AWS/DynamoDB", "ThrottledRequests")


@given(points=ROWS, m_of_n=M_OF_N, missing=TREATMENTS, lag=LAGS, extra=EXTRAS)
def test_each_phase_of_a_period_is_judged_for_itself(
    points: str, m_of_n: tuple[int, int], missing: Missing, lag: int, extra: int
) -> None:
    """Periods of several minutes: the evaluation at t looks at t, t - lag, t - 2 lag alone."""
    looked = alarm(*m_of_n, missing, period=60 * lag)
    outcomes = judge(row(points), looked, lag, extra)
    for phase in range(lag):
        alone = judge(row(points[phase::lag]), alarm(*m_of_n, missing), 1, extra)
        assert list(outcomes[phase::lag]) == list(alone)


@given(points=ROWS, future=ROWS, m_of_n=M_OF_N, missing=TREATMENTS, lag=LAGS, extra=EXTRAS)
def test_a_state_never_depends_on_what_comes_after(
    points: str, future: str, m_of_n: tuple[int, int], missing: Missing, lag: int, extra: int
) -> None:
    looked = alarm(*m_of_n, missing, period=60 * lag)
    now = _states(row(points), looked, lag, extra)
    assert _states(row(points + future), looked, lag, extra)[: len(points)] == now


@given(
    points=ROWS, worse=st.sets(st.integers(0, 39)), m_of_n=M_OF_N, missing=TREATMENTS, extra=EXTRAS
)
def test_more_breaching_datapoints_never_turn_alarm_into_ok(
    points: str, worse: set[int], m_of_n: tuple[int, int], missing: Missing, extra: int
) -> None:
    spoiled = "".join(
        "X" if at in worse and sign == "0" else sign for at, sign in enumerate(points)
    )
    looked = alarm(*m_of_n, missing)
    before = _states(row(points), looked, extra=extra)
    after = _states(row(spoiled), looked, extra=extra)
    assert (State.ALARM, State.OK) not in set(zip(before, after, strict=True))


@given(number=st.integers(1, 50), m_of_n=M_OF_N, lag=LAGS, extra=EXTRAS)
def test_what_silence_is_told_as(
    number: int, m_of_n: tuple[int, int], lag: int, extra: int
) -> None:
    def silent(missing: Missing) -> set[State]:
        looked = alarm(*m_of_n, missing, period=60 * lag)
        return set(_states(row("-" * number), looked, lag, extra))

    assert silent(Missing.WELL) == {State.OK}
    assert silent(Missing.BAD) == {State.ALARM}
    assert silent(Missing.UNKNOWN) == {State.INSUFFICIENT}
    assert silent(Missing.AS_BEFORE) == {State.INSUFFICIENT}


@given(
    points=st.text("0X", max_size=40),
    m_of_n=M_OF_N,
    missing=TREATMENTS,
    lag=LAGS,
    extra=st.integers(0, 10),
)
def test_extra_datapoints_change_nothing_where_none_is_missing(
    points: str, m_of_n: tuple[int, int], missing: Missing, lag: int, extra: int
) -> None:
    looked = alarm(*m_of_n, missing, period=60 * lag)
    assert _states(row(points), looked, lag, extra) == _states(row(points), looked, lag, 0)


@given(points=ROWS, m_of_n=M_OF_N, missing=TREATMENTS)
def test_a_threshold_the_other_way_round_is_the_same(
    points: str, m_of_n: tuple[int, int], missing: Missing
) -> None:
    above = alarm(*m_of_n, missing)
    below = replace(above, comparison=Comparison.BELOW, threshold=-0.5)
    assert _states(row(points), above) == _states(-row(points), below)


@pytest.mark.parametrize(
    ("comparison", "outcomes"),
    [
        (Comparison.ABOVE, [OK, OK, ALARM]),
        (Comparison.AT_LEAST, [OK, ALARM, ALARM]),
        (Comparison.BELOW, [ALARM, OK, OK]),
        (Comparison.AT_MOST, [ALARM, ALARM, OK]),
    ],
)
def test_comparisons(comparison: Comparison, outcomes: list[int]) -> None:
    looked = alarm(1, 1, comparison=comparison, threshold=2.0)
    assert list(judge(np.array([1.0, 2.0, 3.0]), looked, lag=1)) == outcomes


@pytest.mark.parametrize("missing", [Missing.UNKNOWN, Missing.AS_BEFORE])
def test_missing_data_of_dynamodb_are_ignored(missing: Missing) -> None:
    found = _states(row("X - - - - 0 - - - -"), alarm(1, 1, missing, metric=TABLE))
    assert found == [State.ALARM] * 5 + [State.OK] * 5


def test_what_aws_pages_disagree_on_for_dynamodb_is_refused_where_it_matters() -> None:
    looked = alarm(1, 1, Missing.WELL, metric=TABLE)
    assert _states(row("0 - - - - 0 X 0"), looked)[-2:] == [State.ALARM, State.OK]
    with pytest.raises(RefusedError, match=r"(?s)shop.template.json Orders.*AWS/DynamoDB.*ignore"):
        judge(row("X - - - -"), looked, lag=1)


def _states(
    datapoints: NDArray[np.float64], looked: MetricAlarm, lag: int = 1, extra: int = 2
) -> list[State]:
    return [STATES[index] for index in states(judge(datapoints, looked, lag, extra))]


def test_an_alarm_begins_in_insufficient_data() -> None:
    looked = alarm(1, 1, Missing.AS_BEFORE)
    assert list(states(judge(row("- - 0"), looked, lag=1))) == [INSUFFICIENT, INSUFFICIENT, OK]
