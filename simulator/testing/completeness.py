"""Whether the alarm tests that are shipped say of each alarm when it rings and when it does not."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runbook.alarms.alarm import BudgetAlarm
from runbook.alarms.catalogue import alarms_of, metric_alarms_of
from runbook.model.environment import Environment
from simulator.cloudwatch.definitions import State
from simulator.cloudwatch.judgement import STATES
from simulator.testing.verdict import Played

SHIPPED = Path(__file__).resolve().parents[2] / "runbook" / "alarms" / "tests"


@dataclass(frozen=True, slots=True)
class Gap:
    """What no shipped test shows of an alarm, which is called by its key in the catalogue."""

    alarm: str
    lacks: str
    fix: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What tests show of one alarm, which is called by its key in the catalogue.

    ``fires`` and ``stays_quiet`` count those in which it does, if all that they expect is so.
    """

    alarm: str
    tests: int
    failed: int
    fires: int
    stays_quiet: int


def shipped(environment: Environment, folder: Path = SHIPPED) -> tuple[Path, ...]:
    """List the shipped files that hold for an environment, in the order of their names.

    A file is called by an alarm's id; where an environment's numbers differ, the id is followed by
    the environment's stage, and that file stands in for the other.
    """
    stage = environment.name.partition("/")[2]
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.yaml"), key=lambda path: path.name.count(".")):
        id_, _, of_stage = path.name.removesuffix(".yaml").partition(".")
        if of_stage in ("", stage):
            found[id_] = path
    return tuple(found[id_] for id_ in sorted(found))


def gaps(environment: Environment, results: Iterable[Played]) -> tuple[Gap, ...]:
    """List the alarms of an environment that no test fires, or that none leaves quiet.

    Parts of composites among them; budgets have no datapoints. A test counts for the alarm that it
    names, if all that it expects is so.
    """
    return tuple(gap for shown in shown_of(environment, results) for gap in _gaps(shown))


def shown_of(
    environment: Environment, results: Iterable[Played], *, strict: bool = False
) -> tuple[Shown, ...]:
    """Count what tests show of each alarm of CloudWatch, parts of composites among them.

    When ``strict``, a test that hangs on how many extra datapoints CloudWatch fetches fails.
    """
    of_alarm: dict[str, list[Played]] = {}
    for played in results:
        of_alarm.setdefault(played.alarm.name, []).append(played)
    return tuple(
        _shown(key, of_alarm.get(name, []), strict=strict) for key, name in _watched(environment)
    )


def _shown(key: str, tests: Sequence[Played], *, strict: bool) -> Shown:
    passed = [played for played in tests if played.holds(strict=strict)]
    return Shown(
        alarm=key,
        tests=len(tests),
        failed=len(tests) - len(passed),
        fires=sum(map(_fires, passed)),
        stays_quiet=sum(map(_leaves_quiet, passed)),
    )


def _watched(environment: Environment) -> Iterator[tuple[str, str]]:
    """Name every alarm of CloudWatch, by its key and by its name there."""
    alarms = {
        alarm.key: alarm for alarm in (*alarms_of(environment), *metric_alarms_of(environment))
    }
    for key, alarm in alarms.items():
        if not isinstance(alarm, BudgetAlarm):
            yield key, alarm.name(environment.slug)


def _gaps(shown: Shown) -> Iterator[Gap]:
    id_ = shown.alarm.partition("/")[0]
    fix = f"write one with `alarm: {id_}` in runbook/alarms/tests"
    if not shown.fires:
        yield Gap(shown.alarm, "no test in which it rings", f"{fix} that expects ALARM")
    if not shown.stays_quiet:
        yield Gap(shown.alarm, "no test in which it stays quiet", f"{fix} that expects no ALARM")


def _fires(played: Played) -> bool:
    return any(each.expectation.state is State.ALARM for each in played.verdicts)


def _leaves_quiet(played: Played) -> bool:
    """Say whether nothing rings from the first minute on that the test asks for.

    Not from minute 0: before it everything is missing, and some alarms ring by that.
    """
    expected = [verdict.expectation for verdict in played.verdicts]
    first = min(each.at if each.since is None else each.since for each in expected)
    states = played.replay.states[played.alarm.name][first // played.replay.grid.step :]
    return not _fires(played) and not (states == STATES.index(State.ALARM)).any()
