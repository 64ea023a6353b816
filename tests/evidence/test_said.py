"""Two findings of one rule at one place: what is new behind what was there is worse."""

from collections.abc import Sequence

import pytest

from evidence.bundle_comparison import compare
from evidence.comparison import Direction
from evidence.model import Evidence, Row, Verdict
from evidence.said import by_faults, said_by
from policies.report import joined
from tests.evidence.samples import evidence, row

LATE = " (waiver expired: policies/waivers.toml {}: it held until 2026-05-01, and it is {})"
SUMMER = LATE.format("waiver[1] (line 9)", "2026-06-30")
AUTUMN = LATE.format("waiver[2]", "2026-09-30")
Found = tuple[Verdict, str]
A, B, A_AND_B, WAIVED_A, WAIVED_B, WAIVED_BOTH = (
    (verdict, joined(faults))
    for verdict in (Verdict.FAIL, Verdict.WAIVED)
    for faults in (["port 22"], ["port 23"], ["port 22", "port 23"])
)


def rows(found: Sequence[Found]) -> tuple[Row, ...]:
    return tuple(row(verdict, message=message) for verdict, message in found)


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(
    ("old", "new", "there", "back"),
    [
        ([A], [A_AND_B], Direction.WORSE, Direction.BETTER),
        ([A], [B], Direction.WORSE, Direction.WORSE),
        ([WAIVED_A], [WAIVED_BOTH], Direction.WORSE, Direction.BETTER),
        ([WAIVED_A], [WAIVED_B], Direction.WORSE, Direction.WORSE),
        ([WAIVED_A], [A], Direction.WORSE, Direction.BETTER),
        ([A], [WAIVED_BOTH], Direction.WORSE, Direction.WORSE),
        ([A, WAIVED_B], [A_AND_B], Direction.WORSE, Direction.BETTER),
        ([A], [A, A], Direction.WORSE, Direction.BETTER),
        ([A, B], [A_AND_B], Direction.OTHER, Direction.OTHER),
        ([A], [(Verdict.ERROR, A[1])], Direction.OTHER, Direction.OTHER),
    ],
    ids=[
        "one more",
        "another",
        "one more behind a waiver",
        "another behind a waiver",
        "a waiver less",
        "waived, and one more",
        "the waiver of one less",
        "twice",
        "in one row",
        "not judged",
    ],
)
def test_a_new_or_a_bare_fault_is_worse_and_only_to_lose_some_is_better(
    old: Sequence[Found], new: Sequence[Found], there: Direction, back: Direction
) -> None:
    before, after = said_by(rows(old)), said_by(rows(new))
    assert (by_faults(before, after), by_faults(after, before)) == (there, back)


def of(*found: Found) -> Evidence:
    return evidence(rows=rows(found), rules=(), controls=(), waivers=(), gaps=())


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize(("old", "new"), [(A, A_AND_B), (WAIVED_A, WAIVED_BOTH)], ids=str)
def test_a_comparison_tells_it_in_the_judges_words(old: Found, new: Found) -> None:
    compared = compare(of(old), of(new))
    (worse,) = compared.worse
    assert str(worse).endswith(f"{old[0]}: port 22 -> {new[0]}: port 22; port 23")
    assert compared.changes == (worse,)


@pytest.mark.clause("ALL-4")
def test_the_day_and_the_line_of_an_expired_waiver_are_no_change() -> None:
    summer, autumn = ((Verdict.FAIL, f"{A[1]}{late}") for late in (SUMMER, AUTUMN))
    assert not compare(of(summer), of(autumn)).changes
    late = "waiver[{}]: it held until 2026-05-01, and it is {}; fix the finding"
    told = [(Verdict.FAIL, late.format(*of_it)) for of_it in ((1, "2026-06-30"), (2, "2026-09-30"))]
    assert not compare(of(told[0]), of(told[1])).changes


@pytest.mark.clause("ALL-4")
def test_a_fault_that_ends_like_an_expired_waiver_is_still_one() -> None:
    more = (Verdict.FAIL, f"{A[1]}; it is called x (waiver expired: y); port 23 (z)")
    assert compare(of(A), of(more)).worse
