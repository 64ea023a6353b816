"""Replays series against alarms: their datapoints, states and actions at each step.

Not modelled, besides what ``simulator.windows`` and ``simulator.judgement`` name: a composite is
evaluated in the same step as its children, at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from runbook.model.refusal import Refusal, RefusedError
from simulator.definitions import (
    Alarm,
    CompositeAlarm,
    Definitions,
    MetricAlarm,
    MetricIdentity,
    MetricQuery,
)
from simulator.dependencies import in_order
from simulator.judgement import EXTRA, judge, states
from simulator.observation import Seen, observed
from simulator.series import MINUTE, Feed, Grid, Samples, Values
from simulator.windows import WindowError, aggregated

_NOTHING = Samples(MINUTE, np.empty(0))


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of each alarm, one value a step.

    ``states`` are indices of ``simulator.judgement.STATES``; ``datapoints`` is held against the
    threshold, ``series`` is each query's of each alarm.
    """

    grid: Grid
    extra: int
    alarms: Mapping[str, Alarm]
    states: Mapping[str, NDArray[np.int8]]
    datapoints: Mapping[str, Values]
    series: Mapping[tuple[str, str], Values]

    def seen(self, name: str, step: int) -> tuple[Seen, ...]:
        """Tell what CloudWatch would have looked at in the evaluation of ``step``, newest last.

        Empty for a composite, which looks at states.
        """
        alarm = self.alarms[name]
        if isinstance(alarm, CompositeAlarm):
            return ()
        series = {id_: values for (of, id_), values in self.series.items() if of == name}
        return observed(alarm, series, step, alarm.period // self.grid.step, self.extra)


def replay(
    definitions: Definitions,
    names: Iterable[str],
    feed: Feed,
    grid: Grid,
    extra: int = EXTRA,
) -> Replay:
    """Evaluate the alarms called ``names``, and all they depend on, at each step of ``grid``.

    What ``feed`` does not have is missing throughout. ``extra`` datapoints are looked at beyond an
    alarm's periods. Cost: linear in steps, and in alarms times the periods they look back. Raises
    ``RefusedError`` for what is not there and for what is not modelled.
    """
    run = _Run(definitions, feed, grid, extra)
    alarms = in_order(definitions, names)
    for alarm in alarms:
        if isinstance(alarm, CompositeAlarm):
            run.of_composite(alarm)
        else:
            run.of_metric(alarm)
    return Replay(
        grid=grid,
        extra=extra,
        alarms={alarm.name: alarm for alarm in alarms},
        states=run.states,
        datapoints=run.datapoints,
        series=run.series,
    )


@dataclass(slots=True)
class _Run:
    definitions: Definitions
    feed: Feed
    grid: Grid
    extra: int
    states: dict[str, NDArray[np.int8]] = field(default_factory=dict)
    datapoints: dict[str, Values] = field(default_factory=dict)
    series: dict[tuple[str, str], Values] = field(default_factory=dict)
    # Several alarms look at the same statistic.
    aggregated: dict[tuple[MetricIdentity, str, int], Values] = field(default_factory=dict)

    def of_metric(self, alarm: MetricAlarm) -> None:
        series = self._series(alarm)
        self.series |= {(alarm.name, id_): values for id_, values in series.items()}
        self.datapoints[alarm.name] = series[alarm.returned]
        lag = alarm.period // self.grid.step
        outcomes = judge(series[alarm.returned], alarm, lag, self.extra)
        self.states[alarm.name] = states(outcomes)

    def of_composite(self, alarm: CompositeAlarm) -> None:
        why = "composites are not replayed yet"
        raise RefusedError(alarm.place, [Refusal("AlarmRule", why, "replay its parts")])

    def _series(self, alarm: MetricAlarm) -> dict[str, Values]:
        """Work out the alarm's queries: all of its metrics, and the expressions it needs."""
        found = {
            query.id: self._aggregated(alarm, query)
            for query in alarm.queries
            if isinstance(query, MetricQuery)
        }
        if alarm.returned not in found:
            why = "expressions are not replayed yet"
            raise _refused(alarm, alarm.returned, why, "replay alarms on one metric")
        return found

    def _aggregated(self, alarm: MetricAlarm, query: MetricQuery) -> Values:
        what = f"{query.id} ({query.metric.namespace} {query.metric.name}, {query.stat})"
        if query.period != alarm.period:
            why = f"its period is {query.period} s, and the alarm's {alarm.period} s"
            raise _refused(alarm, what, why, "give the queries of an alarm one period")
        key = (query.metric, query.stat, query.period)
        if key not in self.aggregated:
            try:
                self.aggregated[key] = self._windows(query)
            except WindowError as error:
                raise _refused(alarm, what, error.reason, error.fix) from None
        return self.aggregated[key]

    def _windows(self, query: MetricQuery) -> Values:
        samples = self.feed.get((query.metric, query.stat), _NOTHING)
        weights = self.feed.get((query.metric, "SampleCount"))
        return aggregated(samples, query.stat, query.period, self.grid, weights)


def _refused(alarm: MetricAlarm, what: str, why: str, fix: str) -> RefusedError:
    return RefusedError(f"{alarm.place} ({alarm.name})", [Refusal(what, why, fix)])
