"""How the tables of alarms can be wrong: thresholds, objectives, probes, whom they reach, costs."""

import pytest

from runbook.model.loader import load_environment
from tests.model.spoiling import MISSING, Refuse, demand_told

SERVICE = "services.passport-api"
PAGER = "secrets.pager-address"

# (key to spoil, its value, key told, reason told, fix told)
SPOILED = [
    ("alarms.error_percent", 2, "alarms.error_percent", "2 breaks ROVN-ALM-1", "set at most 1"),
    ("alarms.error_percent", 0, "alarms.error_percent", "greater than or equal to 1", "write 1"),
    (
        "alarms.database_cpu_percent",
        90,
        "alarms.database_cpu_percent",
        "90 breaks ROVN-ALM-2",
        "set at most 85",
    ),
    (
        "alarms.database_connections_percent",
        85,
        "alarms.database_connections_percent",
        "85 breaks ROVN-ALM-3",
        "set at most 80",
    ),
    ("alarms.certificate_days", 7, "alarms.certificate_days", "or equal to 14", "write 14"),
    ("alarms.certificate_days", 60, "alarms.certificate_days", "or equal to 45", "write 45"),
    ("alarms.errors", 1, "alarms.errors", "this key is unknown", "known keys: certificate_days"),
    ("alarms", MISSING, "alarms", "this key is missing", "add alarms to the file"),
    ("costs.monthly_usd", 0, "costs.monthly_usd", "greater than or equal to 1", "write 1"),
    ("costs", MISSING, "costs", "this key is missing", "add costs to the file"),
    (
        f"{SERVICE}.objectives.availability_percent",
        100.0,
        f"{SERVICE}.objectives.availability_percent",
        "less than 100",
        "describes each key",
    ),
    (
        f"{SERVICE}.objectives.availability_percent",
        89.0,
        f"{SERVICE}.objectives.availability_percent",
        "greater than or equal to 90",
        "write 90",
    ),
    (
        f"{SERVICE}.objectives.window_days",
        120,
        f"{SERVICE}.objectives.window_days",
        "less than or equal to 90",
        "write 90",
    ),
    (
        f"{SERVICE}.objectives.p95_latency_ms",
        5,
        f"{SERVICE}.objectives.p95_latency_ms",
        "greater than or equal to 10",
        "write 10",
    ),
    (f"{SERVICE}.objectives", MISSING, f"{SERVICE}.objectives", "this key is missing", "add "),
    (
        f"{SERVICE}.probes.canary_region",
        "eu-west-1",
        f"{SERVICE}.probes.canary_region",
        "eu-west-1 breaks ROVN-HLT-3",
        "set exactly us-east-2",
    ),
    (
        f"{SERVICE}.probes.slow_ms",
        50,
        f"{SERVICE}.probes.slow_ms",
        "greater than or equal to 100",
        "write 100",
    ),
    (f"{SERVICE}.probes", MISSING, f"{SERVICE}.probes", "this key is missing", "add "),
    (
        "alerting.time_zone",
        "America/Boston",
        "alerting.time_zone",
        "no time zone of the IANA database",
        "America/New_York",
    ),
    (
        "alerting.business_hours",
        "9-17",
        "alerting.business_hours",
        "'9-17' are no hours of one day",
        'write them as "09:00-17:00"',
    ),
    (
        "alerting.business_hours",
        "17:00-09:00",
        "alerting.business_hours",
        "'17:00-09:00' are no hours of one day",
        'write them as "09:00-17:00"',
    ),
    (
        "alerting.business_hours",
        "09:00-25:00",
        "alerting.business_hours",
        "are no hours of one day",
        'write them as "09:00-17:00"',
    ),
    (
        "alerting.business_days",
        ["mon", "tue", "mon"],
        "alerting.business_days",
        "mon stands twice",
        "name each day once",
    ),
    ("alerting.business_days", [], "alerting.business_days", "at least 1", "describes each key"),
    (
        "alerting.business_days",
        ["monday"],
        "alerting.business_days[0]",
        '"monday" is not a choice',
        "choose among 'mon', 'tue'",
    ),
    (
        "alerting.pager_secret",
        "pager",
        "alerting.pager_secret",
        "'pager' is not in [secrets]",
        "add [secrets.pager] with mechanism = 'operator_supplied'",
    ),
    (
        "alerting.pager_secret",
        "admin-token",
        "alerting.pager_secret",
        "admin-token is made by a machine, or read by a task",
        "write mechanism = 'operator_supplied' and consumers = []",
    ),
    (
        "alerting.pager_secret",
        "stripe-api-key",
        "alerting.pager_secret",
        "stripe-api-key is made by a machine, or read by a task",
        "write mechanism = 'operator_supplied' and consumers = []",
    ),
    ("alerting.pager_generation", 0, "alerting.pager_generation", "or equal to 1", "write 1"),
    (
        "alerting.slack_workspace",
        "rovn",
        "alerting.slack_workspace",
        "should match pattern",
        "describes each key",
    ),
    (
        "alerting.alarm_channel",
        "#alarms",
        "alerting.alarm_channel",
        "should match pattern",
        "describes each key",
    ),
    (
        "alerting.security_channel",
        "T0EXAMPLE1",
        "alerting.security_channel",
        "should match pattern",
        "describes each key",
    ),
    ("alerting", MISSING, "alerting", "this key is missing", "add alerting to the file"),
]


@pytest.mark.parametrize(("path", "value", "key", "reason", "fix"), SPOILED)
def test_one_spoiled_key_is_refused(
    refuse: Refuse, path: str, value: object, key: str, reason: str, fix: str
) -> None:
    demand_told(refuse(path, value), key, reason, fix)


@pytest.mark.clause("ROVN-ALM-1")
@pytest.mark.clause("ROVN-ALM-2")
@pytest.mark.clause("ROVN-ALM-3")
def test_a_file_may_be_stricter_than_its_clauses(refuse: Refuse) -> None:
    """And says so of one key alone: the other spoiled one is what is told."""
    message = refuse("alarms", {**_ALARMS, "database_cpu_percent": 70, "error_percent": 3})
    assert "database_cpu_percent" not in message
    assert "3 breaks ROVN-ALM-1" in message


_ALARMS = {
    "error_percent": 1,
    "database_cpu_percent": 85,
    "database_connections_percent": 80,
    "certificate_days": 30,
}


def test_what_an_objective_leaves_is_a_number_that_people_write() -> None:
    """99.95 % leave 0.05 %, not what floating point makes of it."""
    objectives = load_environment("rovn/production").services["passport-api"].objectives
    for percent, budget in ((99.9, 0.1), (99.95, 0.05), (99.99, 0.01), (90.0, 10.0)):
        said = objectives.model_copy(update={"availability_percent": percent})
        assert said.budget_percent == budget


def test_business_hours_are_whole_hours_of_their_zone() -> None:
    alerting = load_environment("rovn/production").alerting
    assert (alerting.opens, alerting.closes) == (9, 17)
    assert alerting.zone.key == "America/New_York"
    midnight = alerting.model_copy(update={"business_hours": "00:00-24:00"})
    assert (midnight.opens, midnight.closes) == (0, 24)
