"""No change of an alarm goes unnoticed: some shipped test tells each mutant from the alarm.

Those that none could tell apart are in ``equivalent_mutants.toml``, with the reason.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from runbook.alarms.alarm import BudgetAlarm, Comparison, Missing
from runbook.alarms.catalogue import alarms_of, metric_alarms_of
from runbook.model.loader import load_environment
from runbook.model.refusal import RefusedError
from simulator.definitions import (
    Alarm,
    CompositeAlarm,
    Definitions,
    MathQuery,
    MetricAlarm,
    MetricIdentity,
    MetricQuery,
)
from simulator.judgement import EXTRA, STATES
from simulator.mutants import mutants, rule_mutants
from simulator.replay import replay
from simulator.verdict import Played
from tests.assembly import Assembly
from tests.simulator.shipped import played, source

TABLE = Path(__file__).parent / "equivalent_mutants.toml"
PRODUCTION = load_environment("rovn/production")
# A change is noticed where a test fails with any of these: it holds with all of them.
EXTRAS = (EXTRA, 0, 10)
ALARMS = {
    alarm.key: alarm.name(PRODUCTION.slug)
    for alarm in (*alarms_of(PRODUCTION), *metric_alarms_of(PRODUCTION))
    if not isinstance(alarm, BudgetAlarm)
}


@pytest.mark.clause("ALL-2")
@pytest.mark.parametrize("key", ALARMS)
def test_a_changed_alarm_fails_one_of_its_tests(assembly: Assembly, key: str) -> None:
    definitions = source(assembly.directory, PRODUCTION.name).definitions
    alarm = definitions.alarms[ALARMS[key]]
    tests = [
        each
        for each in played(assembly.directory, PRODUCTION.name)
        if alarm.name in each.replay.states
    ]
    # The nearest first: its own.
    tests.sort(key=lambda each: (each.alarm.name != alarm.name, each.replay.grid.steps))
    unnoticed = set()
    for words, mutant in _mutants(alarm):
        changed = replace(definitions, alarms={**definitions.alarms, alarm.name: mutant})
        if not any(_fails(each, changed) for each in tests):
            unnoticed.add(words)
    assert unnoticed == _equivalent().get(key, set())


def test_what_is_called_equivalent_is_there() -> None:
    text = TABLE.read_text("utf-8")
    ids = {key.partition("/")[0] for key in ALARMS}
    for entry in tomllib.loads(text)["equivalent"]:
        assert set(entry["alarms"]) <= ids
        assert entry["mutants"]


def _mutants(alarm: Alarm) -> Iterator[tuple[str, Alarm]]:
    yield from rule_mutants(alarm) if isinstance(alarm, CompositeAlarm) else mutants(alarm)


def _fails(test: Played, definitions: Definitions) -> bool:
    """Say whether a test fails on other alarms, fed with what it fed to the real ones."""
    return any(_fails_with(test, definitions, extra) for extra in EXTRAS)


def _fails_with(test: Played, definitions: Definitions, extra: int) -> bool:
    grid, name = test.replay.grid, test.alarm.name
    try:
        states = replay(definitions, [name], test.feed, grid, extra).states[name]
    except RefusedError:
        return True
    for expectation in (verdict.expectation for verdict in test.verdicts):
        since = expectation.at if expectation.since is None else expectation.since
        asked = states[since // grid.step : expectation.at // grid.step + 1]
        if (asked != STATES.index(expectation.state)).any():
            return True
    return False


@cache
def _equivalent() -> dict[str, set[str]]:
    """Read the table: by alarm, the mutants that no test could notice."""
    found: dict[str, set[str]] = {}
    for entry in tomllib.loads(TABLE.read_text("utf-8"))["equivalent"]:
        assert len(entry["reason"]) > 20
        for key in ALARMS:
            if key.partition("/")[0] in entry["alarms"]:
                assert not found.setdefault(key, set()) & set(entry["mutants"])
                found[key] |= set(entry["mutants"])
    return found
