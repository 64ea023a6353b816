"""What `runbook alarms plot` draws: an alarm in the tests of a file, or on recorded metrics."""

from pathlib import Path

from runbook.model.refusal import Refusal, RefusedError
from simulator.definitions import Definitions
from simulator.lookup import find
from simulator.plotting import Picture, picture
from simulator.recorded_replay import Manner, judge_recorded
from simulator.recordings import Recording
from simulator.sources import Sources
from simulator.test_file import load
from simulator.testing import run

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
            each.replay.grid,
            title=f"{each.alarm.name}: {each.case.name or f'test {each.number + 1}'}",
        )
        for each in played
    ]


def of_recording(
    recording: Recording, alarm: str, definitions: Definitions, manner: Manner
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
    drawn = []
    for name in names:
        judged = found.judged[name]
        first = max(0, (judged.since - (judged.grid.start or 0)) // judged.grid.step)
        drawn.append(picture(judged.replay, name, judged.grid, first))
    return drawn
