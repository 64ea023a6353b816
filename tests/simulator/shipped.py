"""The shipped alarm tests, run against a synthesized assembly once a session."""

from functools import cache
from pathlib import Path

from runbook.alarms.finding import every_alarm
from runbook.model.environment import Environment
from runbook.model.loader import load_environment
from simulator.templates.environments import definitions_of
from simulator.testing.completeness import shipped
from simulator.testing.moved_tests import moved
from simulator.testing.running import Source, run
from simulator.testing.test_file import AlarmTests, load
from simulator.testing.verdict import Played


@cache
def source(assembly: Path, environment: str) -> Source:
    """Read the alarms of an environment."""
    return Source(definitions_of(environment, assembly), environment)


def files(environment: Environment) -> tuple[Path, ...]:
    """List the files that hold for an environment, but those of alarms that it does not have."""
    ids = {alarm.id for alarm in every_alarm(environment)}
    return tuple(path for path in shipped(environment) if path.name.partition(".")[0] in ids)


def read(path: Path, environment: str) -> AlarmTests:
    """Read a shipped file as one of this environment."""
    return moved(load(path), environment)


@cache
def played(assembly: Path, environment: str) -> tuple[Played, ...]:
    """Run every shipped file that holds for an environment."""
    paths = files(load_environment(environment))
    return tuple(
        each
        for path in paths
        for each in run(read(path, environment), source(assembly, environment))
    )
