"""alarms-in-catalogue (ALL-7)."""

import pytest

from policies.lookups.catalogue import ALARM, COMPOSITE
from policies.rules.alarms_in_catalogue import RULE
from tests.policies.rules.harness import OPEN, Real, template, verdicts
from tests.policies.rules.spoiling import add, faults, setting

CPU = "CatalogueRdsCpuAlarm"


def test_every_alarm_of_the_templates_is_one_of_the_catalogue(real: Real) -> None:
    statuses = real.statuses(RULE)
    assert CPU in statuses
    assert set(statuses.values()) == {"pass"}


@pytest.mark.clause("ALL-7")
@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        (
            ALARM,
            "rovn-production-mine",
            "the catalogue has no alarm called rovn-production-mine in us-east-2",
        ),
        (
            COMPOSITE,
            "rovn-production-mine",
            "the catalogue has no composite alarm called rovn-production-mine in us-east-2",
        ),
        # Its name, but not what it is.
        (
            COMPOSITE,
            "rovn-production-rds-cpu",
            "the catalogue has no composite alarm called rovn-production-rds-cpu in us-east-2",
        ),
        # A budget is no alarm of CloudWatch.
        (
            ALARM,
            "rovn-production-budget-exceeded",
            "the catalogue has no alarm called rovn-production-budget-exceeded in us-east-2",
        ),
    ],
)
def test_an_alarm_beside_the_catalogue_fails(
    production: Real, kind: str, name: str, message: str
) -> None:
    assert faults(production, RULE, "data", add("Mine", kind, AlarmName=name)) == {"Mine": message}


def test_an_alarm_without_a_name_fails(production: Real) -> None:
    told = faults(production, RULE, "data", add("Mine", ALARM, MetricName="x"))
    assert told == {"Mine": "the catalogue has no alarm called nothing in us-east-2"}


def test_an_alarm_of_another_region_is_another(production: Real) -> None:
    name = "rovn-production-rds-cpu"
    alarm = {"Mine": {"Type": ALARM, "Properties": {"AlarmName": name}}}
    told = verdicts(RULE, template("edge", alarm, region="us-east-1"))
    assert told["Mine"] == f"the catalogue has no alarm called {name} in us-east-1"
    assert verdicts(RULE, template("data", alarm))["Mine"] == "pass"
    probe = "rovn-production-health-check-failed-passport-api"
    alarm = {"Mine": {"Type": ALARM, "Properties": {"AlarmName": probe}}}
    assert verdicts(RULE, template("probe", alarm, region="us-east-1"))["Mine"] == "pass"
    assert verdicts(RULE, template("data", alarm))["Mine"] != "pass"


def test_an_open_name_fails(production: Real) -> None:
    told = faults(production, RULE, "alarms", setting(ALARM, CPU, "AlarmName", OPEN))
    assert "${SomeParameter} is open" in told[CPU]


def test_templates_without_alarms_have_nothing_to_judge() -> None:
    topic = {"Thing": {"Type": "AWS::SNS::Topic", "Properties": {}}}
    assert (
        verdicts(RULE, template("data", topic)).get("Thing", "not_applicable") == "not_applicable"
    )


def test_only_this_rule_sees_one_alarm_more(real: Real) -> None:
    spoil = add("Mine", ALARM, AlarmName=f"{real.name.replace('/', '-')}-mine")
    assert (RULE.id, "Mine") in real.caught("alarms", spoil)
