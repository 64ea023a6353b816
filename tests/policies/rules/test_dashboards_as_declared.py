"""dashboards-as-declared (ROVN-ALM-10, ROVN-CST-1)."""

import json

import pytest

from policies.rules.dashboards_as_declared import DASHBOARD, RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts
from tests.policies.rules.spoiling import Spoil, add, faults, setting

PART, OVERVIEW, DATABASE = "dashboards", "OverviewDashboard", "DatabaseDashboard"
BODY, NAME = "DashboardBody", "DashboardName"


def rewritten(old: str, new: str, name: str = DATABASE) -> Spoil:
    """Write other text into a body, which is text within JSON or joined of such."""
    before, after = (json.dumps(text)[1:-1] for text in (old, new))

    def spoil(body: Json) -> None:
        dashboard = properties(body, DASHBOARD, name)
        text = json.dumps(dashboard[BODY])
        assert before in text
        dashboard[BODY] = json.loads(text.replace(before, after, 1))

    return spoil


def test_both_are_as_declared(real: Real) -> None:
    assert real.statuses(RULE) == {OVERVIEW: "pass", DATABASE: "pass"}


@pytest.mark.clause("ROVN-ALM-10")
@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (
            DATABASE,
            '"value":85',
            '"value":95',
            "body.widgets.2.properties.annotations.horizontal.0.value is 95, not 85.0",
        ),
        (
            DATABASE,
            "CPUUtilization",
            "FreeableMemory",
            "body.widgets.2.properties.metrics.0.1 is FreeableMemory, not CPUUtilization",
        ),
        (DATABASE, '"x":0', '"x":1', "body.widgets.0.x is 1, not 0"),
        (DATABASE, '"start":"-PT6H",', "", "body.start is not set, not -PT6H"),
        (DATABASE, '"start"', '"end":"now","start"', "body.end is now, not not set"),
        (
            OVERVIEW,
            '"region":"us-east-1"',
            '"region":"us-east-2"',
            "is us-east-2, not us-east-1",
        ),
    ],
)
def test_a_body_that_is_another(
    production: Real, name: str, old: str, new: str, message: str
) -> None:
    told = faults(production, RULE, PART, rewritten(old, new, name))
    assert told.keys() == {name}
    assert message in told[name]


def test_widgets_that_are_gone_or_no_json(production: Real) -> None:
    spoil = setting(DASHBOARD, DATABASE, BODY, '{"widgets": []}')
    told = faults(production, RULE, PART, spoil)[DATABASE]
    assert "body.widgets has 0 entries, not" in told
    spoil = setting(DASHBOARD, DATABASE, BODY, "{")
    assert faults(production, RULE, PART, spoil)[DATABASE].startswith("its body is no JSON: ")


def test_a_name_that_nobody_laid_out(production: Real) -> None:
    told = faults(production, RULE, PART, setting(DASHBOARD, DATABASE, NAME, "other"))
    both = "rovn-production-overview and rovn-production-database"
    assert told == {
        DATABASE: f"it is called other; the catalogue lays out {both}",
        None: "no dashboard is called rovn-production-database",
    }


def test_one_dashboard_more_is_judged_too(production: Real) -> None:
    told = faults(production, RULE, PART, add("Mine", DASHBOARD, DashboardName="x"))
    assert told["Mine"].startswith("it is called x; ")


def test_an_open_value_fails(production: Real) -> None:
    for path in (BODY, NAME):
        told = faults(production, RULE, PART, setting(DASHBOARD, DATABASE, path, OPEN))
        assert "${SomeParameter} is open" in told[DATABASE]


def test_the_wrong_target_group_is_seen(production: Real) -> None:
    """Blue is what ECS is told of first, whatever the export is called."""

    def spoil(body: Json) -> None:
        dashboard = properties(body, DASHBOARD, OVERVIEW)
        _, parts = dashboard[BODY]["Fn::Join"]
        groups = [n for n, part in enumerate(parts) if "TargetGroupFullName" in json.dumps(part)]
        first, other = groups[0], next(n for n in groups if parts[n] != parts[groups[0]])
        parts[first] = parts[other]

    told = faults(production, RULE, PART, spoil)
    assert "TargetGroupFullName>" in told[OVERVIEW]
    assert "body.widgets." in told[OVERVIEW]


def test_other_templates_are_not_looked_at() -> None:
    topic = {"Type": "AWS::SNS::Topic", "Properties": {}}
    assert verdicts(RULE, template("data", {"Thing": topic})) == {
        None: "rovn/production has nothing that the rule looks at"
    }


def test_only_this_rule_sees_a_line_at_another_number(real: Real) -> None:
    spoil = rewritten('"value":85', '"value":95')
    assert real.caught(PART, spoil) == {("dashboards-as-declared", DATABASE)}


def test_only_this_rule_sees_a_dashboard_that_is_gone(real: Real) -> None:
    def spoil(body: Json) -> None:
        for logical_id in [key for key in body["Resources"] if key.startswith(DATABASE)]:
            del body["Resources"][logical_id]

    assert real.caught(PART, spoil) == {("dashboards-as-declared", "")}
