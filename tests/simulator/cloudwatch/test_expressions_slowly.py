"""Any expression at all, on any datapoints, against plain Python on one datapoint after another."""

import math

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from simulator.cloudwatch.expressions import ExpressionError, Node, evaluate, written
from simulator.cloudwatch.expressions.nodes import (
    Call,
    Listed,
    Name,
    Negative,
    Number,
    Operation,
    Part,
)
from simulator.cloudwatch.expressions.parser import parse
from tests.simulator.slow_math import OpenError, Value, value

IDS = ("a", "b", "c")
VALUES = st.none() | st.integers(-3, 4).map(float)
NUMBERS = st.integers(0, 3).map(lambda number: Number(0, float(number)))
SIGNS = ["+", "-", "*", "/", "==", "!=", "<", ">", "<=", ">=", "AND", "OR"]


def _calls(inner: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    either, arrays = inner | NUMBERS, st.lists(inner, min_size=1, max_size=3)
    signs, together = st.sampled_from(SIGNS), st.sampled_from(["SUM", "AVG", "MAX", "MIN"])
    one = st.sampled_from(["ABS", "CEIL", "FLOOR"])
    return st.one_of(
        inner.map(lambda part: Negative(0, part)),
        st.builds(Operation, st.just(0), signs, inner, either),
        st.builds(Operation, st.just(0), signs, either, inner),
        st.builds(Call, st.just(0), one, st.tuples(inner)),
        st.builds(Call, st.just(0), together, arrays.map(lambda parts: (Listed(0, tuple(parts)),))),
        st.builds(Call, st.just(0), st.just("FILL"), st.tuples(inner, NUMBERS)),
        st.builds(Call, st.just(0), st.just("IF"), st.tuples(inner, either)),
        st.builds(Call, st.just(0), st.just("IF"), st.tuples(inner, either, either)),
    )


EXPRESSIONS = st.recursive(
    st.sampled_from(IDS).map(lambda id_: Name(0, id_)), _calls, max_leaves=10
)


@settings(max_examples=500, deadline=None)
@given(part=EXPRESSIONS, data=st.data())
def test_every_expression_is_what_the_guide_s_sentences_make_of_it(
    part: Part, data: st.DataObject
) -> None:
    node = parse(written(part))
    steps = data.draw(st.integers(1, 6))
    series = {id_: data.draw(st.lists(VALUES, min_size=steps, max_size=steps)) for id_ in IDS}
    given_ = {
        id_: np.array([math.nan if each is None else each for each in values])
        for id_, values in series.items()
    }
    try:
        expected = [_slowly(node, series, step) for step in range(steps)]
    except OpenError:
        event("open")
        with pytest.raises(ExpressionError, match="the guide does not say"):
            evaluate(node, given_, 1)
        return
    event("known")
    np.testing.assert_allclose(evaluate(node, given_, 1), expected, rtol=1e-12)


def _slowly(node: Node, series: dict[str, list[Value]], step: int) -> float:
    found = value(node.root, {id_: values[step] for id_, values in series.items()})
    return math.nan if found is None else found
