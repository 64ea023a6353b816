"""How expressions are read, and refused with the place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.cloudwatch.expressions import ExpressionError, parse, written
from simulator.cloudwatch.expressions.nodes import (
    Call,
    Listed,
    Name,
    Negative,
    Number,
    Operation,
    Part,
)
from simulator.cloudwatch.expressions.refused import REFUSED

READ = {
    "a + b * c": "(a + (b * c))",
    "a - b - c": "((a - b) - c)",
    "a / b * 100": "((a / b) * 100)",
    "(a + b) * c": "((a + b) * c)",
    "-a * b": "((-a) * b)",
    "a * -b": "(a * (-b))",
    "--a": "(-(-a))",
    "2 * a ^ 2": "(2 * (a ^ 2))",
    "-(a ^ 2)": "(-(a ^ 2))",
    "a + 1 > b * 2": "((a + 1) > (b * 2))",
    "a > 1 AND b > 2": "((a > 1) AND (b > 2))",
    "a > 1 && b > 2 && c": "(((a > 1) AND (b > 2)) AND c)",
    "(a OR b) AND c": "((a OR b) AND c)",
    "(a < b) == c": "((a < b) == c)",
    "SUM( [a,b] )\n/ 0.25": "(SUM([a, b]) / 0.25)",
    "a_1B": "a_1B",
}
REFUSALS = {
    "": (1, "it is empty"),
    "   ": (4, "it is empty"),
    "a +": (4, "the end stands where a value has to"),
    "a b": (3, "'b' stands where an operator could"),
    "a + * b": (5, "'*' stands where a value has to"),
    "(a": (3, "')' is missing, which closes character 1"),
    "SUM([a, b)": (10, "']' is missing, which closes character 5"),
    "SUM([a, ])": (9, "']' stands where a value has to"),
    "a)": (2, "')' stands where an operator could"),
    "a # b": (3, "'#' is no part of metric math"),
    "a = 5": (3, "'=' is no part of metric math"),
    "5m * a": (1, "a number is digits"),
    "a + 1.": (5, "a number is digits"),
    "a + .5": (5, "'.' is no part of metric math"),
    "a * 1e3": (5, "a number is digits"),
    "Abc": (1, "ids start with a small letter"),
    "sum([a, b])": (1, "sum is no function"),
    "FOO(a)": (1, "FOO is no function of metric math"),
    "FOO": (1, "FOO is neither function nor keyword"),
    "NOT(a)": (1, "NOT is no function"),
    "AND(a, b)": (1, "'AND' stands where a value has to"),
    "REPEAT": (1, "REPEAT stands where a value has to"),
    "'a'": (1, "text in quotes"),
    "5": (1, "it makes a number"),
    "1 + PERIOD(a)": (3, "it makes a number"),
    "[a, b]": (1, "it makes an array of series"),
    "ABS([a, b])": (1, "it makes an array of series"),
    "SUM([])": (5, "an array of no series"),
    "MAX([a, 5])": (9, "an array holds series"),
    "MAX(a)": (1, "MAX of one series is a number"),
    "MAX(a, b)": (1, "MAX takes an array of series, and is given a series, a series"),
    "ABS(-5) * a": (1, "ABS takes a series or an array of series, and is given a number"),
    "SUM([a] + [b])": (9, "+ does not take two arrays"),
    "SUM([a, b] > 5)": (12, "> takes numbers and series"),
    "a < b < c": (7, "which of two operators"),
    "a AND b OR c": (9, "which of two operators"),
    "a OR b && c": (3, "which of two operators"),
    "a ^ b ^ c": (7, "which of two operators"),
    "-a ^ b": (1, "which of two operators"),
    "a ^ -b": (3, "which of two operators"),
    "FILL(a)": (1, "FILL takes two things, not 1"),
    "FILL(a, LINEAR)": (9, "LINEAR fills a datapoint by the one after it"),
    "FILL(a, ASC)": (9, "ASC stands where a value has to"),
    "FILL(a, b)": (1, "FILL takes a series, or an array of them, and a number or REPEAT"),
    "FILL(5, 0) * a": (1, "FILL takes a series"),
    "IF(a)": (1, "IF takes a condition"),
    "IF(1, 2, 3) * a": (1, "IF takes a condition"),
    "IF([a, b], 1, 0)": (1, "IF takes a condition"),
    "PERIOD(a + b) * a": (1, "PERIOD takes a metric"),
    "TIME_SERIES(a)": (1, "TIME_SERIES takes a number"),
    "IF(HOUR(a) > 5, METRICS('b'), 0)": (17, "METRICS is not simulated"),
    "a" + " + a" * 151: (603, "more than 150 operations"),
    "(" * 41 + "a" + ")" * 41: (41, "more than 40 deep"),
    "a + b" + " " * 2048: (2049, "it has 2053 characters"),
    "9" * 400: (1, "the number is too large"),
}


@pytest.mark.parametrize("text", READ)
def test_operators_bind_as_usual(text: str) -> None:
    assert written(parse(text).root) == READ[text]


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_names_the_place(text: str) -> None:
    place, message = REFUSALS[text]
    with pytest.raises(ExpressionError) as refused:
        parse(text)
    assert (refused.value.place, message in refused.value.message) == (place, True), refused.value
    assert all(refusal.fix for refusal in refused.value.refusals)


@pytest.mark.parametrize("function", REFUSED)
def test_what_cannot_be_simulated_says_why_and_what_instead(function: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse(f"a + {function}([a, b])")
    (refusal,) = refused.value.refusals
    assert refusal.key == "expression, character 5"
    assert refusal.reason == f"{function} is not simulated: {REFUSED[function][0]}"
    assert refusal.fix == REFUSED[function][1]


def test_names_are_those_of_queries() -> None:
    read = parse("IF(SUM([a, -b]) > 5 AND c1, FILL(d_e, REPEAT), HOUR(f))").names
    assert read == {"a", "b", "c1", "d_e", "f"}


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    _read_or_refused(text)


WORDS = """
a b2 5 0.5 + - * / ^ == != < > <= >= AND && OR || ( ) [ ] , SUM IF FILL DIFF REPEAT LINEAR PERIOD
HOUR TIME_SERIES MAX ABS SORT METRICS ' "
"""


@given(st.lists(st.sampled_from(WORDS.split()), max_size=40))
def test_any_words_of_metric_math_are_read_or_refused(words: list[str]) -> None:
    _read_or_refused(" ".join(words))


@given(st.sampled_from("([-a^<"), st.integers(0, 3000))
def test_any_depth_is_read_or_refused(sign: str, times: int) -> None:
    _read_or_refused(sign * times + "a")


def _read_or_refused(text: str) -> None:
    try:
        read = parse(text)
    except ExpressionError as refused:
        said = refused
    else:
        assert read.text == text
        return
    assert 1 <= said.place <= len(text) + 1
    assert str(said)


_NUMBERS = st.floats(0, 1e9).map(lambda value: Number(0, round(value, 3)))
_SERIES = st.recursive(
    st.from_regex(r"\A[a-z][a-zA-Z0-9_]{0,3}\Z").map(lambda id_: Name(0, id_)),
    lambda inner: st.one_of(
        st.builds(Negative, st.just(0), inner),
        st.builds(Operation, st.just(0), st.sampled_from("+-*/^<>"), inner, inner | _NUMBERS),
        st.builds(
            Operation, st.just(0), st.sampled_from(["AND", "OR", "==", "!=", "<="]), inner, inner
        ),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda parts: Call(0, "MAX", (Listed(0, tuple(parts)),))
        ),
        st.tuples(inner, inner, _NUMBERS).map(lambda given: Call(0, "IF", given)),
    ),
    max_leaves=12,
)


@given(_SERIES)
def test_what_is_written_is_read_again(part: Part) -> None:
    assert parse(written(part)).root == part
