"""Runs tests of alarms: series in, states at the minutes that are asked for out.

AWS tells the number of datapoints that CloudWatch fetches beyond an alarm's periods in examples
alone, so an expectation of an alarm with gaps in its data is tried with other numbers, too.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from runbook.model.refusal import Refusal, RefusedError
from simulator.cloudwatch.actions import ActionEvent
from simulator.cloudwatch.definitions import Alarm, Definitions, MetricAlarm
from simulator.cloudwatch.dependencies import in_order
from simulator.cloudwatch.judgement import EXTRA, OTHER_EXTRAS, STATES
from simulator.cloudwatch.replay import Replay, has_gaps, replay_of
from simulator.cloudwatch.series import MINUTE, Grid
from simulator.templates.lookup import UNKNOWN, find
from simulator.testing.durations import written
from simulator.testing.feeding import feed
from simulator.testing.test_file import AlarmTests, Case, Expectation
from simulator.testing.verdict import Played, Verdict

TEN_SECONDS = 10
# Two years of minutes.
MOST_STEPS = 1_100_000


@dataclass(frozen=True, slots=True)
class Source:
    """The alarms that tests are run against; ``environment`` is None for templates."""

    definitions: Definitions
    environment: str | None = None


def run(file: AlarmTests, source: Source, without: Collection[int] = ()) -> tuple[Played, ...]:
    """Run each test of a file on each alarm that it names; those numbered ``without`` are not run.

    Raises ``RefusedError`` with all that cannot be run, by file and line.
    """
    played: list[Played] = []
    refusals: list[Refusal] = []
    for number in range(len(file.tests.tests)):
        if number in without:
            continue
        try:
            played += _of_test(file, number, source)
        except RefusedError as refused:
            refusals += refused.refusals
    if refusals:
        raise RefusedError(str(file.path), list(dict.fromkeys(refusals)))
    return tuple(played)


def _of_test(file: AlarmTests, number: int, source: Source) -> Iterator[Played]:
    case = file.tests.tests[number]
    try:
        found = find(source.definitions, case.alarm)
        needed = {alarm.name: in_order(source.definitions, [alarm.name]) for alarm in found}
    except RefusedError as refused:
        raise _placed(file, number, refused) from None
    for alarm in found:
        test = _Test(file, number, case, source, alarm, needed[alarm.name])
        try:
            yield test.played()
        except RefusedError as refused:
            raise _placed(file, number, refused) from None


def _placed(file: AlarmTests, number: int, refused: RefusedError) -> RefusedError:
    """Say of a refusal which test of the file it is about, where it is of a template."""
    if refused.source == str(file.path):
        return refused
    whose = "" if refused.source == UNKNOWN else f"{refused.source}: "
    refusals = [
        file.refusal(
            f"{whose}{each.key}: {each.reason}" if whose else each.reason,
            each.fix,
            "tests",
            number,
            "alarm",
        )
        for each in refused.refusals
    ]
    return RefusedError(str(file.path), refusals)


@dataclass(frozen=True, slots=True)
class _Test:
    file: AlarmTests
    number: int
    case: Case
    source: Source
    alarm: Alarm
    # The alarm and all it depends on.
    needed: Sequence[Alarm]

    def played(self) -> Played:
        given = feed(self.file, self.number, self.needed, self._grid())

        def once(extra: int) -> Replay:
            return replay_of(self.source.definitions, [self.alarm.name], given, extra)

        first = once(EXTRA)
        verdicts = self._verdicts(first)
        if has_gaps(first.series.values()):
            passes = {extra: self._passes(once, extra) for extra in OTHER_EXTRAS}
            verdicts = [
                replace(each, hangs_on=tuple(e for e in passes if passes[e][at] != each.passed))
                for at, each in enumerate(verdicts)
            ]
        return Played(
            self.file,
            self.number,
            self.alarm,
            self.source.environment,
            given.feed,
            first,
            tuple(verdicts),
        )

    def _passes(self, once: Callable[[int], Replay], extra: int) -> list[bool]:
        """Say which expectations pass with so many extra datapoints; none where nobody can tell."""
        try:
            return [verdict.passed for verdict in self._verdicts(once(extra))]
        except RefusedError:
            return [False] * len(self.case.expect)

    @property
    def _step(self) -> int:
        return TEN_SECONDS if any(period < MINUTE for period in self._periods()) else MINUTE

    @property
    def _unit(self) -> int:
        """Give the seconds between the times that can be asked for."""
        return TEN_SECONDS if all(period < MINUTE for period in self._periods()) else MINUTE

    def _periods(self) -> tuple[int, ...]:
        found = (alarm.period for alarm in self.needed if isinstance(alarm, MetricAlarm))
        return tuple(found) or (MINUTE,)

    def _step_of(self, time: int) -> int:
        """Find the step after which the state at a time is read: when its datapoint is in."""
        return (time + self._unit) // self._step - 1

    def _grid(self) -> Grid:
        """Lay the steps out: as far as the last expectation, and to the end of the series."""
        refusals = list(self._impossible_times())
        if refusals:
            raise RefusedError(str(self.file.path), refusals)
        steps = [self._step_of(expectation.at) + 1 for expectation in self.case.expect]
        for series in self.case.series:
            interval = series.interval or self.case.interval
            steps.append(-(-len(series.values) * interval // self._step))
        return Grid(min(max(steps), MOST_STEPS), self._step, self.case.start)

    def _impossible_times(self) -> Iterator[Refusal]:
        unit = self._unit
        for at, expectation in enumerate(self.case.expect):
            for key, time in (("at", expectation.at), ("from", expectation.since)):
                keys = ("tests", self.number, "expect", at, key)
                if time is not None and time % unit:
                    near = time // unit * unit
                    reason = f"the alarm is looked at every {written(unit)}, not at {written(time)}"
                    fix = f"write {written(near)} or {written(near + unit)}"
                    yield self.file.refusal(reason, fix, *keys)
                elif time is not None and self._step_of(time) >= MOST_STEPS:
                    reason = f"it is more than {MOST_STEPS:,} evaluations after minute 0"
                    yield self.file.refusal(reason, "ask for an earlier time", *keys)

    def _verdicts(self, run: Replay) -> list[Verdict]:
        return [self._verdict(run, at, each) for at, each in enumerate(self.case.expect)]

    def _verdict(self, run: Replay, at: int, expectation: Expectation) -> Verdict:
        since = expectation.at if expectation.since is None else expectation.since
        first, last = self._step_of(since), self._step_of(expectation.at)
        states = run.states[self.alarm.name][first : last + 1]
        otherwise = np.flatnonzero(states != STATES.index(expectation.state))
        step = first + int(otherwise[0]) if otherwise.size else last
        event = None
        if expectation.action is not None:
            event = _last_event(run.actions[self.alarm.name], expectation, last)
        became = expectation.action is None or _outcome(event) == expectation.action
        return Verdict(
            expectation,
            self.file.line("tests", self.number, "expect", at),
            step,
            STATES[run.states[self.alarm.name][step]],
            event,
            passed=not otherwise.size and became,
        )


def _last_event(
    events: Sequence[ActionEvent], expectation: Expectation, last: int
) -> ActionEvent | None:
    """Find what became of the actions of a state at the last time before a step."""
    found = [e for e in events if e.step <= last and e.state is expectation.state]
    return found[-1] if found else None


def _outcome(event: ActionEvent | None) -> str | None:
    """Say what became of actions; a state that was never entered has run none."""
    return "none" if event is None else event.outcome
