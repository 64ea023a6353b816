"""When the monthly test page is asked for, and when the days since are counted (ALL-7)."""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from runbook.alarms.local_time import business, year
from runbook.model.alerting import DAYS, Alerting, Day

# Beside the full hour, when everybody's schedules run.
MINUTE = 15
RING, COUNT = "ring", "count"
# Clocks of a year stand for those of all: they are ahead of UTC by the same hours each year.
_YEAR = year(2027)


@dataclass(frozen=True)
class Schedules:
    """Schedules of EventBridge, which know no time zone but UTC.

    ``ring`` is within business hours all year round; its function rings on the first of these days
    in each month, and on the next ones until a page is delivered. ``count``
    comes each day, an hour later.
    """

    hour: int
    days: tuple[Day, ...]

    @property
    def ring(self) -> str:
        """Each business day."""
        return f"cron({MINUTE} {self.hour} ? * {','.join(self.days).upper()} *)"

    @property
    def count(self) -> str:
        """Each day, when SNS has told what became of a page."""
        return f"cron({MINUTE} {(self.hour + 1) % 24} * * ? *)"


@lru_cache(maxsize=32)
def schedules(alerting: Alerting) -> Schedules:
    """Choose the first hour of UTC that is a business hour on most days, however clocks change.

    Raises ``ValueError`` where business hours are so short that no hour of UTC always is one.
    """
    always = {(hour, day) for hour in range(24) for day in range(len(DAYS))}
    at = iter(business(alerting, _YEAR))
    current = next(at, None)
    instant = _YEAR.start + timedelta(minutes=MINUTE)
    while instant < _YEAR.end:
        while current and current.end <= instant:
            current = next(at, None)
        if not current or instant < current.start:
            always.discard((instant.hour, instant.weekday()))
        instant += timedelta(hours=1)
    hour, days = max(
        ((hour, [day for day in range(len(DAYS)) if (hour, day) in always]) for hour in range(24)),
        key=lambda found: (len(found[1]), -found[0]),
    )
    if not days:
        raise ValueError(
            f"alerting.business_hours: {alerting.business_hours} of {alerting.time_zone} hold no "
            "hour of UTC all year round, for the monthly test page: make them two hours or more"
        )
    return Schedules(hour, tuple(DAYS[day] for day in days))
