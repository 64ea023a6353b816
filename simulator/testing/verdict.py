"""What came of one expectation, and of one test on one alarm: data, for people and machines."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulator.cloudwatch.actions import ActionEvent
from simulator.cloudwatch.definitions import Alarm, State
from simulator.cloudwatch.judgement import STATES
from simulator.cloudwatch.replay import Replay
from simulator.cloudwatch.series import Feed
from simulator.testing.test_file import AlarmTests, Case, Expectation


@dataclass(frozen=True, slots=True)
class Verdict:
    """An expectation against a replay.

    ``step`` is where it was read: the first that is otherwise, else that of ``at``. ``event`` is
    what became of the actions, where that was asked. ``hangs_on`` are the numbers of extra
    datapoints with which it would come out otherwise.
    """

    expectation: Expectation
    line: int
    step: int
    state: State
    event: ActionEvent | None
    passed: bool
    hangs_on: tuple[int, ...] = ()

    def holds(self, *, strict: bool) -> bool:
        """Say whether it passed; when strict, whatever number of datapoints CloudWatch fetches."""
        return self.passed and not (strict and self.hangs_on)


@dataclass(frozen=True, slots=True)
class Played:
    """One test on one alarm.

    ``environment`` is that of the definitions, None for templates. ``feed`` is what the alarm read.
    """

    file: AlarmTests
    number: int
    alarm: Alarm
    environment: str | None
    feed: Feed
    replay: Replay
    verdicts: tuple[Verdict, ...]

    @property
    def case(self) -> Case:
        """The test as the file has it."""
        return self.file.tests.tests[self.number]

    @property
    def line(self) -> int:
        """Where the test begins."""
        return self.file.line("tests", self.number)

    @property
    def label(self) -> str:
        """The shortest name that the alarm is called by: its key in the catalogue, else its own."""
        return self.alarm.keys[0] if self.alarm.keys else self.alarm.name

    @property
    def failed(self) -> bool:
        """Say whether an expectation did not come true."""
        return not all(verdict.passed for verdict in self.verdicts)

    def holds(self, *, strict: bool) -> bool:
        """Say whether each expectation holds."""
        return all(verdict.holds(strict=strict) for verdict in self.verdicts)

    def states(self) -> tuple[State, ...]:
        """Name the alarm's state after each step."""
        return tuple(STATES[index] for index in self.replay.states[self.alarm.name])

    def changes(self) -> tuple[tuple[int, State], ...]:
        """List the steps at which the state changed, with what it became."""
        return changes(self.replay, self.alarm.name)


def changes(replay: Replay, name: str) -> tuple[tuple[int, State], ...]:
    """List the steps at which an alarm's state changed; before step 0 it is INSUFFICIENT_DATA."""
    states = replay.states[name]
    before = STATES.index(State.INSUFFICIENT)
    steps = np.flatnonzero(np.diff(states, prepend=np.int8(before)))
    return tuple((int(step), STATES[states[step]]) for step in steps)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Tests of a file that were not run, since the environment does not have their alarm."""

    path: Path
    environment: str
    alarm: str
    tests: int


def left_out_of(file: AlarmTests, environment: str, numbers: Iterable[int]) -> list[LeftOut]:
    """Count the tests of a file that were left out, by what they call their alarm."""
    counts = Counter(file.tests.tests[number].alarm for number in sorted(numbers))
    return [LeftOut(file.path, environment, alarm, tests) for alarm, tests in counts.items()]
