"""The synthesized alarms of every environment are the catalogue's, or the assembly is refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runbook.alarms import alarm as catalogue
from runbook.alarms.alarm import BudgetAlarm
from runbook.alarms.finding import every_alarm
from runbook.model.loader import load_environment
from runbook.model.refusal import RefusedError
from simulator.cloudwatch.definitions import CompositeAlarm, MetricAlarm, MetricQuery
from simulator.templates.environments import definitions_of
from simulator.templates.lookup import find
from tests.assembly import Assembly

Change = Callable[[dict[str, Any]], None]
ENVIRONMENTS = pytest.mark.parametrize("name", ["rovn/production", "rovn/staging"])


@ENVIRONMENTS
def test_every_alarm_of_the_catalogue_is_read_as_it_is(name: str, assembly: Assembly) -> None:
    environment = load_environment(name)
    found = definitions_of(name, assembly.directory)
    wanted = {
        alarm.name(environment.slug): alarm
        for alarm in every_alarm(environment)
        if not isinstance(alarm, BudgetAlarm)
    }
    assert found.alarms.keys() == wanted.keys()
    assert found.unreadable == ()
    for alarm_name, alarm in wanted.items():
        read = found.alarms[alarm_name]
        assert read.keys[:2] == tuple(dict.fromkeys((alarm.key, alarm.id, alarm_name)))[:2]
        assert find(found, alarm.key) == find(found, alarm_name) == (read,)
        if isinstance(alarm, catalogue.CompositeAlarm):
            assert isinstance(read, CompositeAlarm)
            assert read.rule == alarm.rule(environment.slug)
        else:
            assert isinstance(read, MetricAlarm)
            assert (read.threshold, read.period) == (alarm.threshold, alarm.period)
            series = [query for query in read.queries if isinstance(query, MetricQuery)]
            assert [query.id for query in series] == [metric.id for metric in alarm.metrics]


def test_an_id_that_several_have_means_each_of_them(assembly: Assembly) -> None:
    found = definitions_of("rovn/production", assembly.directory)
    ages = find(found, "secret-overdue")
    assert len(ages) > 1
    assert {alarm.keys[1] for alarm in ages} == {"secret-overdue"}


def test_an_alarm_that_there_is_not_is_told_with_the_nearest_as_people_call_them(
    assembly: Assembly,
) -> None:
    """CloudFormation's logical ids stand behind the catalogue's names, and never alone."""
    found = definitions_of("rovn/production", assembly.directory)
    where = f"in {assembly.directory} (rovn/production)"
    told = {}
    for asked in ("rds-cpus", "RDS-cpus", "rovn-production-rds-cpus", "Rds-Cpu", "?"):
        try:
            told[asked] = find(found, asked)[0].keys[0]
        except RefusedError as refused:
            (refusal,) = refused.refusals
            assert refusal.reason == f"there is no alarm {asked!r} {where}"
            told[asked] = refusal.fix
    assert told["Rds-Cpu"] == "rds-cpu"
    assert told["rds-cpus"] == told["RDS-cpus"]
    assert told["rds-cpus"].startswith("nearest: rds-cpu")
    assert told["rovn-production-rds-cpus"].startswith("nearest: rovn-production-rds-cpu, ")
    keys = sorted(alarm.keys[0] for alarm in found.alarms.values())
    listed = told["?"].removeprefix("known: ").split(", ")
    assert listed == [*keys[:10], f"and {len(keys) - 10} more"]
    logical = found.alarms["rovn-production-rds-cpu"].keys[-1]
    with pytest.raises(RefusedError, match=f"nearest: {logical}"):
        find(found, f"{logical}s")


@ENVIRONMENTS
def test_series_that_the_template_tells_apart_are_never_one(name: str, assembly: Assembly) -> None:
    for alarm in definitions_of(name, assembly.directory).alarms.values():
        if isinstance(alarm, MetricAlarm):
            series = [query for query in alarm.queries if isinstance(query, MetricQuery)]
            assert len({(query.metric, query.stat) for query in series}) == len(series), alarm.name


def test_an_assembly_that_is_not_there_says_make_synth(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as told:
        definitions_of("rovn/production", tmp_path / "cdk.out")
    assert told.value.refusals[0].reason == "there is no assembly yet"
    assert told.value.refusals[0].fix == "make synth"


def _threshold(resource: dict[str, Any]) -> None:
    resource["Properties"]["Threshold"] = 2


def _series(resource: dict[str, Any]) -> None:
    metrics = resource["Properties"]["Metrics"]
    blue, green = (next(each for each in metrics if each["Id"] == id_) for id_ in ("blue", "green"))
    green["MetricStat"]["Metric"]["Dimensions"] = blue["MetricStat"]["Metric"]["Dimensions"]


def _expression(resource: dict[str, Any]) -> None:
    resource["Properties"]["Metrics"][-1]["Expression"] += " + 0"


def _topic(resource: dict[str, Any]) -> None:
    resource["Properties"]["AlarmActions"] = []


def _renamed(resource: dict[str, Any]) -> None:
    resource["Properties"]["AlarmName"] += "-old"


def _unit(resource: dict[str, Any]) -> None:
    resource["Properties"]["Unit"] = "Count"


def _missing(resource: dict[str, Any]) -> None:
    resource["Properties"]["TreatMissingData"] = "breaching"


NAME = "rovn-production-api-5xx-rate-passport-api"
CHANGES: list[tuple[Change, str]] = [
    (_threshold, f"{NAME}: the threshold is 2.0, and 1.0 in the catalogue"),
    (_series, f"{NAME}: green is Sum of AWS/ApplicationELB HTTPCode_Target_5XX_Count"),
    (_expression, f"{NAME}: result is IF(FILL(balancer, 0)"),
    (_topic, f"{NAME}: actions is (True, "),
    (_renamed, f"{NAME} is not in it; and 1 more"),
    (_unit, f"{NAME} cannot be read: Properties.Unit: it leaves out datapoints"),
    (_missing, f"{NAME}: missing data is breaching, and notBreaching in the catalogue"),
]


@pytest.mark.parametrize(("change", "reason"), CHANGES)
def test_an_assembly_that_says_something_else_is_refused(
    change: Change, reason: str, assembly: Assembly, tmp_path: Path
) -> None:
    copy = _spoiled(assembly, tmp_path, "AWS::CloudWatch::Alarm", "AlarmName", NAME, change)
    with pytest.raises(RefusedError) as told:
        definitions_of("rovn/production", copy)
    (refusal,) = told.value.refusals
    older = "it is older than the definitions, or not made from them: "
    assert refusal.reason.startswith(f"{older}{reason}")
    assert refusal.fix == "make synth"
    assert len(definitions_of("rovn/staging", copy).alarms) > 1


def _hours(resource: dict[str, Any]) -> None:
    resource["Properties"]["Rule"]["Schedule"]["Duration"] = "PT14H"


def _rule(resource: dict[str, Any]) -> None:
    resource["Properties"]["AlarmRule"] = resource["Properties"]["AlarmRule"].replace("AND", "OR")


@pytest.mark.parametrize(
    ("kind", "key", "name", "change", "reason"),
    [
        (
            "AWS::CloudWatch::AlarmMuteRule",
            "Name",
            "rovn-production-muted-mon-tue-wed-thu-at-17-for-810m",
            _hours,
            "the mute rule rovn-production-muted-mon-tue-wed-thu-at-17-for-810m in us-east-",
        ),
        (
            "AWS::CloudWatch::CompositeAlarm",
            "AlarmName",
            "rovn-production-canary-failed-passport-api",
            _rule,
            "rovn-production-canary-failed-passport-api: the rule is ALARM(",
        ),
    ],
)
def test_composites_and_mute_rules_are_compared_too(
    kind: str, key: str, name: str, change: Change, reason: str, assembly: Assembly, tmp_path: Path
) -> None:
    copy = _spoiled(assembly, tmp_path, kind, key, name, change)
    with pytest.raises(RefusedError) as told:
        definitions_of("rovn/production", copy)
    assert reason in told.value.refusals[0].reason


def _spoiled(
    assembly: Assembly, folder: Path, kind: str, key: str, name: str, change: Change
) -> Path:
    """Copy manifests and templates, and change the resources of this name."""
    copy = folder / "cdk.out"
    shutil.copytree(assembly.directory, copy)
    changed = 0
    for path in copy.rglob("*.template.json"):
        body = json.loads(path.read_text("utf-8"))
        for resource in body["Resources"].values():
            if resource["Type"] == kind and resource["Properties"].get(key) == name:
                change(resource)
                changed += 1
        path.write_text(json.dumps(body), "utf-8")
    assert changed
    return copy
