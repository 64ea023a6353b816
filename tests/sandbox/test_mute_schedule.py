"""When a mute rule's window is open, as CloudWatch reads it; clocks that change included."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from runbook.alarms.mute_windows import mute_windows
from runbook.model.loader import load_environment
from sandbox.emulator.mute_schedule import is_open

NEW_YORK = "America/New_York"
NIGHT = {"Expression": "cron(0 17 * * MON-FRI)", "Duration": "PT16H", "Timezone": NEW_YORK}
WEEKEND = {"Expression": "cron(0 17 * * FRI)", "Duration": "P2DT16H", "Timezone": NEW_YORK}
# On the first day of these clocks show it twice, on the second never.
EARLY = {"Expression": "cron(30 1,2 * * *)", "Duration": "PT10M", "Timezone": NEW_YORK}
ONCE = {"Expression": "at(2027-01-13T12:00)", "Duration": "PT1H"}
MONTHLY = {"Expression": "cron(0,30 4 1,15 JAN-MAR *)", "Duration": "PT5M"}


@pytest.mark.parametrize(
    ("schedule", "moment", "muted"),
    [
        (NIGHT, "2027-01-13T16:59:59-05:00", False),
        (NIGHT, "2027-01-13T17:00:00-05:00", True),
        (NIGHT, "2027-01-14T08:59:59-05:00", True),
        (NIGHT, "2027-01-14T09:00:00-05:00", False),
        (NIGHT, "2027-01-16T12:00:00-05:00", False),
        (WEEKEND, "2027-01-17T12:00:00-05:00", True),
        (WEEKEND, "2027-01-18T09:00:00-05:00", False),
        # Over a night in which clocks change it lasts as long, and ends at another hour.
        (WEEKEND, "2027-03-15T09:30:00-04:00", True),
        (WEEKEND, "2027-03-15T10:00:00-04:00", False),
        (WEEKEND, "2027-11-08T08:00:00-05:00", False),
        (EARLY, "2027-11-07T01:35:00-04:00", True),
        (EARLY, "2027-11-07T01:35:00-05:00", True),
        (EARLY, "2027-03-14T03:35:00-04:00", False),
        (ONCE, "2027-01-13T12:59:00+00:00", True),
        (ONCE, "2027-01-14T12:00:00+00:00", False),
        (MONTHLY, "2027-02-15T04:34:00+00:00", True),
        (MONTHLY, "2027-02-14T04:34:00+00:00", False),
        (MONTHLY, "2027-04-15T04:34:00+00:00", False),
    ],
)
def test_a_window_begins_by_the_clock_and_lasts_for_real_time(
    schedule: dict[str, str], moment: str, muted: bool
) -> None:
    assert is_open(schedule, datetime.fromisoformat(moment)) is muted


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Duration": "PT"}, "PT is no duration"),
        ({"Duration": "16 hours"}, "16 hours is no duration"),
        ({"Expression": "rate(1 day)"}, "neither cron"),
        ({"Expression": "cron(0 24 * * *)"}, "24 is not between 0 and 23"),
        ({"Expression": "cron(0 17 * * FRI-MON)"}, "FRI-MON ends before it begins"),
        ({"Expression": "cron(0 17 * * XYZ)"}, "XYZ"),
    ],
)
def test_a_schedule_that_cloudwatch_would_refuse_is_refused(
    changed: dict[str, str], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        is_open(NIGHT | changed, datetime.fromisoformat("2027-01-15T00:00:00+00:00"))


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.parametrize("day", ["2027-03-15", "2027-07-07", "2027-11-08", "2027-01-16"])
def test_the_windows_of_the_environments_are_read_as_they_are_meant(day: str) -> None:
    """Independently of the product's own reading, hour by hour."""
    alerting = load_environment("rovn/production").alerting
    for hour in range(24):
        moment = datetime.fromisoformat(f"{day}T{hour:02}:30").replace(tzinfo=alerting.zone)
        of_business = (
            f"{moment:%a}".lower() in alerting.business_days
            and alerting.opens <= hour < alerting.closes
        )
        schedules = [
            {
                "Expression": each.expression,
                "Duration": each.duration,
                "Timezone": alerting.time_zone,
            }
            for each in mute_windows(alerting)
        ]
        utc = moment.astimezone(ZoneInfo("UTC"))
        assert any(is_open(each, utc) for each in schedules) is not of_business, moment
