"""No change of an alarm goes unnoticed: some shipped test tells each mutant from the alarm.

Those that none could tell apart are in ``equivalent_mutants.toml``, with the reason.
"""

import fnmatch
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from runbook.alarms.alarm import BudgetAlarm, Comparison, Missing
from runbook.alarms.catalogue import alarms_of, metric_alarms_of
from runbook.model.loader import load_environment
from simulator.cloudwatch.definitions import (
    Alarm,
    CompositeAlarm,
    MathQuery,
    MetricAlarm,
    MetricIdentity,
    MetricQuery,
)
from simulator.testing.mutants import mutants, rule_mutants
from tests.assembly import Assembly
from tests.simulator.noticing import fails
from tests.simulator.shipped import played, source

TABLE = Path(__file__).parent / "equivalent_mutants.toml"
PRODUCTION = load_environment("rovn/production")
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
    # The nearest first: its own, and the short ones of these.
    tests.sort(key=lambda each: (each.alarm.name != alarm.name, each.replay.grid.steps))
    tried, unnoticed = set(), set()
    for words, mutant in _mutants(alarm):
        assert words not in tried
        tried.add(words)
        changed = replace(definitions, alarms={**definitions.alarms, alarm.name: mutant})
        if not any(fails(each, changed) for each in tests):
            unnoticed.add(words)
    assert unnoticed == _equivalent(key, tried)


def test_the_table_of_equivalent_mutants_gives_reasons_for_alarms_that_are() -> None:
    ids = {key.partition("/")[0] for key in ALARMS}
    for entry in _table():
        assert set(entry) == {"alarms", "mutants", "reason"}
        assert set(entry["alarms"]) <= ids
        assert len(entry["reason"]) > 40


def _equivalent(key: str, tried: set[str]) -> set[str]:
    """List the mutants that the table excuses; each of its patterns has to mean one, once."""
    found: set[str] = set()
    for entry in _table():
        if key.partition("/")[0] in entry["alarms"]:
            for pattern in entry["mutants"]:
                meant = set(fnmatch.filter(tried, pattern))
                assert meant, f"{key} has no mutant {pattern!r}"
                assert not meant & found, f"{pattern!r} stands twice"
                found |= meant
    return found


def _mutants(alarm: Alarm) -> Iterator[tuple[str, Alarm]]:
    yield from rule_mutants(alarm) if isinstance(alarm, CompositeAlarm) else mutants(alarm)


@cache
def _table() -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = tomllib.loads(TABLE.read_text("utf-8"))["equivalent"]
    return entries


FILLED = MetricAlarm(
    name="some",
    place="template: Some",
    keys=("some",),
    queries=(
        MetricQuery("m", MetricIdentity("Some", "Thing"), "Sum", 300),
        MathQuery("e", "IF(FILL(m, 0) > 5, MAX([m * 0.5, FILL(m, 2)]), 0)"),
    ),
    returned="e",
    period=300,
    periods=3,
    breaching=2,
    comparison=Comparison.ABOVE,
    threshold=10.0,
    missing=Missing.WELL,
)


def test_mutants_change_one_thing_each() -> None:
    found = dict(mutants(FILLED))
    assert list(found) == [
        "threshold + 1 %",
        "threshold - 1 %",
        "threshold + 1",
        "threshold - 1",
        "comparison is >=",
        "comparison is <",
        "2 of 4 datapoints",
        "2 of 2 datapoints",
        "3 of 3 datapoints",
        "1 of 3 datapoints",
        "3 of 4 datapoints",
        "1 of 2 datapoints",
        "period is 600 s",
        "period is 120 s",
        "missing is breaching",
        "missing is ignore",
        "missing is missing",
        "m: never there",
        "m: stat is Average",
        "m: stat is Maximum",
        "m: stat is Minimum",
        "m: stat is SampleCount",
        "e: > -> >= (no. 1)",
        "e: FILL(m, 0) -> m (no. 1)",
        "e: FILL(m, 0) -> FILL(m, 1) (no. 1)",
        "e: 5 -> 6 (no. 1)",
        "e: 5 -> 4 (no. 1)",
        "e: MAX -> MIN (no. 1)",
        "e: * -> / (no. 1)",
        "e: 0.5 -> 0.505 (no. 1)",
        "e: 0.5 -> 0.495 (no. 1)",
        "e: FILL(m, 2) -> m (no. 1)",
        "e: FILL(m, 2) -> FILL(m, 3) (no. 1)",
        "e: 0 -> 1 (no. 1)",
        "e: no FILL at all",
    ]
    assert all(mutant != FILLED for mutant in found.values())
    assert len({repr(mutant) for mutant in found.values()}) == len(found)


def test_a_mutant_is_an_alarm_that_cloudwatch_takes() -> None:
    queries = (MetricQuery("m", MetricIdentity("Some", "Thing"), "Sum", 86_400),)
    longest = replace(FILLED, queries=queries, period=86_400, periods=7, breaching=7)
    found = dict(mutants(longest))
    assert {"6 of 7 datapoints", "6 of 6 datapoints", "period is 43200 s"} <= set(found)
    for mutant in found.values():
        assert 1 <= mutant.breaching <= mutant.periods
        assert mutant.period * mutant.periods <= 7 * 86_400
        assert all(q.period == mutant.period for q in mutant.queries if isinstance(q, MetricQuery))


def test_of_a_rule_each_part_and_the_operator_are_changed() -> None:
    rule = 'ALARM("a") AND OK("b")'
    alarm = CompositeAlarm("some", "template: Some", ("some",), rule)
    assert {words: mutant.rule for words, mutant in rule_mutants(alarm)} == {
        "rule: OR for AND": 'ALARM("a") OR OK("b")',
        'rule: without ALARM("a")': 'OK("b")',
        'rule: not ALARM("a")': 'NOT ALARM("a") AND OK("b")',
        'rule: without OK("b")': 'ALARM("a")',
        'rule: not OK("b")': 'ALARM("a") AND NOT OK("b")',
    }


def test_a_rule_of_another_shape_is_refused() -> None:
    alarm = CompositeAlarm("some", "template: Some", ("some",), 'NOT (ALARM("a") AND OK("b"))')
    with pytest.raises(ValueError, match="not states joined by AND or by OR"):
        list(rule_mutants(alarm))
