"""What alarms say of themselves, word for word where people read it at night."""

import pytest

from runbook.alarms import words
from runbook.alarms.alarm import Missing
from runbook.alarms.catalogue import alarms_of, metric_alarms_of
from runbook.alarms.finding import find
from runbook.alarms.severities import audiences, level, levels
from runbook.model.loader import known_environments, load_environment
from tests.alarms.alerting import alerting

PRODUCTION = load_environment("rovn/production")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("api-5xx-rate", "> 1 % of requests, 1 of 1 x 5 min"),
        ("rds-cpu", "> 85 %, 3 of 3 x 5 min"),
        ("rds-connections", "connections, 3 of 5 x 1 min"),
        ("rds-free-storage", "GiB, 3 of 3 x 5 min"),
        ("slo-fast-burn", "> 14.4 times the budget, 1 of 1 x 1 h and > 14.4 times the budget"),
        ("test-page-missed", "> 35 days, 2 of 2 x 1 day"),
        ("health-check-failed", "< 1 (1 is healthy), "),
        ("budget-exceeded", "80 or 100 % of "),
    ],
)
def test_when_it_rings(key: str, said: str) -> None:
    (alarm,) = find(PRODUCTION, key)
    assert said in words.when_it_rings(alarm)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(60, "1 min"), (300, "5 min"), (3600, "1 h"), (86_400, "1 day"), (172_800, "2 days")],
)
def test_a_time_is_in_its_largest_whole_unit(seconds: int, said: str) -> None:
    assert words.span(seconds) == said


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.parametrize("name", known_environments())
def test_every_alarm_can_be_said(name: str) -> None:
    environment = load_environment(name)
    for alarm in alarms_of(environment):
        assert words.when_it_rings(alarm)
        of = level(environment.organisation, alarm.severity)
        assert words.told(of, environment.alerting)
    for metric in metric_alarms_of(environment):
        assert metric.missing_because in words.when_missing(metric)
    assert {m.missing for m in metric_alarms_of(environment)} <= set(Missing)


@pytest.mark.clause("ROVN-SEV-1")
def test_who_is_told_and_who_is_woken() -> None:
    p0, p1 = level("rovn", "P0"), level("rovn", "P1")
    assert words.severity(p0) == "sev-1 (P0)"
    assert words.woken(p0) == "founder-rotation, engineering-on-call"
    assert words.woken(p1) == "nobody"
    assert words.told(p0, PRODUCTION.alerting).endswith("by pager and Slack at any hour")
    assert words.told(p1, PRODUCTION.alerting) == (
        "engineering-on-call by Slack in business hours, mon-fri 09:00-17:00 America/New_York"
    )


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (("mon", "tue", "wed", "thu", "fri"), "mon-fri"),
        (("mon", "wed", "thu", "sun"), "mon, wed-thu, sun"),
        (("sat",), "sat"),
    ],
)
def test_days_that_follow_each_other_are_a_run(days: tuple[str, ...], said: str) -> None:
    assert words.hours(alerting("Asia/Tokyo", days=days)) == f"{said} 09:00-17:00 Asia/Tokyo"


@pytest.mark.clause("ROVN-COM-1")
def test_who_hears_of_an_incident_follows_from_its_severity() -> None:
    told = {of.id: [each.who for each in audiences("rovn", of)] for of in levels("rovn")}
    everybody = ["the founder channel", "customers", "investors"]
    assert told == {"sev-1": everybody, "sev-2": everybody, "sev-3": [], "sev-4": []}
    by_when = {each.id: each.by_when for each in audiences("rovn", level("rovn", "P0"))}
    assert "60 days" in by_when["customers-by-baa"]
    assert by_when["investors-monthly"] == "in the monthly update"
    assert {each.source for each in audiences("rovn", level("rovn", "P0"))} == {"R10"}
