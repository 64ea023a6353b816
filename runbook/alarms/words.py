"""What an alarm says of itself, in words: for the command line, the pages and the dashboards."""

from collections.abc import Sequence

from runbook.alarms.alarm import DAY, HOUR, MINUTE, Alarm, BudgetAlarm, MetricAlarm, Missing
from runbook.alarms.severities import Level
from runbook.model.alerting import DAYS, Alerting, Day

_GIB = 1024**3
_CHANNELS = {"pager": "pager", "slack": "Slack"}
_MISSING = {
    Missing.WELL: "counts as well",
    Missing.BAD: "counts as broken",
    Missing.AS_BEFORE: "leaves it as it was",
    Missing.UNKNOWN: "is known to be missing: nobody is told",
}


def when_it_rings(alarm: Alarm) -> str:
    """Write threshold and window: ``> 1 % of requests, 1 of 1 x 5 min``."""
    if isinstance(alarm, BudgetAlarm):
        spent = " or ".join(str(percent) for percent in alarm.spent_percent)
        expected = f"{alarm.forecast_percent} % expected"
        return f"{spent} % of {alarm.monthly_usd:,} USD spent in a month, or {expected}"
    if isinstance(alarm, MetricAlarm):
        window = f"{alarm.breaching} of {alarm.periods} x {span(alarm.period)}"
        return f"{alarm.comparison.sign} {_amount(alarm)}, {window}"
    return " and ".join(when_it_rings(part) for part in alarm.every)


def span(seconds: int) -> str:
    """Write a time in the largest unit that it is whole in."""
    for unit, word in ((DAY, "day"), (HOUR, "h"), (MINUTE, "min")):
        if seconds % unit == 0:
            count = seconds // unit
            return f"{count} {word}{'s' if unit == DAY and count > 1 else ''}"
    return f"{seconds} s"


def when_missing(alarm: MetricAlarm) -> str:
    """Write what a datapoint that did not come means, and why."""
    return f"{_MISSING[alarm.missing]}. {alarm.missing_because}"


def severity(level: Level) -> str:
    """Name a severity, with its name on the other scale: ``sev-1 (P0)``."""
    return f"{level.id} ({level.same_as})" if level.same_as else level.id


def woken(level: Level) -> str:
    """Name who is woken at any hour; ``nobody`` where the severity has hours."""
    return ", ".join(level.owners) if level.wakes else "nobody"


def told(level: Level, alerting: Alerting) -> str:
    """Write who is told by what, and when."""
    by = " and ".join(_CHANNELS[channel] for channel in level.channels)
    when = "at any hour" if level.hours == "always" else f"in business hours, {hours(alerting)}"
    return f"{', '.join(level.owners)} by {by} {when}"


def hours(alerting: Alerting) -> str:
    """Write business hours: ``mon-fri 09:00-17:00 America/New_York``."""
    days = ", ".join(_runs(alerting.business_days))
    return f"{days} {alerting.business_hours} {alerting.time_zone}"


def _runs(days: Sequence[Day]) -> list[str]:
    """Join days that follow each other."""
    runs: list[list[Day]] = []
    for day in DAYS:
        if day not in days:
            continue
        if runs and DAYS.index(runs[-1][-1]) == DAYS.index(day) - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return [run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]


def _amount(alarm: MetricAlarm) -> str:
    if alarm.unit == "bytes" and alarm.threshold >= _GIB:
        return f"{alarm.threshold / _GIB:g} GiB"
    return f"{alarm.threshold:g} {alarm.unit}"
