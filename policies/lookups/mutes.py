"""When mute rules of templates are open, and which alarms they name."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from zoneinfo import ZoneInfo

from policies.templates.scope import Resource
from policies.templates.values import closed
from runbook.alarms.local_time import Interval, business, clipped, complement, spans, year
from runbook.alarms.mute_windows import (
    EACH_TIME,
    READINGS,
    Reading,
    Window,
    is_plain,
    opened,
    parsed,
)
from runbook.model.alerting import Alerting

MUTE_RULE = "AWS::CloudWatch::AlarmMuteRule"
# An ordinary year and a leap year: weeks, and the nights in which clocks change, recur.
YEARS = (2027, 2028)
_SCHEDULE = "Rule.Schedule"


def targets(rule: Resource) -> list[str]:
    """List the names of the alarms that a rule mutes."""
    return [str(name) for name in closed(rule.at("MuteTargets.AlarmNames", []))]


def window_of(rule: Resource) -> Window:
    """Read when a rule is open; ``ValueError`` where that is not of a weekly kind."""
    schedule = closed(rule.at(_SCHEDULE, {}))
    return parsed(str(schedule.get("Expression")), str(schedule.get("Duration")))


def readings(alerting: Alerting) -> Sequence[Reading]:
    """Give every way in which AWS may understand a schedule where clocks change.

    Where business hours lie among those that clocks jump over, only the one that AWS's own words
    suggest: each time that clocks show it.
    """
    return READINGS if is_plain(alerting) else (EACH_TIME,)


@lru_cache(maxsize=64)
def not_muted(windows: tuple[Window, ...], alerting: Alerting) -> str | None:
    """Find the first time outside business hours at which none is open, by clocks; or None."""
    for number in YEARS:
        over = year(number)
        for reading in readings(alerting):
            found = [each for w in windows for each in _opened(w, alerting.zone, number, reading)]
            talks = complement(clipped(found, over), over)
            if missing := _first_common(talks, complement(_business(alerting, number), over)):
                return _written(missing, alerting)
    return None


@lru_cache(maxsize=64)
def mutes_business(window: Window, alerting: Alerting) -> str | None:
    """Find the first time in business hours at which a window is open, by clocks; or None."""
    for number in YEARS:
        for reading in readings(alerting):
            found = clipped(_opened(window, alerting.zone, number, reading), year(number))
            if wrong := _first_common(found, _business(alerting, number)):
                return _written(wrong, alerting)
    return None


@lru_cache(maxsize=128)
def _opened(window: Window, zone: ZoneInfo, number: int, reading: Reading) -> tuple[Interval, ...]:
    return tuple(opened(window, zone, year(number), reading))


@lru_cache(maxsize=16)
def _business(alerting: Alerting, number: int) -> tuple[Interval, ...]:
    return tuple(clipped(business(alerting, year(number)), year(number)))


def _first_common(some: Iterable[Interval], others: Iterable[Interval]) -> Interval | None:
    """Find the first time that lies in one of each; both are in order and apart."""
    left, right = iter(some), iter(others)
    one, other = next(left, None), next(right, None)
    while one and other:
        common = Interval(max(one.start, other.start), min(one.end, other.end))
        if common.start < common.end:
            return common
        if one.end <= other.end:
            one = next(left, None)
        else:
            other = next(right, None)
    return None


def _written(interval: Interval, alerting: Alerting) -> str:
    local = spans(alerting.zone, interval)[0].shows(interval.start)
    return f"{local:%Y-%m-%d %H:%M} for {interval.lasts}"
