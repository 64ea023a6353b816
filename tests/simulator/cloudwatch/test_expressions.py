"""Metric math, held against the tables and sentences of CloudWatch's User Guide."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.cloudwatch.expressions import ExpressionError, evaluate, parse, timestamps
from simulator.cloudwatch.series import Grid, Values

NO = math.nan
# The guide's own series: two of "Comparison and logical operators", three of each IF.
GUIDE: dict[str, list[float]] = {
    "metric1": [30, 20, 0, 0],
    "metric2": [20, NO, 20, NO],
    "if1": [1, 1, 0, 0, NO],
    "if2": [30, NO, 0, 0, 30],
    "if3": [0, 0, 20, NO, 20],
}
OF_GUIDE: list[tuple[str, list[float]]] = [
    ("metric1 < metric2", [0, 0, 1, 0]),
    ("metric1 >= 30", [1, 0, 0, 0]),
    ("metric1 > 15 AND metric2 > 15", [1, 0, 0, 0]),
    ("metric1 > 15 && metric2 > 15", [1, 0, 0, 0]),
    ("IF(if1, if2, if3)", [30, 0, 20, NO, NO]),
    ("IF(if1, 5, if3)", [5, 5, 20, NO, NO]),
    ("IF(if1, if2, 5)", [30, 0, 5, 5, NO]),
    ("IF(if1, 10, 2)", [10, 10, 2, 2, NO]),
    ("IF(if1, if2)", [30, 0, NO, NO, NO]),
    ("IF(metric1 < 25, metric1)", [NO, 20, 0, 0]),
    ("IF(metric1 < 25, 10, 2)", [2, 10, 10, 10]),
    ("IF(0, if2, if3)", [0, 0, 20, NO, 20]),
    ("IF(-1, if2, if3)", [30, NO, 0, 0, 30]),
    ("IF(0, if2)", [NO] * 5),
]
SERIES: dict[str, list[float]] = {
    "m1": [6, -2, 0, NO, NO],
    "m2": [3, 0, NO, 4, NO],
    "gap": [1, NO, 4, NO, NO],
    "stairs": [1, 3, 3, 2, 8],
}
WORKED_OUT: list[tuple[str, list[float]]] = [
    # What one of two series lacks is 0; what both lack is no datapoint.
    ("m1 + m2", [9, -2, 0, 4, NO]),
    ("m1 - m2", [3, -2, 0, -4, NO]),
    ("m2 * m1", [18, 0, 0, 0, NO]),
    ("m1 == m2", [0, 0, 1, 0, NO]),
    ("m1 != m2", [1, 1, 0, 1, NO]),
    ("m1 OR m2", [1, 1, 0, 1, NO]),
    ("m1 || m2", [1, 1, 0, 1, NO]),
    # A division by zero leaves none, also by a 0 that stands for what is missing.
    ("m1 / m2", [2, NO, NO, 0, NO]),
    ("m2 / 0", [NO] * 5),
    ("0 ^ m1", [0, NO, 1, NO, NO]),
    # A number stands for no datapoint.
    ("5 * m1", [30, -10, 0, NO, NO]),
    ("m1 < 5", [0, 1, 1, NO, NO]),
    ("-m1", [-6, 2, 0, NO, NO]),
    ("-5 * m1", [-30, 10, 0, NO, NO]),
    ("m1 ^ 2", [36, 4, 0, NO, NO]),
    ("2 + 3 * m1 / 2", [11, -1, 2, NO, NO]),
    ("m1 - 1 - 2", [3, -5, -3, NO, NO]),
    ("ABS(m1 - m2)", [3, 2, 0, 4, NO]),
    ("CEIL(m1 / 4)", [2, 0, 0, NO, NO]),
    ("FLOOR(m1 / 4)", [1, -1, 0, NO, NO]),
    ("LOG10(ABS(m1) + 10)", [math.log10(16), math.log10(12), 1, NO, NO]),
    ("LOG(ABS(m1) + 1)", [math.log(7), math.log(3), 0, NO, NO]),
    ("SUM([m1, m2])", [9, -2, 0, 4, NO]),
    ("AVG([m1, m2])", [4.5, -1, 0, 2, NO]),
    ("MAX([m1, m2])", [6, 0, 0, 4, NO]),
    ("MIN([FILL(m1, 9), FILL(m2, 0)])", [3, -2, 0, 4, 0]),
    ("MAX([m1])", [6, -2, 0, NO, NO]),
    ("SUM(100 / [m1, m2])", [50, -50, NO, 25, NO]),
    ("SUM(-[m1, m2])", [-9, 2, 0, -4, NO]),
    ("AVG([m1, m2] / stairs)", [4.5, -1 / 3, 0, 1, 0]),
    ("SUM([m1, [m2, m2]])", [12, -2, 0, 8, NO]),
    ("FILL(m1, -1)", [6, -2, 0, -1, -1]),
    ("FILL(gap, REPEAT)", [1, 1, 4, 4, 4]),
    ("SUM(FILL([m1, m2], 1))", [9, -2, 1, 5, 2]),
    ("SUM(FILL([m1, m2], stairs))", [9, -2, 3, 6, 16]),
    ("DIFF(stairs)", [NO, 2, 0, -1, 6]),
    ("DIFF(gap)", [NO, NO, 3, NO, NO]),
    ("DIFF_TIME(gap)", [NO, NO, 120, NO, NO]),
    ("RATE(gap)", [NO, NO, 3 / 120, NO, NO]),
    ("PERIOD(m1) / 60 * stairs", [1, 3, 3, 2, 8]),
    ("TIME_SERIES(10)", [10] * 5),
    # What IF does not take is not asked for.
    ("IF(m1 > 0, LOG(m1), 0)", [math.log(6), 0, 0, NO, NO]),
]


def of(series: Mapping[str, Sequence[float]]) -> dict[str, Values]:
    longest = max(len(values) for values in series.values())
    padded = {id_: [*values, *[NO] * (longest - len(values))] for id_, values in series.items()}
    return {id_: np.array(values, dtype=np.float64) for id_, values in padded.items()}


@pytest.mark.parametrize(("text", "expected"), OF_GUIDE)
def test_the_guide_s_own_examples(text: str, expected: list[float]) -> None:
    found = evaluate(parse(text), of(GUIDE), 1)[: len(expected)]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("text", "expected"), WORKED_OUT)
def test_what_the_guide_says_in_words(text: str, expected: list[float]) -> None:
    found = evaluate(parse(text), of(SERIES), 1)
    np.testing.assert_allclose(found, np.array(expected))


OPEN = {
    "LOG(m1)": "step 1: LOG of 0 or less",
    "m1 ^ 0.5": "step 1: ^ makes no finite number",
    "MIN([m1, m2])": "step 3: MIN has series without a datapoint",
    "MAX([-m1, -m2])": "step 3: MAX has series without a datapoint",
    "HOUR(m1)": "HOUR depends on the time",
    "m1 + n": "no query has the id n",
    "m1 + 1 / 0": "1 / 0 is no number",
}


@pytest.mark.parametrize("text", OPEN)
def test_what_the_guide_leaves_open_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        evaluate(parse(text), of(SERIES), 1)
    assert OPEN[text] in str(refused.value)
    assert 1 <= refused.value.place <= len(text)


def test_what_has_become_too_large_is_refused() -> None:
    huge = f"stairs * {'9' * 308} * 99"
    with pytest.raises(ExpressionError, match="makes no finite number"):
        evaluate(parse(huge), of(SERIES), 1)


def test_no_series_at_all_is_refused() -> None:
    with pytest.raises(ExpressionError, match="no series"):
        evaluate(parse("TIME_SERIES(10)"), {}, 1)


def test_looking_back_keeps_to_the_phase_and_to_its_reach() -> None:
    """Periods of two steps: each datapoint is held against the one two steps before."""
    given = {"m": np.array([1, 10, NO, 20, 7, NO, NO, NO, NO, NO, 9, 11])}
    nan = [NO] * 2
    rate = evaluate(parse("RATE(m)"), given, 2, step=30)
    np.testing.assert_allclose(rate, [*nan, NO, 10 / 60, 6 / 120, *[NO] * 7])
    further = evaluate(parse("DIFF(m)"), given, 2, reach=4)
    np.testing.assert_allclose(further, [*nan, NO, 10, 6, *[NO] * 5, 2, -9])
    filled = evaluate(parse("FILL(m, REPEAT)"), given, 2)
    np.testing.assert_allclose(filled, [1, 10, 1, 20, 7, 20, 7, 20, 7, NO, 9, 11])


def test_a_doubt_is_looked_back_at() -> None:
    given = {"m": np.array([1.0, 0.0, NO, 2.0])}
    for text in ("DIFF(LOG(m))", "FILL(LOG(m), REPEAT)", "FILL(LOG(m), 0)", "IF(LOG(m), 1, 1)"):
        with pytest.raises(ExpressionError, match="step 1: LOG"):
            evaluate(parse(text), given, 1)
    with pytest.raises(ExpressionError, match="LOG"):
        evaluate(parse("IF(m == 2, DIFF(LOG(m)), 0)"), given, 1)


@given(start=st.integers(0, 4 * 10**9), lag=st.integers(1, 60))
def test_functions_of_time_tell_utc_at_the_start_of_each_period(start: int, lag: int) -> None:
    grid = Grid(steps=70, start=start)
    stamps = timestamps(grid, lag)
    series = {"m": np.full(grid.steps, NO)}
    step = start % grid.steps
    # A datapoint of ``lag`` minutes that ends with this step.
    then = datetime.fromtimestamp(start + (step + 1 - lag) * 60, UTC)
    told = {
        "MINUTE": then.minute,
        "HOUR": then.hour,
        "DAY": then.isoweekday(),
        "DATE": then.day,
        "MONTH": then.month,
        "YEAR": then.year,
        "EPOCH": then.timestamp(),
    }
    for function, expected in told.items():
        found = evaluate(parse(f"{function}(m)"), series, lag, stamps=stamps)
        assert found[step] == expected, function


def test_without_a_start_there_is_no_time() -> None:
    with pytest.raises(ValueError, match="no time of day"):
        timestamps(Grid(steps=3), 1)
