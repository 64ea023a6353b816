"""Every severity at every hour of a year reaches somebody, or is meant not to."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.alarms.alarm import BudgetAlarm
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.matrix import HOUR, Matrix
from runbook.alarms.mute_rules import mute_rules
from runbook.alarms.severities import level
from runbook.model.alerting import Alerting
from runbook.model.environment import Environment
from runbook.model.loader import known_environments, load_environment
from tests.alarms.alerting import ODD_ZONES, alerting, alertings

YEARS = st.integers(2026, 2037)


def environment_with(table: Alerting) -> Environment:
    return load_environment("rovn/production").model_copy(update={"alerting": table})


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.clause("ALL-7")
@pytest.mark.parametrize("name", known_environments())
@pytest.mark.parametrize("number", [2026, 2027, 2028])
def test_every_severity_at_every_hour_reaches_somebody_or_is_meant_not_to(
    name: str, number: int, record_cases: list[str]
) -> None:
    matrix = Matrix(load_environment(name), number)
    cases = 0
    for each in matrix.levels:
        hours = matrix.hours(each)
        assert len(hours) == (8784 if number == 2028 else 8760)
        for moment in hours:
            assert moment.told >= moment.instant
            if moment.channels:
                assert moment.channels == each.channels
                assert moment.people
                assert moment.told == moment.instant
            else:
                assert not each.wakes
                assert moment.why.startswith("D5: ")
                assert matrix.at(each, moment.told).channels
            cases += 1
    record_cases.append(f"paging matrix of {name} in {number}: {cases} pairs of severity and hour")


@pytest.mark.clause("ROVN-SEV-1")
@given(table=alertings(), number=YEARS)
@settings(max_examples=50)
def test_no_p0_is_ever_muted_and_no_hour_is_lost(table: Alerting, number: int) -> None:
    matrix = Matrix(environment_with(table), number)
    hours = matrix.over.lasts / HOUR
    for row in matrix.rows():
        assert row.slack + row.muted == pytest.approx(hours)
        assert row.longest_wait <= timedelta(days=7, hours=2)
        if row.level.wakes:
            assert (row.pager, row.muted, row.longest_wait) == (hours, 0, timedelta())
            assert row.level.same_as == "P0"
        else:
            assert row.pager == 0
            assert row.slack > 0


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.parametrize("zone", ODD_ZONES)
def test_the_matrix_is_what_clocks_show(zone: str) -> None:
    """At each real hour: reached exactly when zoneinfo shows business hours of a business day."""
    table = alerting(zone)
    matrix = Matrix(environment_with(table), 2027)
    sev_2 = level("rovn", "P1")
    for moment in matrix.hours(sev_2):
        local = moment.instant.astimezone(table.zone)
        assert moment.local == local.replace(tzinfo=None)
        assert bool(moment.channels) == (9 <= local.hour < 17 and local.weekday() < 5)


def test_a_p1_of_friday_evening_is_told_on_monday_morning() -> None:
    matrix = Matrix(load_environment("rovn/production"), 2027)
    friday = datetime(2027, 11, 5, 21, 0, tzinfo=UTC)
    moment = matrix.at(level("rovn", "P1"), friday)
    assert (moment.channels, moment.local.hour) == ((), 17)
    # Clocks went back on that Sunday, so that it is an hour longer than on other weekends.
    assert moment.told == datetime(2027, 11, 8, 14, 0, tzinfo=UTC)
    assert moment.told - friday == timedelta(hours=65)
    (longest,) = {row.longest_wait for row in matrix.rows() if not row.level.wakes}
    assert longest == timedelta(hours=65)


def test_clocks_change_twice_a_year() -> None:
    matrix = Matrix(load_environment("rovn/production"), 2027)
    assert [f"{c.before:%m-%d %H:%M} {c.after:%H:%M}" for c in matrix.changes()] == [
        "03-14 02:00 03:00",
        "11-07 02:00 01:00",
    ]


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.parametrize("name", known_environments())
def test_what_the_matrix_mutes_is_what_the_rules_mute(name: str) -> None:
    """Every alarm of a severity that has hours, and none of one that wakes."""
    environment = load_environment(name)
    muted = [
        alarm
        for region in environment.regions
        for rule in mute_rules(environment, region)
        for alarm in rule.alarms
    ]
    wakes: set[str] = set()
    quiet: set[str] = set()
    for alarm in alarms_of(environment):
        if not isinstance(alarm, BudgetAlarm):
            always = level(environment.organisation, alarm.severity).hours == "always"
            (wakes if always else quiet).add(alarm.name(environment.slug))
    assert set(muted) == quiet
    assert not wakes & set(muted)
