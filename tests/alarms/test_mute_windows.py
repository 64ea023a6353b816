"""Mute windows are the complement of business hours: whatever the zone, the hours and the year."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.alarms.local_time import business, clipped, complement, union, year
from runbook.alarms.mute_windows import (
    EACH_TIME,
    LONGEST,
    READINGS,
    SHORTEST,
    Reading,
    Window,
    is_plain,
    mute_windows,
    muted,
    opened,
    parsed,
)
from runbook.model.alerting import DAYS, Alerting
from tests.alarms.alerting import ODD_ZONES, WEEKDAYS, alerting, alertings

YEARS = st.integers(2026, 2037)
QUARTER = timedelta(minutes=15)


def readings(table: Alerting) -> tuple[Reading, ...]:
    """Give how AWS may understand a schedule where clocks change, and the windows still hold."""
    return READINGS if is_plain(table) else (EACH_TIME,)


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.clause("ALL-7")
@given(table=alertings(), number=YEARS)
def test_windows_are_the_complement_of_business_hours_to_the_minute(
    table: Alerting, number: int
) -> None:
    over = year(number)
    wanted = complement(business(table, over), over)
    for reading in readings(table):
        assert clipped(muted(mute_windows(table), table, over, reading), over) == wanted


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.parametrize("zone", ODD_ZONES)
@pytest.mark.parametrize("hours", ["09:00-17:00", "02:00-03:00", "00:00-24:00"])
def test_each_quarter_of_a_year_by_the_clock_itself(zone: str, hours: str) -> None:
    """Walk through the year and ask zoneinfo alone, as a person with a clock would."""
    table = alerting(zone, hours, ("mon", "wed", "sun"))
    over, windows = year(2027), mute_windows(table)
    wanted, found = [], []
    open_until = over.start
    instant = over.start - timedelta(days=8)
    while instant < over.end:
        local = instant.astimezone(table.zone)
        at = (DAYS[local.weekday()], local.hour, local.minute)
        for window in windows:
            if at[0] in window.days and at[1] in window.hours and at[2] in window.minutes:
                open_until = max(open_until, instant + window.lasts)
        if instant >= over.start:
            works = table.opens <= local.hour < table.closes and at[0] in table.business_days
            wanted.append(not works)
            found.append(instant < open_until)
        instant += QUARTER
    assert len(found) == 8760 * 4
    assert found == wanted


@given(table=alertings().filter(is_plain), number=YEARS)
def test_no_seam_unmutes(table: Alerting, number: int) -> None:
    """Where a window ends, business hours begin, or another window goes on for a while."""
    over, windows = year(number), mute_windows(table)
    opening = {interval.start for interval in business(table, over)}
    for reading in READINGS:
        found = [each for window in windows for each in opened(window, table.zone, over, reading)]
        for each in found:
            if over.start <= each.end < over.end and each.end not in opening:
                assert any(other.start < each.end < other.end for other in found)


@given(table=alertings(), number=YEARS)
def test_windows_are_as_cloudwatch_takes_them(table: Alerting, number: int) -> None:
    windows = mute_windows(table)
    assert len({window.name for window in windows}) == len(windows)
    for window in windows:
        assert SHORTEST <= window.lasts <= LONGEST
        assert len(window.expression) <= 256
        assert parsed(window.expression, window.duration) == window
        # What becomes of a window that opens while it is open, AWS does not say.
        found = sorted(opened(window, table.zone, year(number)))
        assert all(a.end <= b.start for a, b in pairwise(found))


@pytest.mark.clause("ROVN-SEV-1")
def test_the_windows_of_a_working_week() -> None:
    found = [(w.expression, w.duration) for w in mute_windows(alerting("America/New_York"))]
    assert found == [
        ("cron(0 17 * * MON,TUE,WED,THU)", "PT13H30M"),
        ("cron(0 4 * * MON,TUE,WED,THU,FRI)", "PT5H"),
        ("cron(0 17 * * FRI)", "P2DT13H30M"),
    ]


def test_who_works_always_mutes_nothing() -> None:
    table = alerting("Europe/Berlin", "00:00-24:00", DAYS)
    assert mute_windows(table) == ()
    assert is_plain(table)


def test_working_days_need_not_follow_each_other() -> None:
    table = alerting("Europe/Berlin", "08:00-12:00", ("tue", "sat"))
    assert [(w.expression, w.duration) for w in mute_windows(table)] == [
        ("cron(0 12 * * TUE)", "P3DT18H"),
        ("cron(0 4 * * TUE,SAT)", "PT4H"),
        ("cron(0 12 * * SAT)", "P2DT18H"),
    ]


def test_a_window_over_the_change_alone_would_be_an_hour_off() -> None:
    """The plain way, one window from closing to opening, mutes an hour of a Monday in autumn."""
    table, over = alerting("America/New_York"), year(2027)
    night = Window((0,), (17,), WEEKDAYS[:4], timedelta(hours=16))
    weekend = Window((0,), (17,), ("fri",), timedelta(hours=64))
    wanted = complement(business(table, over), over)
    found = clipped(muted((night, weekend), table, over), over)
    assert len(set(wanted) - set(found)) == 2


@pytest.mark.parametrize(
    ("expression", "duration", "why"),
    [
        ("cron(0 17 1 * *)", "PT1H", "no window of each week"),
        ("cron(0 17 * JAN MON)", "PT1H", "no window of each week"),
        ("cron(0 17 ? * MON)", "PT1H", "no window of each week"),
        ("cron(0 17 * * MON *)", "PT1H", "no window of each week"),
        ("at(2027-01-01T00:00)", "PT1H", "no window of each week"),
        ("cron(0 17 * * MON)", "16 hours", "no window of each week"),
        ("cron(0 17 * * MON)", "P", "no window of each week"),
        ("cron(0 17 * * MON)", "P16D", "not between a minute and 15 days"),
        ("cron(0 17 * * MON)", "PT0M", "not between a minute and 15 days"),
        ("cron(0 24 * * MON)", "PT1H", "24 is no value"),
        ("cron(60 1 * * MON)", "PT1H", "60 is no value"),
        ("cron(0 1 * * FRI-MON)", "PT1H", "FRI-MON is no value"),
        ("cron(0 1 * * NEVER)", "PT1H", "NEVER is no value"),
    ],
)
def test_another_schedule_is_refused(expression: str, duration: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parsed(expression, duration)


def test_ranges_and_stars_are_read() -> None:
    window = parsed("cron(0 1-3 * * MON-FRI)", "P1D")
    assert (window.hours, window.days) == ((1, 2, 3), WEEKDAYS)
    assert len(parsed("cron(0 * * * *)", "PT90M").hours) == 24
    assert parsed("cron(0 * * * *)", "PT90M").lasts == timedelta(minutes=90)


def test_what_meets_is_one() -> None:
    over = year(2027)
    first, second = over.start, over.start + timedelta(days=1)
    whole = complement([], over)
    assert complement(whole, over) == []
    assert union([]) == []
    assert [i.lasts for i in union([type(over)(first, second), type(over)(second, over.end)])] == [
        over.lasts
    ]
