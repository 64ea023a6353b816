"""What `runbook alarms plot` draws: an alarm in the tests of a file, or on recorded metrics."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from runbook.alarms.catalogue import metric_alarms_of
from runbook.model.loader import load_environment
from runbook.model.refusal import Refusal, RefusedError
from simulator.cloudwatch.definitions import Definitions
from simulator.recorded.plotting import Picture, picture
from simulator.recorded.recorded_replay import Manner, judge_recorded
from simulator.recorded.recordings import Recording
from simulator.templates.lookup import find
from simulator.testing.running import run
from simulator.testing.sources import Sources
from simulator.testing.test_file import load

# More below each other are no picture.
MOST = 12


def of_tests(path: Path, alarm: str, number: int, sources: Sources) -> list[Picture]:
    """Draw an alarm in the test of this number, counted from 1, or in all of the file for 0.

    Raises ``RefusedError`` where the file does not test it.
    """
    file = load(path)
    if number > len(file.tests.tests):
        reason = f"there are {len(file.tests.tests)} tests in it"
        raise RefusedError(str(path), [Refusal("--test", reason, "count them from 1")])
    file = sources.moved(file)
    source = sources.of(file)
    wanted = {each.name for each in find(source.definitions, alarm)}
    # What is not asked for cannot hinder: a refused test of another alarm is its own.
    others = {at for at in range(len(file.tests.tests)) if number and at != number - 1}
    played = [each for each in run(file, source, others) if each.alarm.name in wanted]
    if not played:
        reason = f"no test of {alarm} is in it" if not number else f"test {number} is of another"
        fix = f"name one of {', '.join(dict.fromkeys(case.alarm for case in file.tests.tests))}"
        raise RefusedError(str(path), [Refusal("ALARM", reason, fix)])
    if len(played) > MOST:
        reason = f"{len(played)} pictures below each other are too many"
        raise RefusedError(str(path), [Refusal("ALARM", reason, "choose one with --test")])
    return [
        picture(
            each.replay,
            each.alarm.name,
            f"{each.alarm.keys[0]}: {each.case.name or f'test {each.number + 1}'}",
            _units(each.environment).get(each.alarm.name, ""),
        )
        for each in played
    ]


def of_recording(
    recording: Recording,
    alarm: str,
    definitions: Definitions,
    manner: Manner,
    environment: str | None = None,
) -> list[Picture]:
    """Draw an alarm, or each of an id, on what was recorded.

    Raises ``RefusedError`` where it cannot be judged, with the reason.
    """
    names = [each.name for each in find(definitions, alarm)]
    found = judge_recorded(definitions, recording, manner, names)
    refusals = [
        Refusal(name, f"it cannot be judged: {why}", "see runbook alarms backtest")
        for name, why in found.not_judged.items()
    ]
    if refusals:
        raise RefusedError(recording.source, refusals)
    units = _units(environment)
    return [
        picture(
            found.judged[name].replay,
            name,
            unit=units.get(name, ""),
            since=found.judged[name].since,
        )
        for name in names
    ]


@cache
def _units(environment: str | None) -> Mapping[str, str]:
    """Say what the alarms of an environment count, by their names in CloudWatch."""
    if environment is None:
        return {}
    ours = load_environment(environment)
    return {alarm.name(ours.slug): alarm.unit for alarm in metric_alarms_of(ours)}
