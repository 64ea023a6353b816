"""deployment-alarms (ROVN-DEP-4)."""

import pytest

from policies.lookups.catalogue import ALARM
from policies.rules.deployment_alarms import RULE
from tests.policies.rules.harness import OPEN, Json, Real, resource, template, verdicts
from tests.policies.rules.spoiling import ABSENT, APP, SERVICE, Spoil, all_pass, faults, setting

NAME, ERRORS = "Service", "AlarmsApi5XxRatePassportApiAlarm"
LIST = "DeploymentConfiguration.Alarms"
RATE, HOSTS, SLOW = (
    f"rovn-production-{id_}-passport-api"
    for id_ in ("api-5xx-rate", "api-colour-ill", "api-p95-latency")
)


def alarms(path: str, value: object) -> Spoil:
    return setting(SERVICE, NAME, f"{LIST}.{path}", value)


def not_waiting(body: Json) -> None:
    service = resource(body, SERVICE, NAME)
    service["DependsOn"] = [one for one in service["DependsOn"] if not one.startswith(ERRORS)]


def test_each_service_ends_its_deployments_by_them(real: Real) -> None:
    assert all_pass(real, RULE, NAME)


@pytest.mark.clause("ROVN-DEP-4")
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (alarms("AlarmNames", [RATE, SLOW]), f"its deployments do not end when {HOSTS} rings"),
        (
            alarms("AlarmNames", [RATE, HOSTS, SLOW, "rovn-production-rds-cpu"]),
            "its deployments end when rovn-production-rds-cpu rings, which is not of passport-api",
        ),
        (alarms("Enable", "false"), "Enable is False: ECS does not look at them"),
        (alarms("Rollback", False), "Rollback is False: the new stay"),  # noqa: FBT003
        (alarms("Rollback", ABSENT), "Rollback is None: the new stay"),
        (
            setting(ALARM, ERRORS, "AlarmName", "another"),
            f"{RATE} does not stand in its stack",
        ),
        (
            not_waiting,
            f"it does not wait for {RATE}, and ECS refuses an alarm that is not there",
        ),
    ],
)
def test_a_deployment_that_does_not_end_fails(production: Real, spoil: Spoil, message: str) -> None:
    assert faults(production, RULE, APP, spoil) == {NAME: message}


@pytest.mark.clause("ROVN-DEP-4")
def test_without_any_it_says_each(production: Real) -> None:
    told = faults(production, RULE, APP, setting(SERVICE, NAME, LIST, ABSENT))[NAME]
    for name in (RATE, HOSTS, SLOW):
        assert f"its deployments do not end when {name} rings" in told
    assert "Enable is None" in told


@pytest.mark.parametrize("path", ["AlarmNames", "Enable", "Rollback"])
def test_an_open_value_fails(production: Real, path: str) -> None:
    value = [OPEN] if path == "AlarmNames" else OPEN
    told = faults(production, RULE, APP, alarms(path, value))
    assert "${SomeParameter} is open" in told[NAME]


def test_a_service_of_nobodys_file_is_not_looked_at() -> None:
    other = {"Other": {"Type": SERVICE, "Properties": {"ServiceName": "other"}}}
    assert verdicts(RULE, template("other", other))["Other"] == "not_applicable"


@pytest.mark.clause("ROVN-DEP-4")
@pytest.mark.parametrize(
    "spoil",
    [alarms("Rollback", False), alarms("AlarmNames", [RATE]), not_waiting],  # noqa: FBT003
)
def test_only_this_rule_sees_it(real: Real, spoil: Spoil) -> None:
    assert (RULE.id, NAME) in real.caught(APP, spoil)
