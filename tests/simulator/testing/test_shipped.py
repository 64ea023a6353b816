"""The alarm tests that are shipped: each holds, each can fail, and no alarm is without."""

from dataclasses import replace
from pathlib import Path

import pytest

from runbook.alarms.alarm import CompositeAlarm
from runbook.alarms.finding import find
from runbook.model.loader import known_environments, load_environment
from simulator.cloudwatch.definitions import State
from simulator.testing.completeness import gaps, shipped
from simulator.testing.running import run
from simulator.testing.test_file import AlarmTests, load
from tests.assembly import Assembly
from tests.simulator.shipped import files, played, read, source

FILES = [
    pytest.param(name, path, id=f"{name}:{path.name}")
    for name in known_environments()
    for path in files(load_environment(name))
]
PRODUCTION = "rovn/production"
OTHERWISE = {State.OK: State.ALARM, State.ALARM: State.OK, State.INSUFFICIENT: State.ALARM}


@pytest.mark.clause("ALL-2")
@pytest.mark.parametrize(("name", "path"), FILES)
def test_holds_however_many_datapoints_are_fetched(
    assembly: Assembly, name: str, path: Path
) -> None:
    results = run(read(path, name), source(assembly.directory, name))
    assert results
    assert [
        f"{path.name}:{verdict.line}: {each.label}, {each.case.name}: {verdict.state} at step "
        f"{verdict.step}; hangs on {verdict.hangs_on} more datapoints"
        for each in results
        for verdict in each.verdicts
        if not verdict.holds(strict=True)
    ] == []


@pytest.mark.clause("ALL-2")
@pytest.mark.parametrize(("name", "path"), FILES)
def test_whatever_it_expects_could_have_failed(assembly: Assembly, name: str, path: Path) -> None:
    for each in run(_otherwise(read(path, name)), source(assembly.directory, name)):
        assert [v.line for v in each.verdicts if v.passed] == [], each.case.name


@pytest.mark.parametrize(("name", "path"), FILES)
def test_a_file_is_about_the_alarm_that_it_is_called_by(name: str, path: Path) -> None:
    environment = load_environment(name)
    found = find(environment, path.name.partition(".")[0])
    ids = {alarm.id for alarm in found}
    ids |= {p.id for alarm in found if isinstance(alarm, CompositeAlarm) for p in alarm.every}
    tests = load(path).tests
    assert tests.environment in known_environments()
    assert {alarm.id for case in tests.tests for alarm in find(environment, case.alarm)} <= ids


@pytest.mark.parametrize(("name", "path"), FILES)
def test_names_tell_the_tests_of_an_alarm_apart(name: str, path: Path) -> None:
    names = [(case.alarm, case.name) for case in load(path).tests.tests]
    assert all(said for _, said in names)
    assert len(set(names)) == len(names)


@pytest.mark.clause("ALL-2")
@pytest.mark.parametrize("name", known_environments())
def test_each_alarm_is_fired_by_one_test_and_left_quiet_by_another(
    assembly: Assembly, name: str
) -> None:
    assert gaps(load_environment(name), played(assembly.directory, name)) == ()


@pytest.mark.parametrize("id_", ["api-5xx-rate", "canary-failed", "api-colour-ill"])
def test_an_alarm_that_no_test_names_is_a_gap(assembly: Assembly, id_: str) -> None:
    environment = load_environment(PRODUCTION)
    results = played(assembly.directory, PRODUCTION)
    (alarm,) = find(environment, id_)
    others = [each for each in results if each.alarm.name != alarm.name(environment.slug)]
    assert {gap.alarm for gap in gaps(environment, others)} == {alarm.key}
    assert len(gaps(environment, others)) == 2


@pytest.mark.parametrize("fires", [True, False])
def test_an_alarm_with_one_kind_of_tests_is_a_gap(assembly: Assembly, fires: bool) -> None:
    environment = load_environment(PRODUCTION)
    name = f"{environment.slug}-api-5xx-rate-passport-api"
    some = [
        each
        for each in played(assembly.directory, PRODUCTION)
        if each.alarm.name != name
        or any(v.expectation.state is State.ALARM for v in each.verdicts) is fires
    ]
    (gap,) = gaps(environment, some)
    assert gap.alarm == "api-5xx-rate/passport-api"
    assert gap.lacks == f"no test in which it {'stays quiet' if fires else 'rings'}"


def test_a_test_that_fails_shows_nothing(assembly: Assembly) -> None:
    environment = load_environment(PRODUCTION)
    results = [
        replace(each, verdicts=tuple(replace(v, passed=False) for v in each.verdicts))
        for each in played(assembly.directory, PRODUCTION)
    ]
    assert len(gaps(environment, results)) == len(gaps(environment, ()))


def test_a_file_of_a_stage_stands_in_for_the_other(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yaml", "a.staging.yaml", "c.production.yaml"):
        (tmp_path / name).touch()
    names = {
        stage: [path.name for path in shipped(load_environment(f"rovn/{stage}"), tmp_path)]
        for stage in ("production", "staging")
    }
    assert names == {
        "production": ["a.yaml", "b.yaml", "c.production.yaml"],
        "staging": ["a.staging.yaml", "b.yaml"],
    }


def _otherwise(file: AlarmTests) -> AlarmTests:
    """Expect something else wherever the file expects something."""
    cases = tuple(
        case.model_copy(
            update={
                "expect": tuple(
                    each.model_copy(update={"state": OTHERWISE[each.state], "action": None})
                    for each in case.expect
                )
            }
        )
        for case in file.tests.tests
    )
    return replace(file, tests=file.tests.model_copy(update={"tests": cases}))
