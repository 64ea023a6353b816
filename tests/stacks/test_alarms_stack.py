"""Where the catalogue's alarms stand, and what waits for what."""

import json
from typing import Any

import pytest

from runbook.alarms.alarm import BudgetAlarm, CompositeAlarm, Stands
from runbook.alarms.catalogue import alarms_of, metric_alarms_of
from runbook.model.environment import Environment
from tests.assembly import Assembly

ALARM, COMPOSITE = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"
PARTS = {
    Stands.ALARMS: "alarms",
    Stands.PLATFORM: "platform",
    Stands.SERVICE: "passport-api",
    Stands.PROBE: "probes",
}


def alarms(assembly: Assembly, stack: str) -> dict[str, dict[str, Any]]:
    resources = assembly.template(stack)["Resources"].values()
    found = [r["Properties"] for r in resources if r["Type"] in (ALARM, COMPOSITE)]
    return {properties["AlarmName"]: properties for properties in found}


@pytest.mark.clause("ALL-7")
@pytest.mark.parametrize("where", PARTS)
def test_each_alarm_stands_where_the_catalogue_says_and_tells_its_region(
    assembly: Assembly, environment: Environment, where: Stands
) -> None:
    stack = f"{environment.slug}-{PARTS[where]}"
    region = assembly.environments[stack].rpartition("/")[2]
    wanted: set[str] = set()
    told: dict[str, list[str]] = {}
    for alarm in alarms_of(environment):
        if alarm.stands is where and not isinstance(alarm, BudgetAlarm):
            parts = alarm.every if isinstance(alarm, CompositeAlarm) else ()
            wanted |= {each.name(environment.slug) for each in (alarm, *parts)}
            told |= {part.name(environment.slug): [] for part in parts}
            place = f"arn:aws:sns:{region}:{environment.account}"
            told[alarm.name(environment.slug)] = [f"{place}:{environment.slug}-{alarm.severity}"]
    found = alarms(assembly, stack)
    assert set(found) == wanted
    assert {name: alarm["AlarmActions"] for name, alarm in found.items()} == told
    assert {name: alarm["OKActions"] for name, alarm in found.items()} == told


def test_a_description_says_what_is_wrong_and_what_to_type(
    assembly: Assembly, environment: Environment
) -> None:
    found = alarms(assembly, f"{environment.slug}-alarms")[f"{environment.slug}-rds-cpu"]
    assert found["AlarmDescription"] == (
        "The database computes at its limit, and everything that asks it waits. sev-2 in "
        f"{environment.name} (D5: RDS CPU > 85 % sustained; sustained is 15 minutes, our own "
        f"reading). Read: runbook playbook {environment.name} rds-cpu"
    )
    every = [
        a
        for part in PARTS.values()
        for a in alarms(assembly, f"{environment.slug}-{part}").values()
    ]
    # CloudWatch takes 1,024 characters.
    assert max(len(alarm["AlarmDescription"]) for alarm in every) <= 1024


def test_the_last_stack_waits_for_services_and_no_service_for_it(
    assembly: Assembly, environment: Environment
) -> None:
    last = f"{environment.slug}-alarms"
    service = json.dumps(assembly.template(f"{environment.slug}-passport-api"))
    assert f"{last}:" not in service
    manifests = [
        json.loads(path.read_text("utf-8"))["artifacts"]
        for path in assembly.directory.rglob("manifest.json")
    ]
    stacks = {
        artifact["properties"].get("stackName"): artifact
        for artifacts in manifests
        for artifact in artifacts.values()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    of_ids = {
        id_: artifact["properties"].get("stackName")
        for artifacts in manifests
        for id_, artifact in artifacts.items()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    waits = {of_ids.get(id_) for id_ in stacks[last]["dependencies"]}
    for part in ("alerts", "passport-api", "secret-readers", "secret-watch"):
        assert f"{environment.slug}-{part}" in waits


@pytest.mark.clause("ALL-7")
def test_a_rule_whose_sendings_are_counted_sends_each_event_once(
    assembly: Assembly, environment: Environment
) -> None:
    counted = {
        metric.dimensions["RuleName"]
        for alarm in metric_alarms_of(environment)
        for metric in alarm.metrics
        if metric.name == "Invocations"
    }
    targets = {
        resource["Properties"].get("Name"): len(resource["Properties"]["Targets"])
        for stack in (f"{environment.slug}-event-watch", f"{environment.slug}-records")
        for resource in assembly.of_type(stack, "AWS::Events::Rule").values()
    }
    assert counted
    assert {rule: targets[rule] for rule in counted} == dict.fromkeys(counted, 1)
