"""One alarm, evaluated window by window as AWS's words have it: slow, and without the engine.

Source: CloudWatch's User Guide, "Configuring how CloudWatch alarms treat missing data", which the
functions quote by their rules; ``GUIDE`` in ``test_against_brute_force`` has its tables.
"""

from collections.abc import Sequence
from enum import StrEnum

from runbook.alarms.alarm import Comparison, Missing
from simulator.cloudwatch.definitions import State

# True is breaching, False is not, None is missing; the oldest comes first.
Window = Sequence[bool | None]


class Outcome(StrEnum):
    """What one evaluation says: a state, or that the state stays as it is."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT = "INSUFFICIENT_DATA"
    AS_BEFORE = "retain current state"


def outcome(range_: Window, periods: int, breaching: int, missing: Missing) -> Outcome:
    """Judge the datapoints of an evaluation range, which is at least ``periods`` long."""
    existing = [datapoint for datapoint in range_ if datapoint is not None]
    if len(existing) >= periods:
        # Enough of them: the most recent ones that exist are judged, and nothing is filled.
        return _counted(existing[len(existing) - periods :], breaching)
    # Too few: all that exist are judged, and as few are filled as possible.
    to_fill = periods - len(existing)
    if missing is Missing.BAD:
        return _counted([*existing, *[True] * to_fill], breaching)
    if missing is Missing.WELL:
        return _counted([*existing, *[False] * to_fill], breaching)
    if existing.count(True) >= breaching:
        # Whatever the missing ones were, enough of the others breach.
        return Outcome.ALARM
    if False in existing:
        return Outcome.OK
    # All that exist breach, and they are too few; or none exists.
    if missing is Missing.AS_BEFORE:
        return Outcome.AS_BEFORE
    return Outcome.ALARM if _premature(range_, breaching) else Outcome.INSUFFICIENT


def _counted(judged: Sequence[bool], breaching: int) -> Outcome:
    return Outcome.ALARM if list(judged).count(True) >= breaching else Outcome.OK


def _premature(range_: Window, breaching: int) -> bool:
    """Say whether the oldest breaching datapoint is as old as as many would be that ring.

    Everything after it is breaching or missing. The newest datapoint is one old.
    """
    for place, datapoint in enumerate(range_):
        if datapoint is not None:
            return len(range_) - place >= breaching
    return False


def statistic(values: Sequence[float | None], stat: str) -> float | None:
    """Work out one datapoint of a period from those of its parts."""
    existing = [value for value in values if value is not None]
    if not existing:
        return None
    if stat in {"Sum", "SampleCount"}:
        return sum(existing)
    if stat == "Average":
        return sum(existing) / len(existing)
    return {"Maximum": max, "Minimum": min}[stat](existing)


def breaches(value: float | None, comparison: Comparison, threshold: float) -> bool | None:
    """Hold a datapoint against the threshold."""
    if value is None:
        return None
    return {
        Comparison.ABOVE: value > threshold,
        Comparison.AT_LEAST: value >= threshold,
        Comparison.BELOW: value < threshold,
        Comparison.AT_MOST: value <= threshold,
    }[comparison]


def replayed(
    values: Sequence[float | None],
    stat: str,
    lag: int,
    *,
    periods: int,
    breaching: int,
    extra: int,
    comparison: Comparison,
    threshold: float,
    missing: Missing,
    every: int = 1,
) -> list[State]:
    """Evaluate after each ``every`` steps of ``values``: the state after each step.

    A period is ``lag`` steps. Before them is nothing, and the alarm has no data.
    """
    states: list[State] = []
    state = State.INSUFFICIENT
    for step in range(len(values)):
        if (step + 1) % every:
            states.append(state)
            continue
        window: list[bool | None] = []
        for back in reversed(range(periods + extra)):
            end = step + 1 - back * lag
            parts = [values[place] for place in range(end - lag, end) if place >= 0]
            window.append(breaches(statistic(parts, stat), comparison, threshold))
        found = outcome(window, periods, breaching, missing)
        if found is not Outcome.AS_BEFORE:
            state = State(found)
        states.append(state)
    return states
