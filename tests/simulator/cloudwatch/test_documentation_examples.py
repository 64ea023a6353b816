"""Every example of AWS's documentation on M of N and missing data.

Source: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data"
(alarms-and-missing-data.html): both tables and the section on premature transitions; "Evaluating
an alarm" (alarm-evaluation.html): its figure, its sliding window. Rows that only an earlier
edition has are of doc_source/AlarmThatSendsEmail.md in awsdocs/amazon-cloudwatch-user-guide,
commit 05fd32f. Three periods, a range of five.
"""

import numpy as np
import pytest

from runbook.alarms.alarm import Missing
from simulator.cloudwatch.definitions import State
from simulator.cloudwatch.judgement import ALARM, AS_BEFORE, INSUFFICIENT, OK, STATES, judge, states
from simulator.cloudwatch.series import Grid, Samples
from simulator.cloudwatch.windows import aggregated
from tests.simulator.alarms import alarm, row

TREATMENTS = (Missing.UNKNOWN, Missing.AS_BEFORE, Missing.BAD, Missing.WELL)
UNCHANGED = AS_BEFORE
THREE_OF_THREE = {
    "0 - X - X": (OK, OK, OK, OK),
    "0 - - - -": (OK, OK, OK, OK),
    "- - - - -": (INSUFFICIENT, UNCHANGED, ALARM, OK),
    "0 X X - X": (ALARM, ALARM, ALARM, ALARM),
    "- - X - -": (ALARM, UNCHANGED, ALARM, OK),
    # The earlier edition.
    "- - - - X": (INSUFFICIENT, UNCHANGED, ALARM, OK),
    "X - - - -": (ALARM, UNCHANGED, ALARM, OK),
}
TWO_OF_THREE = {
    "0 - X - X": (ALARM, ALARM, ALARM, ALARM),
    "0 0 X 0 X": (ALARM, ALARM, ALARM, ALARM),
    "0 - X - -": (OK, OK, ALARM, OK),
    "- - - - 0": (OK, OK, ALARM, OK),
    "- - - X -": (ALARM, UNCHANGED, ALARM, OK),
    # The earlier edition.
    "- - - - X": (INSUFFICIENT, UNCHANGED, ALARM, OK),
}


@pytest.mark.clause("ALL-2")
@pytest.mark.parametrize("datapoints", THREE_OF_THREE)
def test_three_of_three(datapoints: str) -> None:
    assert _outcomes(datapoints, breaching=3) == THREE_OF_THREE[datapoints]


@pytest.mark.clause("ALL-2")
@pytest.mark.parametrize("datapoints", TWO_OF_THREE)
def test_two_of_three(datapoints: str) -> None:
    assert _outcomes(datapoints, breaching=2) == TWO_OF_THREE[datapoints]


@pytest.mark.parametrize("missing", [Missing.UNKNOWN, Missing.AS_BEFORE])
@pytest.mark.parametrize("datapoints", ["- - - - X", "- - - X -", "- - - X 0", "- - X - 0"])
def test_a_young_breach_alone_does_not_ring_at_once(datapoints: str, missing: Missing) -> None:
    """Text of "Avoiding premature transitions to alarm state"."""
    assert judge(row(datapoints), alarm(3, 3, missing), lag=1)[-1] != ALARM


def test_a_good_datapoint_is_forgotten_when_it_leaves_the_range() -> None:
    """Text below the first table, on its second row."""
    outcomes = judge(row("0 - - - - -"), alarm(3, 3, Missing.BAD), lag=1)
    assert list(outcomes[-2:]) == [OK, ALARM]


@pytest.mark.clause("ALL-2")
def test_the_figure() -> None:
    """Above the threshold in the third to fifth period, below in the sixth, above in the ninth."""
    found = states(judge(row("0 0 X X X 0 0 0 X 0"), alarm(3, 3), lag=1))
    told = [STATES[index] for index in found]
    assert told == [State.OK] * 4 + [State.ALARM] + [State.OK] * 5


def test_five_minutes_slide_by_one() -> None:
    """At the end of minute 5 they are minutes 1 to 5, at the end of minute 6 minutes 2 to 6."""
    minutes = Samples(60, np.array([1.0, 10, 100, 1000, 10000, 100000]))
    assert list(aggregated(minutes, "Sum", 300, Grid(6))[4:]) == [11111, 111110]


@pytest.mark.parametrize(("period", "every"), [(10, 1), (20, 1), (30, 1), (60, 6), (120, 6)])
def test_high_resolution_alarms_are_evaluated_every_10_seconds_others_every_minute(
    period: int, every: int
) -> None:
    """Steps of 10 seconds; "Evaluating an alarm"."""
    outcomes = judge(np.ones(24), alarm(1, 1, period=period), lag=period // 10)
    evaluated = [step for step, outcome in enumerate(outcomes) if outcome != AS_BEFORE]
    assert evaluated == list(range(every - 1, 24, every))


def _outcomes(datapoints: str, breaching: int) -> tuple[int, ...]:
    return tuple(
        int(judge(row(datapoints), alarm(breaching, 3, treatment), lag=1)[-1])
        for treatment in TREATMENTS
    )
