"""The page of the alarms: every one of them, under its severity, with its playbook."""

import re

import pytest

from policies.pages.alarms import alarm_page
from policies.pages.markdown import plain
from runbook.alarms.alarm import MetricAlarm
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.dashboards import dashboards_of
from runbook.alarms.severities import level, levels
from runbook.alarms.words import told, when_it_rings, when_missing
from runbook.model.environment import Environment
from runbook.model.loader import known_environments, load_environment
from runbook.playbooks.page import all_pages


@pytest.fixture(scope="module")
def page() -> str:
    return alarm_page()


@pytest.fixture(params=known_environments())
def environment(request: pytest.FixtureRequest) -> Environment:
    return load_environment(request.param)


def section(page: str, heading: str) -> str:
    (found,) = re.findall(
        rf"^(#+) {re.escape(heading)}\n(.*?)(?=^#|\Z)", page, re.MULTILINE | re.DOTALL
    )
    return str(found[1])


def test_every_alarm_stands_once_under_its_severity(page: str, environment: Environment) -> None:
    for each in levels(environment.organisation):
        said = section(page, f"{each.title} of {environment.name}")
        assert f"Tells {told(each, environment.alerting)}." in said
        alarms = [
            alarm
            for alarm in alarms_of(environment)
            if level(environment.organisation, alarm.severity) == each
        ]
        found = re.findall(r"`([a-z0-9/-]+)`", said)
        assert sorted(found) == sorted(alarm.key for alarm in alarms)


def test_a_row_says_what_a_person_asks_first(page: str, environment: Environment) -> None:
    pages = {asked: each.id for each in all_pages() for asked in each.alarms}
    for alarm in alarms_of(environment):
        (row,) = [
            line
            for line in section(page, f"{titled(environment, alarm.severity)}").splitlines()
            if f"`{alarm.key}`" in line
        ]
        cells = row.strip("| ").split(" | ")
        assert len(cells) == 7
        symptom = plain(alarm.symptom)
        wanted = {symptom, symptom.replace(alarm.subject, "NAME") if alarm.subject else symptom}
        assert wanted & set(cells[1].split("<br>"))
        assert cells[2] == plain(when_it_rings(alarm))
        assert cells[3] == plain(alarm.resets)
        if isinstance(alarm, MetricAlarm):
            assert cells[4] == plain(when_missing(alarm))
        assert all(f"[{clause}]" in cells[5] for clause in alarm.clauses)
        assert plain(alarm.source) in cells[5]
        page_id = pages[alarm.playbook]
        assert cells[6] == f"[{page_id}](../runbook/playbooks/pages/{page_id}.md)"


def titled(environment: Environment, severity: str) -> str:
    return f"{level(environment.organisation, severity).title} of {environment.name}"


def test_the_scales_and_how_they_map(page: str, environment: Environment) -> None:
    said = section(page, f"Severities of {environment.organisation}")
    for each in levels(environment.organisation):
        (row,) = [line for line in said.splitlines() if line.startswith(f"| {each.id}")]
        assert each.definition in row
        assert each.respond in row
        assert (f"({each.same_as})" in row) == bool(each.same_as)
        assert each.source in row
    assert re.search(r"\| sev-1 \(P0\) \|.*escalates after 5 min \| within 24 h \|", said)


def test_both_dashboards_are_named(page: str, environment: Environment) -> None:
    said = section(page, f"Dashboards of {environment.name}")
    for dashboard in dashboards_of(environment):
        assert f"- `{dashboard.name}`: " in said
    assert "api-5xx-rate (% of requests)" in said
