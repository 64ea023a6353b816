"""What one evaluation looked at, datapoint by datapoint."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.alarms.alarm import Missing
from simulator.cloudwatch.judgement import ALARM, OK, judge
from simulator.cloudwatch.observation import Seen, Use, observed
from tests.simulator.alarms import alarm, row

SIGNS = {Use.BREACHING: "X", Use.WITHIN: "0", Use.MISSING: "-", Use.FILLED: "f", Use.UNNEEDED: "."}


@pytest.mark.parametrize(
    ("points", "missing", "uses"),
    [
        # As many as periods are there: no treatment is needed.
        ("0 - X - X", Missing.BAD, "0-X-X"),
        ("0 X X - X", Missing.BAD, ".XX-X"),
        ("0 0 X 0 X", Missing.BAD, "..X0X"),
        # As few as possible are filled, the newest ones.
        ("0 - - - -", Missing.BAD, "0--ff"),
        ("- - X - -", Missing.WELL, "--Xff"),
        ("- - - - -", Missing.BAD, "--fff"),
        # Nothing is filled where missing is missing.
        ("- - X - -", Missing.UNKNOWN, "--X--"),
        ("- - X - -", Missing.AS_BEFORE, "--X--"),
    ],
)
def test_the_use_of_each_datapoint(points: str, missing: Missing, uses: str) -> None:
    looked = alarm(3, 3, missing)
    seen = observed(looked, {"m1": row(points)}, step=4, lag=1, extra=2)
    assert "".join(SIGNS[one.use] for one in seen) == uses


def test_datapoints_before_minute_0_are_missing() -> None:
    seen = observed(alarm(1, 1, period=120), {"m1": row("0 X")}, step=1, lag=2, extra=2)
    assert seen == (
        Seen(-4, -2, {"m1": None}, None, Use.MISSING),
        Seen(-2, 0, {"m1": None}, None, Use.MISSING),
        Seen(0, 2, {"m1": 1.0}, 1.0, Use.BREACHING),
    )


def test_between_two_evaluations_the_last_one_is_shown() -> None:
    """Steps of 10 seconds, an alarm that is evaluated each minute."""
    series = {"m1": row("0" * 5 + "X" * 13)}
    looked = alarm(1, 1)
    assert observed(looked, series, step=4, lag=6, extra=2) == ()
    assert [one.end for one in observed(looked, series, step=15, lag=6, extra=2)] == [0, 6, 12]


@given(
    points=st.text("0X-", min_size=1, max_size=12),
    m_of_n=st.integers(1, 5).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))),
    bad=st.booleans(),
    extra=st.integers(0, 3),
)
def test_what_is_shown_explains_the_outcome(
    points: str, m_of_n: tuple[int, int], *, bad: bool, extra: int
) -> None:
    looked = alarm(*m_of_n, Missing.BAD if bad else Missing.WELL)
    seen = observed(looked, {"m1": row(points)}, len(points) - 1, 1, extra)
    uses = [one.use for one in seen]
    breaching = uses.count(Use.BREACHING) + (uses.count(Use.FILLED) if bad else 0)
    assert len(uses) - uses.count(Use.MISSING) - uses.count(Use.UNNEEDED) == looked.periods
    outcome = judge(row(points), looked, 1, extra)[-1]
    assert outcome == (ALARM if breaching >= looked.breaching else OK)
