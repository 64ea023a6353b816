"""The slow evaluation itself, against the tables of the User Guide."""

import pytest

from runbook.alarms.alarm import Missing
from tests.simulator.brute_force import Outcome, outcome

OK, ALARM, UNKNOWN, KEPT = Outcome.OK, Outcome.ALARM, Outcome.INSUFFICIENT, Outcome.AS_BEFORE
TREATMENTS = (Missing.UNKNOWN, Missing.AS_BEFORE, Missing.BAD, Missing.WELL)
# Datapoints to alarm, of three; the newest is on the right; columns are those of the guide.
GUIDE = [
    (3, "0-X-X", (OK, OK, OK, OK)),
    (3, "0----", (OK, OK, OK, OK)),
    (3, "-----", (UNKNOWN, KEPT, ALARM, OK)),
    (3, "0XX-X", (ALARM, ALARM, ALARM, ALARM)),
    (3, "--X--", (ALARM, KEPT, ALARM, OK)),
    (2, "0-X-X", (ALARM, ALARM, ALARM, ALARM)),
    (2, "00X0X", (ALARM, ALARM, ALARM, ALARM)),
    (2, "0-X--", (OK, OK, ALARM, OK)),
    (2, "----0", (OK, OK, ALARM, OK)),
    (2, "---X-", (ALARM, KEPT, ALARM, OK)),
    # Not ALARM yet, in the guide's words. What it is instead, and the row of the oldest, stood in
    # the tables of an earlier version.
    (3, "----X", (UNKNOWN, KEPT, ALARM, OK)),
    (3, "---X-", (UNKNOWN, KEPT, ALARM, OK)),
    (2, "----X", (UNKNOWN, KEPT, ALARM, OK)),
    (3, "X----", (ALARM, KEPT, ALARM, OK)),
    (3, "---X0", (OK, OK, OK, OK)),
    (3, "--X-0", (OK, OK, OK, OK)),
]


@pytest.mark.parametrize(("breaching", "datapoints", "expected"), GUIDE)
def test_every_row_of_the_guide(
    breaching: int, datapoints: str, expected: tuple[Outcome, ...]
) -> None:
    window = [{"X": True, "0": False, "-": None}[letter] for letter in datapoints]
    assert tuple(outcome(window, 3, breaching, each) for each in TREATMENTS) == expected
