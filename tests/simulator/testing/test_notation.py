"""Series as promtool writes them, and what is refused of them."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.testing.notation import LARGEST, MOST_VALUES, NotationError, values

NAN = np.nan


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # The examples of promtool's documentation.
        ("-2+4x3", [-2, 2, 6, 10]),
        (" 1-2x4", [1, -1, -3, -5, -7]),
        ("1x4", [1, 1, 1, 1, 1]),
        (" 1 _x3 5", [1, NAN, NAN, NAN, 5]),
        # And what its parser takes besides.
        ("5", [5]),
        ("_", [NAN]),
        ("1x0", [1]),
        ("1 _x0 2", [1, 2]),
        ("0x3", [0, 0, 0, 0]),
        ("1e3 1.5e-1x1 .5 2.", [1000, 0.15, 0.15, 0.5, 2]),
        ("-1.5x1 +2", [-1.5, -1.5, 2]),
        ("1e1-1e0x2", [10, 9, 8]),
        ("1-.5x2", [1, 0.5, 0]),
        ("1\n  2\t3", [1, 2, 3]),
        ("5x10 50x10 _x10", [5] * 11 + [50] * 11 + [NAN] * 10),
    ],
)
def test_what_promtool_reads(text: str, found: list[float]) -> None:
    np.testing.assert_allclose(values(text), found, rtol=1e-15)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "'' at character 1: no value"),
        ("_x0", "'_x0' at character 1: no value"),
        ("1 2 abc", "'abc' at character 5: no value in promtool's notation"),
        ("1 5+3", "'5+3' at character 3: no value in promtool's notation"),
        ("1x", "'1x' at character 1: no value in promtool's notation"),
        ("1x-3", "'1x-3' at character 1: no value in promtool's notation"),
        ("1x1.5", "'1x1.5' at character 1: no value in promtool's notation"),
        ("__", "'__' at character 1: no value in promtool's notation"),
        ("1,000", "'1,000' at character 1: no value in promtool's notation"),
        ("1 x 3", "'x' at character 3: no value in promtool's notation"),
        ("٣", "'٣' at character 1: no value in promtool's notation"),
        ("stale", "'stale' at character 1: CloudWatch has no stale marker, a datapoint comes or"),
        ("1 NaN", "'NaN' at character 3: CloudWatch takes neither NaN nor infinity"),
        ("-inf", "'-inf' at character 1: CloudWatch takes neither NaN nor infinity"),
        ("1e999", "'1e999' at character 1: CloudWatch takes no value beyond 2^360"),
        ("0+1e108x9999", "'0+1e108x9999' at character 1: CloudWatch takes no value beyond"),
        ("1x999999 2", "'2' at character 10: more than 1,000,000 values"),
        (f"_x{'9' * 5000}", f"'_x{'9' * 38}...' at character 1: more than 1,000,000 values"),
    ],
)
def test_what_is_refused_names_the_word_and_its_place(text: str, told: str) -> None:
    with pytest.raises(NotationError) as refused:
        values(text)
    assert str(refused.value).startswith(told)
    assert refused.value.fix


def test_a_million_values_and_the_largest_are_taken() -> None:
    assert len(values(f"1x{MOST_VALUES - 1}")) == MOST_VALUES
    assert values(repr(LARGEST))[0] == LARGEST


NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda number: round(number, 3))


@given(st.lists(st.tuples(NUMBERS, NUMBERS, st.integers(0, 20)), min_size=1, max_size=5))
def test_each_word_is_its_steps(words: list[tuple[float, float, int]]) -> None:
    text = " ".join(f"{first}{by:+}x{times}" for first, by, times in words)
    wanted = [first + by * i for first, by, times in words for i in range(times + 1)]
    np.testing.assert_allclose(values(text), wanted, rtol=1e-12)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(NotationError):
        assert len(values(text))
