"""Drawings of series and states, line by line."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.alarms.alarm import Comparison
from simulator.cloudwatch.judgement import judge, states
from simulator.cloudwatch.series import Values
from simulator.testing.drawing import ASCII, BLOCKS, COLUMNS, ROWS, Characters, Timeline, drawn
from simulator.testing.drawing import drawn_states as drawn_of
from tests.simulator.alarms import alarm


def picture(
    values: Values, points_at: int = 0, characters: Characters = BLOCKS, threshold: float = 1
) -> list[str]:
    one = alarm(1, 1, threshold=threshold)
    timeline = Timeline(len(values), 60, points_at, characters)
    return drawn(values, one, states(judge(values, one, 1, 0)), timeline)


def test_blocks_have_eighths() -> None:
    assert picture(np.array([0, 0.5, 1, 1.0625, 2, np.nan]), 4) == [
        "2 │    █",
        "  │    █",
        "  │    █",
        "1 ┤───▂█─",
        "  │  ███",
        "  │  ███",
        "  │ ████",
        "0 │ ████_",
        "  └┬─────",
        "   0m",
        "   ...AA?",
        "       ^ 4m",
        "   . OK, A ALARM, ? INSUFFICIENT_DATA, _ missing",
    ]


def test_ascii_has_none() -> None:
    text = "\n".join(picture(np.arange(30.0), 7, ASCII, threshold=11))
    assert text.isascii()
    assert "11 +------------" in text


def test_many_steps_are_gathered_into_times_that_people_count_in() -> None:
    values = np.zeros(200)
    values[[100, 150, 151, 152, 153, 154]] = 5, 2, 2, 2, 2, 2
    lines = picture(values, 150)
    assert lines[-3] == f"   {'.' * 20}*{'.' * 9}A{'.' * 9}"
    assert lines[-2] == f"   {' ' * 30}^ 2h30m"
    assert lines[-1].endswith("* several; each column is 5m")
    # The peak of one minute is not lost.
    assert lines[0] == f"5 │{' ' * 20}█"
    assert lines[-4].split() == ["0m", "1h15m", "2h30m"]


def test_of_an_alarm_on_low_values_the_lowest_is_drawn() -> None:
    values = np.full(120, 9.0)
    values[60] = 0
    one = replace(alarm(1, 1, threshold=1), comparison=Comparison.BELOW)
    timeline = Timeline(120, 60, 60, BLOCKS)
    lines = drawn(values, one, states(judge(values, one, 1, 0)), timeline)
    assert lines[ROWS - 1][3:] == f"{'█' * 30}─{'█' * 29}"


@pytest.mark.parametrize("values", [np.zeros(3), np.full(3, np.nan), np.full(3, -5.0), np.ones(1)])
@pytest.mark.parametrize("threshold", [0.0, 1.0, -3.0])
def test_series_without_a_range_are_drawn(values: Values, threshold: float) -> None:
    lines = picture(values, threshold=threshold)
    assert any(line.lstrip().startswith(f"{threshold:g} ┤") for line in lines)


NUMBERS = st.floats(-(2.0**360), 2.0**360) | st.just(float("nan"))


@given(st.lists(NUMBERS, min_size=1, max_size=400), st.floats(-1e12, 1e12), st.data())
def test_whatever_is_drawn_fits(values: list[float], threshold: float, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(values) - 1))
    lines = picture(np.array(values), at, BLOCKS, threshold)
    edges = [min(line.find(sign) for sign in "│┤" if sign in line) for line in lines[:ROWS]]
    assert len(set(edges)) == 1
    assert all(len(line) - edges[0] - 1 <= COLUMNS for line in lines[:ROWS])
    assert sum("┤" in line for line in lines) == 1


def test_a_threshold_too_small_to_be_divided_is_drawn() -> None:
    lines = picture(np.array([np.nan, 0.0]), 0, BLOCKS, 5e-324)
    assert sum("┤" in line for line in lines) == 1


def test_states_of_several_have_one_axis() -> None:
    found = {"a": np.array([0, 0, 1], np.int8), "longer": np.array([2, 1, 1], np.int8)}
    assert drawn_of(found, Timeline(3, 10, 2, BLOCKS)) == [
        "a       ..A",
        "longer  ?AA",
        "          ^ 20s",
        "       └┬──",
        "        0m",
        "        . OK, A ALARM, ? INSUFFICIENT_DATA",
    ]
