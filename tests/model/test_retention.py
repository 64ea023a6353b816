"""Retention arithmetic, against the calendar of the standard library."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.model.retention import Retention

YEARS = st.integers(1, 100)


@given(st.dates(date(1900, 1, 1), date(2300, 1, 1)), YEARS)
def test_no_start_keeps_shorter_or_longer_than_said(start: date, years: int) -> None:
    if (start.month, start.day) == (2, 29):
        start = start.replace(day=28)
    kept = (start.replace(year=start.year + years) - start).days
    retention = Retention(retention_years=years)
    assert retention.shortest_days <= kept <= retention.longest_days


@pytest.mark.clause("ALL-7")
def test_seven_years_are_2557_days_and_across_1900_or_2100_less() -> None:
    """ROVN-BCK-2: not 2555, which two leap days would cut short."""
    seven = Retention(retention_years=7)
    assert (seven.shortest_days, seven.longest_days) == (2555, 2557)


@pytest.mark.parametrize(
    ("kept", "demanded", "enough"),
    [
        ({"retention_years": 7}, {"retention_years": 7}, True),
        ({"retention_years": 6}, {"retention_years": 7}, False),
        ({"retention_days": 2557}, {"retention_years": 7}, True),
        ({"retention_days": 2556}, {"retention_years": 7}, False),
        ({"retention_days": 2555}, {"retention_years": 7}, False),
        ({"retention_years": 7}, {"retention_days": 2555}, True),
        ({"retention_years": 7}, {"retention_days": 2556}, False),
        ({"retention_days": 30}, {"retention_days": 30}, True),
    ],
)
def test_years_and_days_compare_by_the_worst_case(
    kept: dict[str, int], demanded: dict[str, int], enough: bool
) -> None:
    assert Retention(**kept).at_least(Retention(**demanded)) is enough


@given(YEARS, YEARS)
def test_more_years_are_at_least_fewer(years: int, other: int) -> None:
    first, second = Retention(retention_years=years), Retention(retention_years=other)
    assert first.at_least(second) is (years >= other)
