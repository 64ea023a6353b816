"""Files against ledger, for all there can be of both."""

import dataclasses

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from migrations.files import MigrationFile
from migrations.header import Header
from migrations.plan import Applied, compare

pytestmark = pytest.mark.clause("ROVN-MIG-3")
MOST = 8


def file(number: int, *, can_read: bool = True) -> MigrationFile:
    name = f"{number:04}_x.sql"
    header = Header(previous_image_can_read=can_read)
    return MigrationFile(name, number, f"{number:064x}", "SELECT 1;", header)


def row(of: MigrationFile) -> Applied:
    return Applied(
        number=of.number,
        file=of.name,
        checksum=of.checksum,
        image="new",
        previous_image="old",
        previous_image_can_read=of.header.previous_image_can_read,
        phi_columns=(),
    )


ALL = tuple(file(number) for number in range(1, MOST + 1))
SIZES = st.integers(0, MOST)


@given(have=st.integers(1, MOST), applied=SIZES)
def test_a_database_that_only_went_forward_is_never_refused(have: int, applied: int) -> None:
    plan = compare(ALL[:have], [row(each) for each in ALL[:applied]])
    assert plan.problems == ()
    assert plan.pending == ALL[applied:have]
    assert [each.file for each in plan.ahead] == [each.name for each in ALL[have:applied]]
    assert plan.applied == min(have, applied)
    assert not (plan.pending and plan.ahead)


@given(have=st.integers(1, MOST), rows=st.sets(st.integers(1, MOST)))
def test_a_ledger_with_a_hole_is_always_refused(have: int, rows: set[int]) -> None:
    assume(rows != set(range(1, len(rows) + 1)))
    plan = compare(ALL[:have], [row(ALL[number - 1]) for number in sorted(rows)])
    assert plan.problems


@given(applied=st.integers(1, MOST), edited=st.integers(1, MOST))
def test_an_edit_is_refused_exactly_where_it_was_applied(applied: int, edited: int) -> None:
    files = [
        dataclasses.replace(each, checksum="f" * 64) if each.number == edited else each
        for each in ALL
    ]
    problems = compare(files, [row(each) for each in ALL[:applied]]).problems
    expected = [f"{edited:04}_x.sql"] if edited <= applied else []
    assert [problem.file for problem in problems] == expected


@given(applied=st.integers(2, MOST), missing=st.integers(1, MOST - 1))
def test_a_missing_file_is_refused_exactly_where_it_was_applied(applied: int, missing: int) -> None:
    files = [each for each in ALL if each.number != missing]
    problems = compare(files, [row(each) for each in ALL[:applied]]).problems
    expected = [f"{missing:04}_x.sql"] if missing <= applied else []
    assert [problem.file for problem in problems] == expected


@given(st.permutations(ALL), st.permutations(ALL[:5]))
def test_the_order_in_which_rows_come_says_nothing(
    files: list[MigrationFile], applied: list[MigrationFile]
) -> None:
    plan = compare(sorted(files, key=lambda each: each.name), [row(each) for each in applied])
    assert plan.problems == ()
    assert plan.pending == ALL[5:]


@pytest.mark.clause("ROVN-MIG-1")
@given(readable=st.lists(st.booleans(), min_size=MOST, max_size=MOST), have=st.integers(1, MOST))
def test_what_is_ahead_says_of_each_whether_it_can_be_read(readable: list[bool], have: int) -> None:
    files = [file(number, can_read=can) for number, can in enumerate(readable, start=1)]
    plan = compare(files[:have], [row(each) for each in files])
    assert [each.previous_image_can_read for each in plan.ahead] == readable[have:]
