"""Finds files of tests, reads and runs them; every file that cannot be used is told."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runbook.alarms.finding import every_alarm
from runbook.model.environment import Environment
from runbook.model.loader import load_environment
from runbook.model.refusal import WHOLE_FILE, Refusal, RefusedError
from simulator.testing.completeness import SHIPPED, Gap, gaps, shipped
from simulator.testing.moved_tests import moved
from simulator.testing.running import run
from simulator.testing.sources import Sources
from simulator.testing.test_file import AlarmTests, load
from simulator.testing.verdict import LeftOut, Played, left_out_of

_ENDINGS = (".yaml", ".yml")


class UnusableError(Exception):
    """Files that cannot be used; each has a refusal of its own."""

    def __init__(self, refused: Sequence[RefusedError]) -> None:
        self.refused = tuple(refused)
        super().__init__("\n\n".join(dict.fromkeys(str(each) for each in refused)))

    @property
    def answer(self) -> dict[str, object]:
        """Say it for machines, as of one input; each key is that of its file."""
        found = {
            Refusal(f"{each.source}: {refusal.key}", refusal.reason, refusal.fix): each.source
            for each in self.refused
            for refusal in each.refusals
        }
        return RefusedError(", ".join(dict.fromkeys(found.values())), list(found)).answer


def run_files(paths: Sequence[Path], sources: Sources) -> tuple[Played, ...]:
    """Run the tests of files, and of the YAML files below folders.

    Raises ``UnusableError`` with everything that cannot be used: then nothing counts.
    """
    troubles: list[RefusedError] = []
    played: list[Played] = []
    for file in _loaded(paths, troubles):
        try:
            played += run(sources.moved(file), sources.of(file))
        except RefusedError as refused:
            troubles.append(refused)
    if troubles:
        raise UnusableError(troubles)
    return tuple(played)


@dataclass(frozen=True, slots=True)
class Shipped:
    """What came of the shipped tests; ``gaps`` are what none shows, by environment."""

    played: tuple[Played, ...]
    gaps: tuple[tuple[str, Gap], ...]
    left_out: tuple[LeftOut, ...]


def run_shipped(sources: Sources, folder: Path | None = None) -> Shipped:
    """Run the shipped tests against ``sources.environment``, or against each that they name.

    A test of another environment is left out where this one does not have the alarm. Raises
    ``UnusableError`` as ``run_files`` does.
    """
    troubles: list[RefusedError] = []
    folder = folder or _as_seen_from_here(SHIPPED)
    files = list(_loaded([folder], troubles))
    named = dict.fromkeys(f.tests.environment for f in files if f.tests.environment)
    names = [sources.environment] if sources.environment else list(named)
    played: list[Played] = []
    found: list[tuple[str, Gap]] = []
    left_out: list[LeftOut] = []
    for name in names:
        environment = load_environment(name)
        of_one: list[Played] = []
        known = {name for alarm in every_alarm(environment) for name in (alarm.key, alarm.id)}
        wanted = set(shipped(environment, folder))
        for file in (each for each in files if each.path in wanted):
            try:
                source = sources.of_environment(name)
                ours = moved(file, name)
                without = _not_there(ours, environment, known)
                of_one += run(ours, source, without)
                left_out += left_out_of(ours, environment.name, without)
            except RefusedError as refused:
                troubles.append(refused)
        played += of_one
        found += [(name, gap) for gap in gaps(environment, of_one)]
    if troubles:
        raise UnusableError(troubles)
    return Shipped(tuple(played), tuple(found), tuple(left_out))


def _not_there(
    file: AlarmTests, environment: Environment, known: Collection[str]
) -> frozenset[int]:
    """Find the tests of alarms that are not ``known``, where the environment is not named."""
    if file.tests.environment == environment.name:
        return frozenset()
    return frozenset(n for n, case in enumerate(file.tests.tests) if case.alarm not in known)


def _as_seen_from_here(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _loaded(paths: Iterable[Path], troubles: list[RefusedError]) -> Iterator[AlarmTests]:
    for path in paths:
        try:
            for file in _files(path):
                try:
                    yield load(file)
                except RefusedError as refused:
                    troubles.append(refused)
        except RefusedError as refused:
            troubles.append(refused)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(p for p in path.rglob("*") if p.suffix in _ENDINGS and p.is_file())
    if not found:
        reason = "there is no file of tests in it: nothing would be tested"
        fix = f"name a folder with files that end in {' or '.join(_ENDINGS)}"
        raise RefusedError(str(path), [Refusal(WHOLE_FILE, reason, fix)])
    return found
