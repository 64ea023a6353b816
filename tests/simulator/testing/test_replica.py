"""The alarm on a read replica, which no shipped environment has: its shipped tests hold too."""

from dataclasses import replace

import pytest

from simulator.cloudwatch.definitions import Definitions, MetricAlarm
from simulator.testing.completeness import SHIPPED, gaps
from simulator.testing.mutants import mutants
from simulator.testing.running import Source, run
from simulator.testing.test_file import load
from simulator.testing.verdict import Played
from tests.alarms.conftest import named, with_database
from tests.simulator.catalogued import simulated
from tests.simulator.noticing import fails

KEY = "rds-replica-lag"
ENVIRONMENT = with_database(read_replica=True)


@pytest.fixture(scope="module")
def alarm() -> MetricAlarm:
    alarm = named(ENVIRONMENT, KEY)
    return replace(simulated(alarm), name=alarm.name(ENVIRONMENT.slug))


@pytest.fixture(scope="module")
def played(alarm: MetricAlarm) -> tuple[Played, ...]:
    file = load(SHIPPED / f"{KEY}.yaml")
    return run(file, Source(Definitions({alarm.name: alarm}), ENVIRONMENT.name))


@pytest.mark.clause("ROVN-ALM-5")
def test_each_test_holds_however_many_datapoints_are_fetched(played: tuple[Played, ...]) -> None:
    assert [each.case.name for each in played if not each.holds(strict=True)] == []
    assert len(played) > 4


def test_it_is_fired_by_one_and_left_quiet_by_another(played: tuple[Played, ...]) -> None:
    assert KEY not in {gap.alarm for gap in gaps(ENVIRONMENT, played)}
    assert KEY in {gap.alarm for gap in gaps(ENVIRONMENT, ())}


def test_no_change_of_it_goes_unnoticed(alarm: MetricAlarm, played: tuple[Played, ...]) -> None:
    assert [
        words
        for words, mutant in mutants(alarm)
        if not any(fails(each, Definitions({alarm.name: mutant})) for each in played)
    ] == []
