"""test-page-scheduled (ALL-7)."""

from datetime import timedelta

import pytest

from policies.lookups.secret_events import RULE_OF_EVENTS
from policies.rules.test_page_scheduled import FUNCTION, RULE
from runbook.alarms.local_time import year
from runbook.alarms.test_page import schedules
from runbook.model.alerting import DAYS, Alerting
from runbook.model.loader import load_environment
from tests.alarms.alerting import ODD_ZONES, alerting
from tests.policies.rules.harness import OPEN, Json, Real, plain_id, template, verdicts
from tests.policies.rules.spoiling import ABSENT, all_pass, faults, setting

PART, NAME = "paging", "TestPagePagingFunction"
RING, COUNT = "TestPageRing", "TestPageCount"
VARIABLES, MESSAGE = "Environment.Variables", "Targets.0.InputTransformer"
SCHEDULE = "ScheduleExpression"
PAGER = "rovn-production-paging"


@pytest.mark.clause("ALL-7")
@pytest.mark.clause("ROVN-SEV-1")
def test_both_schedules_and_the_function_stand(real: Real) -> None:
    assert all_pass(real, RULE, NAME, RING, COUNT)


@pytest.mark.clause("ALL-7")
def test_it_rings_in_the_morning_of_a_business_day_all_year_round() -> None:
    found = schedules(load_environment("rovn/production").alerting)
    assert found.ring == "cron(15 14 ? * MON,TUE,WED,THU,FRI *)"
    assert found.count == "cron(15 15 * * ? *)"


@pytest.mark.parametrize("zone", ODD_ZONES)
def test_wherever_it_is_each_ring_is_in_business_hours(zone: str) -> None:
    table = alerting(zone)
    found = schedules(table)
    assert len(found.days) == 5
    for number in (2027, 2030):
        at, end = year(number).start, year(number).end
        while at < end:
            if at.hour == found.hour and DAYS[at.weekday()] in found.days:
                local = (at + timedelta(minutes=15)).astimezone(table.zone)
                assert DAYS[local.weekday()] in table.business_days
                assert table.opens <= local.hour < table.closes
            at += timedelta(hours=1)


@pytest.mark.parametrize(
    "table",
    [alerting("America/New_York", "09:00-10:00"), alerting("Antarctica/Troll", "09:00-11:00")],
)
def test_hours_that_hold_no_hour_of_utc_are_refused(table: Alerting) -> None:
    with pytest.raises(ValueError, match="make them two hours or more"):
        schedules(table)


@pytest.mark.clause("ALL-7")
@pytest.mark.parametrize(
    ("kind", "name", "path", "value", "message"),
    [
        (
            RULE_OF_EVENTS,
            RING,
            SCHEDULE,
            "cron(15 14 ? * MON *)",
            "it asks to ring by cron(15 14 ? * MON *), not cron(15 14 ? * MON,TUE,WED,THU,FRI *)",
        ),
        (
            RULE_OF_EVENTS,
            COUNT,
            SCHEDULE,
            ABSENT,
            "it asks to count by no schedule, not cron(15 15 * * ? *)",
        ),
        (RULE_OF_EVENTS, RING, "State", "DISABLED", "it is DISABLED, not ENABLED"),
        (
            FUNCTION,
            NAME,
            f"{VARIABLES}.ALARM",
            "rovn-production-rds-cpu",
            "ALARM is rovn-production-rds-cpu, not rovn-production-test-page",
        ),
        (
            FUNCTION,
            NAME,
            f"{VARIABLES}.TOPIC",
            ABSENT,
            "TOPIC is None, not arn:aws:sns:us-east-2:222222222222:rovn-production-sev-1",
        ),
        (FUNCTION, NAME, "Handler", "other.handler", "it runs other.handler, not"),
        (FUNCTION, NAME, f"{VARIABLES}.CHANNELS", "1", "CHANNELS is 1, not 2"),
        (FUNCTION, NAME, f"{VARIABLES}.CHANNELS", ABSENT, "CHANNELS is None, not 2"),
        (FUNCTION, NAME, "ReservedConcurrentExecutions", 0, "it may not run: no execution is"),
        (FUNCTION, NAME, "ReservedConcurrentExecutions", "0", "it may not run: no execution is"),
    ],
)
def test_one_spoiled_property_is_told(
    production: Real, kind: str, name: str, path: str, value: object, message: str
) -> None:
    account = load_environment("rovn/production").account
    told = faults(production, RULE, PART, setting(kind, name, path, value))
    assert told.keys() == {name}
    assert message.replace("222222222222", account) in told[name]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{MESSAGE}.InputTemplate", '{"task": "ring", "time": "2027-01-01T00:00:00Z"}'),
        (f"{MESSAGE}.InputTemplate", '{"task": "ring"}'),
        (f"{MESSAGE}.InputTemplate", "ring"),
        (f"{MESSAGE}.InputTemplate", '["ring"]'),
        (f"{MESSAGE}.InputPathsMap", {"time": "$.account"}),
        (MESSAGE, ABSENT),
    ],
)
def test_a_task_without_its_time_is_none(production: Real, path: str, value: object) -> None:
    told = faults(production, RULE, PART, setting(RULE_OF_EVENTS, RING, path, value))
    assert told == {
        None: "0 schedules ask to ring, not one",
        RING: "it sends no task, not ring or count with the schedule's time",
    }


def test_a_schedule_that_is_gone_is_missed(production: Real) -> None:
    def spoil(body: Json) -> None:
        (gone,) = (each for each in body["Resources"] if plain_id(each) == COUNT)
        del body["Resources"][gone]

    assert faults(production, RULE, PART, spoil) == {None: "0 schedules ask to count, not one"}


def test_the_function_must_exist(production: Real) -> None:
    spoil = setting(FUNCTION, NAME, "FunctionName", "another")
    assert faults(production, RULE, PART, spoil) == {
        None: f"no function is called {PAGER}: nobody tries the pager"
    }


@pytest.mark.parametrize(
    ("kind", "name", "path"),
    [
        (RULE_OF_EVENTS, RING, SCHEDULE),
        (RULE_OF_EVENTS, RING, "State"),
        (RULE_OF_EVENTS, RING, f"{MESSAGE}.InputTemplate"),
        (FUNCTION, NAME, f"{VARIABLES}.ALARM"),
    ],
)
def test_an_open_value_fails(production: Real, kind: str, name: str, path: str) -> None:
    assert "${SomeParameter} is open" in str(
        faults(production, RULE, PART, setting(kind, name, path, OPEN))
    )


def test_what_is_neither_is_not_looked_at() -> None:
    body = {"Type": FUNCTION, "Properties": {"FunctionName": "another"}}
    assert verdicts(RULE, template(PART, {"Thing": body})) == {"Thing": "not_applicable"}


@pytest.mark.clause("ALL-7")
@pytest.mark.parametrize(
    ("kind", "name", "path", "value"),
    [
        (RULE_OF_EVENTS, RING, SCHEDULE, "cron(15 2 ? * MON,TUE,WED,THU,FRI *)"),
        (RULE_OF_EVENTS, COUNT, "State", "DISABLED"),
        (FUNCTION, NAME, f"{VARIABLES}.DAYS_METRIC", "Another"),
        (FUNCTION, NAME, f"{VARIABLES}.CHANNELS", "1"),
        (FUNCTION, NAME, "ReservedConcurrentExecutions", 0),
    ],
)
def test_only_this_rule_sees_a_test_that_does_not_come(
    real: Real, kind: str, name: str, path: str, value: object
) -> None:
    caught = real.caught(PART, setting(kind, name, path, value))
    assert caught == {("test-page-scheduled", name)}
