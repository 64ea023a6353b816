"""The datapoints that CloudWatch looks at in one evaluation, and what it makes of each."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from runbook.alarms.alarm import Missing
from simulator.cloudwatch.definitions import MetricAlarm
from simulator.cloudwatch.judgement import breaches, evaluated_every, treatment_of
from simulator.cloudwatch.series import Values

# An alarm's series by the ids of its queries, as seen so many periods later.
View = Callable[[int], Mapping[str, Values]]


class Use(StrEnum):
    """What becomes of a datapoint of the evaluation range.

    ``MISSING`` counts as nothing, ``FILLED`` as the alarm's treatment says; ``UNNEEDED`` is there,
    but newer ones are enough.
    """

    BREACHING = "breaching"
    WITHIN = "within"
    MISSING = "missing"
    FILLED = "filled"
    UNNEEDED = "not needed"


@dataclass(frozen=True, slots=True)
class Seen:
    """One datapoint of an evaluation: from the beginning of step ``start`` to that of ``end``.

    ``value`` is held against the threshold, ``values`` are those of all the alarm's queries by
    their ids; None is missing. ``start`` is below 0 where it lies before minute 0.
    """

    start: int
    end: int
    values: Mapping[str, float | None]
    value: float | None
    use: Use


def observed(
    alarm: MetricAlarm,
    series: Mapping[str, Values],
    step: int,
    lag: int,
    extra: int,
    view: View | None = None,
) -> tuple[Seen, ...]:
    """Tell what the evaluation at ``step`` looked at, the newest last.

    Where none is made at that step, the last one before it; nothing if there is none yet.
    ``series`` by the ids of queries, ``lag`` in steps; ``view`` where they differ with age.
    """
    every = evaluated_every(alarm, lag)
    evaluated = (step + 1) // every * every - 1
    if evaluated < 0:
        return ()
    at = [evaluated - number * lag for number in range(alarm.periods + extra)]
    views = [series if view is None else view(age) for age in range(len(at))]
    values = np.array([_at(s[alarm.returned], each) for s, each in zip(views, at, strict=True)])
    uses = _uses(values, alarm)
    return tuple(
        Seen(
            start=each + 1 - lag,
            end=each + 1,
            values={id_: _told(_at(one, each)) for id_, one in seen.items()},
            value=_told(value),
            use=use,
        )
        for each, seen, value, use in reversed(list(zip(at, views, values, uses, strict=True)))
    )


def _uses(values: Values, alarm: MetricAlarm) -> Iterator[Use]:
    """Tell the use of each datapoint, the newest first.

    Rules as in ``judgement``: the newest real ones count, and as few as possible of the
    missing ones are filled, the newest of them ("Configuring how CloudWatch alarms treat missing
    data", the text below the second table).
    """
    there = ~np.isnan(values)
    bad = breaches(values, alarm)
    needed = alarm.periods
    fills = treatment_of(alarm) in {Missing.BAD, Missing.WELL}
    filled = max(0, needed - int(there.sum())) if fills else 0
    for real, breaching in zip(there, bad, strict=True):
        if not real:
            yield Use.FILLED if filled > 0 else Use.MISSING
            filled -= 1
        elif needed > 0:
            yield Use.BREACHING if breaching else Use.WITHIN
            needed -= 1
        else:
            yield Use.UNNEEDED


def _at(values: Values, step: int) -> float:
    return float(values[step]) if step >= 0 else np.nan


def _told(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
