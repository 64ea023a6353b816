"""What a run of tests says: a line for each file that passes, all of each failure, the counts."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from policies.terminal import bold, plain, red, yellow
from runbook.alarms.alarm import MetricAlarm
from runbook.alarms.finding import find
from runbook.model.loader import load_environment
from runbook.model.refusal import RefusedError
from simulator.testing.completeness import Gap
from simulator.testing.drawing import Characters
from simulator.testing.failures import failure, note
from simulator.testing.verdict import LeftOut, Played, Verdict

SCHEMA = 1
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """All that was run: tests in the files' order, and by environment what no test shows."""

    played: tuple[Played, ...]
    gaps: tuple[tuple[str, Gap], ...] = ()
    strict: bool = False
    # Words of the command line that the next command needs, too.
    given: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def failed(self) -> bool:
        """Say whether anything is wrong."""
        return bool(self.gaps) or not all(each.holds(strict=self.strict) for each in self.played)


def lines(run: Run, characters: Characters) -> Iterator[str]:
    """Write a run for people."""
    by_file: dict[Path, list[Played]] = {}
    for played in run.played:
        by_file.setdefault(played.file.path, []).append(played)
    for path, of_file in by_file.items():
        yield from _of_file(path, of_file, run, characters)
    for each in run.left_out:
        why = f"{each.environment} has no alarm {plain(each.alarm)}"
        yield f"{yellow('left out')} {each.path}  {_many(each.tests, 'test')}: {why}"
    for environment, gap in run.gaps:
        yield f"{red('FAIL')} {gap.alarm} of {environment}: {gap.lacks}; {gap.fix}"
    yield _counts(run)
    if after := _next(run):
        yield f"Next: {after}"


def machine_readable(run: Run) -> Json:
    """Say a run for machines; times in seconds after minute 0."""
    verdicts = [verdict for played in run.played for verdict in played.verdicts]
    holds = sum(verdict.holds(strict=run.strict) for verdict in verdicts)
    return {
        "schema": SCHEMA,
        "summary": {
            "files": len({played.file.path for played in run.played}),
            "tests": len(run.played),
            "expectations": len(verdicts),
            "passed": holds,
            "failed": len(verdicts) - holds,
            "depends_on_extra_datapoints": sum(bool(verdict.hangs_on) for verdict in verdicts),
            "gaps": len(run.gaps),
            "left_out": sum(each.tests for each in run.left_out),
            "strict": run.strict,
        },
        "tests": [_test(played, strict=run.strict) for played in run.played],
        "gaps": [
            {"environment": environment, "alarm": gap.alarm, "lacks": gap.lacks, "fix": gap.fix}
            for environment, gap in run.gaps
        ],
        "left_out": [_left_out(each) for each in run.left_out],
    }


def _of_file(
    path: Path, of_file: Sequence[Played], run: Run, characters: Characters
) -> Iterator[str]:
    if all(played.holds(strict=run.strict) for played in of_file):
        expected = sum(len(played.verdicts) for played in of_file)
        yield f"pass {path}  {_many(len(of_file), 'test')}, {_many(expected, 'expectation')}"
    for played in of_file:
        for verdict in played.verdicts:
            if not verdict.passed:
                yield from failure(played, verdict, _unit(played), characters)
                yield ""
            elif verdict.hangs_on:
                yield note(played, verdict, strict=run.strict)


def _counts(run: Run) -> str:
    verdicts = [verdict for played in run.played for verdict in played.verdicts]
    failed = sum(not verdict.holds(strict=run.strict) for verdict in verdicts)
    hanging = sum(bool(verdict.hangs_on) for verdict in verdicts)
    files = len({played.file.path for played in run.played})
    told = [f"{_many(failed, 'expectation')} failed" if failed else "all expectations hold"]
    if hanging:
        depend = "depends" if hanging == 1 else "depend"
        told.append(f"{hanging} {depend} on how many extra datapoints CloudWatch fetches")
    told += [_many(len(run.gaps), "gap")] if run.gaps else []
    left_out = sum(each.tests for each in run.left_out)
    told += [f"{_many(left_out, 'test')} left out"] if left_out else []
    ran = f"{_many(files, 'file')}, {_many(len(run.played), 'test')}"
    return bold(f"{ran}, {_many(len(verdicts), 'expectation')}: {', '.join(told)}")


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _next(run: Run) -> str:
    """Name the command that tells more of the first failure; nothing where there is none."""
    failed = next((p for p in run.played if not p.holds(strict=run.strict)), None)
    if failed is not None and failed.environment is None:
        path, number = str(failed.file.path), str(failed.number + 1)
        words = ["plot", failed.label, path, "--test", number, *run.given]
        return plain(f"runbook alarms {shlex.join(words)}")
    if failed is not None:
        return plain(f"runbook alarms show {failed.environment} {failed.label}")
    if run.gaps:
        environment, gap = run.gaps[0]
        return f"runbook alarms show {environment} {gap.alarm}"
    return ""


def _unit(played: Played) -> str:
    return "" if played.environment is None else _unit_of(played.environment, played.label)


@cache
def _unit_of(environment: str, label: str) -> str:
    """Find what an alarm's threshold counts: the catalogue knows, and no template."""
    try:
        found = find(load_environment(environment), label)
    except RefusedError:
        return ""
    unit = found[0].unit if isinstance(found[0], MetricAlarm) else ""
    return f"({unit})" if unit[:1].isdigit() else unit


def _left_out(each: LeftOut) -> Json:
    file, environment = str(each.path), each.environment
    return {"file": file, "environment": environment, "alarm": each.alarm, "tests": each.tests}


def _test(played: Played, *, strict: bool) -> Json:
    step = played.replay.grid.step
    return {
        "file": str(played.file.path),
        "line": played.line,
        "test": played.case.name,
        "alarm": played.label,
        "name": played.alarm.name,
        "environment": played.environment,
        "holds": played.holds(strict=strict),
        "changes": [{"at": at * step, "state": state.value} for at, state in played.changes()],
        "expectations": [_expectation(each, step, strict=strict) for each in played.verdicts],
    }


def _expectation(verdict: Verdict, step: int, *, strict: bool) -> Json:
    wanted, event = verdict.expectation, verdict.event
    became = None if event is None else {"outcome": event.outcome, "at": event.step * step}
    return {
        "line": verdict.line,
        "from": wanted.since,
        "at": wanted.at,
        "state": wanted.state.value,
        "action": wanted.action,
        "holds": verdict.holds(strict=strict),
        "got": {"state": verdict.state.value, "at": verdict.step * step, "action": became},
        "otherwise_with_extra_datapoints": list(verdict.hangs_on),
    }
