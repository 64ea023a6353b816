"""Whatever is said of a control, more against it never makes it stand better, nor less for it."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.model import Commit, JudgedRule, Standing, Verdict
from tests.evidence.test_controls import (
    ALARM,
    ANOTHER,
    DRILLED,
    FAILED,
    IN_PART,
    KEPT,
    OF_PACK,
    PASSED,
    RULE,
    UNCLEAN,
    UNTRIED,
    WATCHED,
    Case,
    row,
)

AGAINST = (Verdict.FAIL, Verdict.ERROR)
NOT_JUDGED = Verdict.NOT_APPLICABLE
ROWS = st.lists(
    st.builds(
        row, st.sampled_from(Verdict), st.sampled_from([RULE, OF_PACK]), st.sampled_from("ABC")
    ),
    max_size=6,
)
CASES = st.builds(
    Case,
    ROWS,
    clauses=st.sampled_from([KEPT, IN_PART, DRILLED, WATCHED]).map(lambda clause: [clause]),
    alarms=st.sampled_from([[], [ALARM]]),
    drills=st.sampled_from([None, [PASSED], [FAILED], [UNTRIED]]),
)


def rank(case: Case) -> int:
    """Tell how well a control stands: 0 is broken."""
    return list(Standing).index(case.entry().standing)


@pytest.mark.clause("ALL-4")
@given(CASES, st.sampled_from(AGAINST), st.sampled_from([RULE, OF_PACK]), st.sampled_from("ABCD"))
def test_one_more_failure_is_always_the_worst(
    case: Case, verdict: Verdict, rule: JudgedRule, place: str
) -> None:
    worse = replace(case, rows=[*case.rows, row(verdict, rule, place)])
    assert rank(worse) <= rank(case)
    assert worse.entry().standing is Standing.BROKEN


@pytest.mark.clause("ALL-4")
@given(CASES, st.sets(st.integers(0, 5)))
def test_saying_less_holds_nothing_unless_a_failure_goes(case: Case, left_out: set[int]) -> None:
    less = replace(case, rows=[row for at, row in enumerate(case.rows) if at not in left_out])
    gone = [row for at, row in enumerate(case.rows) if at in left_out]
    before, after = case.entry().standing, less.entry().standing
    if before in (Standing.GAP, Standing.WEAK, Standing.BROKEN) and after is Standing.HELD:
        assert any(row.verdict in AGAINST for row in gone)


@pytest.mark.clause("ALL-4")
@given(CASES)
def test_what_nothing_judged_is_a_gap_and_what_nothing_passes_is_not_held(case: Case) -> None:
    standing = case.entry().standing
    verdicts = {row.verdict for row in case.rows}
    if Verdict.PASS not in verdicts:
        assert standing not in (Standing.HELD, Standing.EXCEPTIONS)
    if verdicts <= {NOT_JUDGED}:
        failed = case.drills == [FAILED]
        assert standing is (Standing.BROKEN if failed else Standing.GAP)
    if standing is not Standing.HELD:
        assert case.entry().gaps


@pytest.mark.clause("ALL-4")
@given(CASES, st.sampled_from([None, ANOTHER, UNCLEAN]))
def test_a_rehearsal_of_another_state_never_makes_it_stand_better(
    case: Case, rehearsed: Commit | None
) -> None:
    other = replace(case, rehearsed=rehearsed)
    assert rank(other) <= rank(case)
    if case.drills == [PASSED] and DRILLED in case.clauses:
        assert other.entry().standing is not Standing.HELD


@given(CASES, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(case: Case, shuffled: Random) -> None:
    rows = list(case.rows)
    shuffled.shuffle(rows)
    assert replace(case, rows=rows).entry() == case.entry()
