"""What the shipped alarm tests say, counted by alarm."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from evidence.collected import alarm_tests
from evidence.collected.alarm_tests import alarms_tested, counted
from evidence.model import AlarmTested
from runbook.alarms.finding import every_alarm
from runbook.model.loader import known_environments, load_environment
from runbook.model.refusal import Refusal, RefusedError
from simulator.cloudwatch.definitions import State
from simulator.testing.sources import Sources
from simulator.testing.test_run import Shipped, UnusableError
from simulator.testing.verdict import Played
from tests.assembly import Assembly
from tests.simulator.shipped import played

PRODUCTION = load_environment("rovn/production")
CPU = "rds-cpu"
Spoil = Callable[[Played], Sequence[Played]]


def of_alarm(entries: Sequence[AlarmTested], name: str = CPU) -> AlarmTested:
    (found,) = (entry for entry in entries if entry.alarm == name)
    return found


def spoilt(assembly: Assembly, spoil: Spoil, name: str = CPU) -> AlarmTested:
    """Count again, with another outcome of the tests of one alarm, by key or id."""
    results = [
        result
        for each in played(assembly.directory, PRODUCTION.name)
        for result in (spoil(each) if name in each.alarm.keys else [each])
    ]
    return of_alarm(counted(PRODUCTION, tuple(results)), name.partition("/")[0])


@pytest.mark.clause("ALL-4")
@pytest.mark.parametrize("name", known_environments())
def test_every_alarm_is_there_with_what_its_tests_show(assembly: Assembly, name: str) -> None:
    environment = load_environment(name)
    entries = alarms_tested(environment, assembly.directory)
    alarms = {alarm.id: alarm for alarm in every_alarm(environment)}
    assert [entry.alarm for entry in entries] == list(alarms)
    assert {entry.alarm: entry.clauses for entry in entries} == {
        id_: alarm.clauses for id_, alarm in alarms.items()
    }
    assert sum(entry.tests for entry in entries) == len(played(assembly.directory, name))
    for entry in entries:
        if alarms[entry.alarm].kind == "budget":
            assert (entry.tests, entry.fires, entry.stays_quiet) == (0, 0, 0)
        else:
            assert min(entry.fires, entry.stays_quiet) > 0
            assert entry.fires + entry.stays_quiet <= entry.tests
        assert entry.failed == 0


def test_a_test_that_fires_an_alarm_is_told_from_one_that_does_not(assembly: Assembly) -> None:
    whole = spoilt(assembly, lambda each: [each])
    quiet_alone = spoilt(assembly, lambda each: [] if _fires(each) else [each])
    assert whole.fires > 0
    assert quiet_alone == replace(whole, tests=whole.tests - whole.fires, fires=0)


@pytest.mark.parametrize("change", [{"passed": False}, {"hangs_on": (3,)}])
def test_a_test_that_fails_or_hangs_on_extra_datapoints_shows_nothing(
    assembly: Assembly, change: dict[str, object]
) -> None:
    def spoil(each: Played) -> list[Played]:
        verdicts = tuple(replace(verdict, **change) for verdict in each.verdicts)  # type: ignore[arg-type]
        return [replace(each, verdicts=verdicts)]

    entry = spoilt(assembly, spoil)
    assert entry.failed == entry.tests > 0
    assert (entry.fires, entry.stays_quiet) == (0, 0)


def test_nothing_is_shown_of_an_alarm_while_one_of_its_subjects_is_without(
    assembly: Assembly,
) -> None:
    whole = spoilt(assembly, lambda each: [each], "secret-overdue")
    entry = spoilt(
        assembly, lambda each: [] if _fires(each) else [each], "secret-overdue/jwt-signing-keys"
    )
    assert entry.fires == 0
    assert entry.stays_quiet == whole.stays_quiet
    assert 0 < whole.tests - entry.tests < whole.fires


def test_an_assembly_that_is_not_there_is_refused_once(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="there is no assembly yet") as refused:
        alarms_tested(PRODUCTION, tmp_path / "nowhere")
    assert len(refused.value.refusals) == 1
    assert refused.value.refusals[0].fix == "make synth"


def test_each_file_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refused = [
        RefusedError("a.yaml", [Refusal("line 7", "a text is expected here", "write one")]),
        RefusedError("b.yaml", [Refusal("line 9", "it is missing", "write `alarm:`")]),
    ]

    def unusable(_: Sources) -> Shipped:
        raise UnusableError(refused)

    monkeypatch.setattr(alarm_tests, "run_shipped", unusable)
    with pytest.raises(RefusedError) as told:
        alarms_tested(PRODUCTION, tmp_path)
    assert [(each.key, each.reason) for each in told.value.refusals] == [
        ("a.yaml: line 7", "a text is expected here"),
        ("b.yaml: line 9", "it is missing"),
    ]


def _fires(each: Played) -> bool:
    return any(verdict.expectation.state is State.ALARM for verdict in each.verdicts)
