"""Alerting tables of all kinds: any zone, any hours, any days."""

from zoneinfo import available_timezones

from hypothesis import strategies as st

from runbook.model.alerting import DAYS, Alerting
from runbook.model.loader import load_environment

WEEKDAYS = DAYS[:5]
# An hour either way, half an hour, at a quarter to three, by two hours, at midnight, on the eve,
# twice a year by the moon, and never.
ODD_ZONES = (
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Antarctica/Troll",
    "Africa/Cairo",
    "Pacific/Easter",
    "America/Nuuk",
    "Africa/Casablanca",
    "Asia/Kathmandu",
)
ZONES = sorted(available_timezones())


def alerting(zone: str, hours: str = "09:00-17:00", days: tuple[str, ...] = WEEKDAYS) -> Alerting:
    """Take production's table, with other hours."""
    given = load_environment("rovn/production").alerting.model_dump()
    return Alerting.model_validate(
        given | {"time_zone": zone, "business_hours": hours, "business_days": days}
    )


@st.composite
def alertings(draw: st.DrawFn) -> Alerting:
    """Draw one, odd zones as often as all others."""
    zone = draw(st.sampled_from(ODD_ZONES) | st.sampled_from(ZONES))
    opens = draw(st.integers(0, 23))
    closes = draw(st.integers(opens + 1, 24))
    days = draw(st.sets(st.sampled_from(DAYS), min_size=1))
    return alerting(zone, f"{opens:02}:00-{closes:02}:00", tuple(sorted(days, key=DAYS.index)))
