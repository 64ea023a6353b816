"""What rings in an environment that is new: before anything was said, and when all begins well."""

import numpy as np
import pytest

from runbook.alarms.alarm import BudgetAlarm, CompositeAlarm, MetricAlarm
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.severities import level
from runbook.model.environment import Environment
from runbook.model.loader import known_environments, load_environment
from simulator.cloudwatch import definitions as simulated
from simulator.cloudwatch.definitions import Definitions, MetricQuery, State
from simulator.cloudwatch.judgement import STATES
from simulator.cloudwatch.replay import Replay, replay
from simulator.cloudwatch.series import MINUTE, Feed, Grid, Samples
from tests.assembly import Assembly
from tests.simulator.noticing import EXTRAS
from tests.simulator.shipped import source

# Monday, 2 March 2026, 08:00 UTC: where a mute rule is told, the hour matters to no state.
START, BEGINS, STEPS = 1_772_438_400, 10, 4 * 60
# By metric, or by metric and statistic; what is counted only where it happens has no datapoint.
WELL = {
    "RequestCount": 1000.0,
    "HealthyHostCount": 3.0,
    "UnHealthyHostCount": 0.0,
    "TargetResponseTime": 0.2,
    "DesiredTaskCount": 3.0,
    "RunningTaskCount": 3.0,
    "DeploymentCount": 1.0,
    "SuccessPercent": 100.0,
    "SuccessPercent SampleCount": 1.0,
    "HealthCheckStatus": 1.0,
    "CPUUtilization": 20.0,
    "DatabaseConnections": 30.0,
    "FreeStorageSpace": 15e9,
    "UnlistedReaders": 0.0,
    "DaysToExpiry": 300.0,
}


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.parametrize("name", known_environments())
@pytest.mark.parametrize("extra", EXTRAS)
def test_silence_from_the_first_minute_wakes_by_one_alarm_alone(
    assembly: Assembly, name: str, extra: int
) -> None:
    environment = load_environment(name)
    definitions = source(assembly.directory, name).definitions
    run = _run(environment, definitions, {}, extra)
    rung = _rung(environment, run, 0)
    # Its function looks whenever a role is made, and that is before the alarm is.
    assert rung & _waking(environment) == {"secret-access-drift"}
    assert rung == {
        "secret-access-drift",
        "api-no-traffic",
        "backup-failed",
        "rds-cpu",
        "secret-overdue",
        "secret-due-soon",
    }


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.parametrize("name", known_environments())
@pytest.mark.parametrize("extra", EXTRAS)
def test_first_good_datapoints_wake_nobody(assembly: Assembly, name: str, extra: int) -> None:
    environment = load_environment(name)
    definitions = source(assembly.directory, name).definitions
    run = _run(environment, definitions, _well(definitions), extra)
    rung = _rung(environment, run, BEGINS)
    assert rung & _waking(environment) == set()
    # In these four hours nobody has said that a backup was made, or how old a secret is.
    assert rung == {"backup-failed", "secret-overdue", "secret-due-soon"}


def _alarms(environment: Environment) -> list[MetricAlarm | CompositeAlarm]:
    return [alarm for alarm in alarms_of(environment) if not isinstance(alarm, BudgetAlarm)]


def _run(environment: Environment, definitions: Definitions, feed: Feed, extra: int) -> Replay:
    names = [alarm.name(environment.slug) for alarm in _alarms(environment)]
    return replay(definitions, names, feed, Grid(STEPS, start=START), extra)


def _well(definitions: Definitions) -> Feed:
    queries = [
        query
        for alarm in definitions.alarms.values()
        if isinstance(alarm, simulated.MetricAlarm)
        for query in alarm.queries
        if isinstance(query, MetricQuery)
    ]
    found = {}
    for query in queries:
        name = query.metric.name
        value = WELL.get(f"{name} {query.stat}", WELL.get(name))
        if value is not None:
            values = np.full(STEPS, value)
            values[:BEGINS] = np.nan
            found[query.metric, query.stat] = Samples(MINUTE, values)
    assert {query.metric.name for query in queries} >= {name.partition(" ")[0] for name in WELL}
    return found


def _rung(environment: Environment, run: Replay, since: int) -> set[str]:
    """Give the ids of alarms that ring at any step from ``since`` on; parts tell nobody."""
    ringing = STATES.index(State.ALARM)
    return {
        alarm.id
        for alarm in _alarms(environment)
        if (run.states[alarm.name(environment.slug)][since:] == ringing).any()
    }


def _waking(environment: Environment) -> set[str]:
    return {
        alarm.id
        for alarm in _alarms(environment)
        if level(environment.organisation, alarm.severity).hours != "business"
    }
