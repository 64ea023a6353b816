"""Replays series against alarms: their datapoints, states and actions at each step.

Not modelled, besides what ``windows`` and ``judgement`` name: that a composite
follows its children a moment later; here it does so within the step.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from simulator.cloudwatch import muting, rules
from simulator.cloudwatch.actions import ActionEvent, events
from simulator.cloudwatch.definitions import Alarm, CompositeAlarm, Definitions, MetricAlarm
from simulator.cloudwatch.dependencies import in_order
from simulator.cloudwatch.judgement import AS_BEFORE, EXTRA, judge, states
from simulator.cloudwatch.observation import Seen, View, observed
from simulator.cloudwatch.queries import Queries
from simulator.cloudwatch.series import Feed, Grid, Values
from simulator.cloudwatch.statistics import Statistics


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of each alarm, one value a step.

    ``states`` are indices of ``judgement.STATES``; ``datapoints`` is held against the
    threshold, ``series`` is each query's of each alarm; ``actions`` tell of each state entered.
    ``decided`` marks the evaluations of metric alarms that do not leave the state as it was.
    ``views`` are of alarms whose expressions look back: their series as seen so many periods later.
    """

    grid: Grid
    extra: int
    alarms: Mapping[str, Alarm]
    states: Mapping[str, NDArray[np.int8]]
    datapoints: Mapping[str, Values]
    series: Mapping[tuple[str, str], Values]
    actions: Mapping[str, tuple[ActionEvent, ...]]
    decided: Mapping[str, NDArray[np.bool_]]
    views: Mapping[str, View]

    def seen(self, name: str, step: int) -> tuple[Seen, ...]:
        """Tell what CloudWatch would have looked at in the evaluation of ``step``, newest last.

        Empty for a composite, which looks at states.
        """
        alarm = self.alarms[name]
        if isinstance(alarm, CompositeAlarm):
            return ()
        series = {id_: values for (of, id_), values in self.series.items() if of == name}
        lag = alarm.period // self.grid.step
        return observed(alarm, series, step, lag, self.extra, self.views.get(name))


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
    return replay_of(definitions, names, Statistics(feed, grid), extra)


def replay_of(
    definitions: Definitions, names: Iterable[str], statistics: Statistics, extra: int
) -> Replay:
    """Replay as ``replay`` does, over statistics that another replay may have worked out."""
    run = _Run(definitions, Queries(statistics, extra))
    alarms = in_order(definitions, names)
    for alarm in alarms:
        if isinstance(alarm, CompositeAlarm):
            run.of_composite(alarm)
        else:
            run.of_metric(alarm)
    return Replay(
        grid=statistics.grid,
        extra=extra,
        alarms={alarm.name: alarm for alarm in alarms},
        states=run.states,
        datapoints=run.datapoints,
        series=run.series,
        actions=run.actions,
        decided=run.decided,
        views=run.views,
    )


def has_gaps(series: Iterable[Values]) -> bool:
    """Say whether a datapoint is missing after the first: only then others are looked for.

    In any series that is read: an expression may fill its result's gaps by what was fetched.
    """
    for values in series:
        there = ~np.isnan(values)
        if there.any() and not there[int(np.argmax(there)) :].all():
            return True
    return False


@dataclass(slots=True)
class _Run:
    """What is known so far; alarms are asked for in the order of ``in_order``."""

    definitions: Definitions
    queries: Queries
    states: dict[str, NDArray[np.int8]] = field(default_factory=dict)
    datapoints: dict[str, Values] = field(default_factory=dict)
    series: dict[tuple[str, str], Values] = field(default_factory=dict)
    actions: dict[str, tuple[ActionEvent, ...]] = field(default_factory=dict)
    decided: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    # The numbers of the mute rules that name an alarm, and when such rules mute.
    named_by: dict[str, list[int]] = field(default_factory=dict)
    muted: dict[tuple[tuple[int, ...], str | None], NDArray[np.int8]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, rule in enumerate(self.definitions.mute_rules):
            for name in dict.fromkeys(rule.alarms):
                self.named_by.setdefault(name, []).append(number)

    def of_metric(self, alarm: MetricAlarm) -> None:
        series = self.queries.series_of(alarm)
        self.series |= {(alarm.name, id_): values for id_, values in series.items()}
        self.datapoints[alarm.name] = series[alarm.returned]
        lag = alarm.period // self.queries.grid.step
        extra, by_age = self.queries.extra, None
        if self.queries.look_back(alarm, series):
            view = self.views[alarm.name] = partial(self.queries.series_of, alarm)
            by_age = (view(age)[alarm.returned] for age in range(alarm.periods + extra))
        outcomes = judge(series[alarm.returned], alarm, lag, extra, by_age)
        self.decided[alarm.name] = outcomes != AS_BEFORE
        self._entered(alarm, states(outcomes))

    def of_composite(self, alarm: CompositeAlarm) -> None:
        rule = rules.parse_rule(alarm.rule, alarm.place)
        found = rules.evaluate(rule, self.states.__getitem__, self.queries.grid.steps)
        if alarm.suppressor is None:
            self._entered(alarm, found)
        else:
            suppressor = rules.alarm_name(alarm.suppressor.alarm)
            self._entered(alarm, found, self.states[suppressor])

    def _entered(
        self, alarm: Alarm, found: NDArray[np.int8], suppressing: NDArray[np.int8] | None = None
    ) -> None:
        step = self.queries.grid.step
        self.states[alarm.name] = found
        self.actions[alarm.name] = events(found, alarm, self._muted(alarm), suppressing, step)

    def _muted(self, alarm: Alarm) -> NDArray[np.int8]:
        """Say when the alarm is muted; alarms that the same rules name are so together."""
        numbers = tuple(self.named_by.get(alarm.name, ()))
        key = (numbers, alarm.region)
        if key not in self.muted:
            rules_of = [self.definitions.mute_rules[number] for number in numbers]
            self.muted[key] = muting.muted(rules_of, alarm.name, self.queries.grid, alarm.region)
        return self.muted[key]
