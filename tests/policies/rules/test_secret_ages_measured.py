"""secret-ages-measured (ROVN-SEC-3)."""

import json

import pytest

from policies.rules.secret_ages_measured import FUNCTION, RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts
from tests.policies.rules.spoiling import ABSENT, all_pass, faults, setting

PART, FUNCTION_NAME = "secret-watch", "WatchAgesFunction"


def test_every_secret_is_measured(real: Real) -> None:
    assert all_pass(real, RULE, FUNCTION_NAME)


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize(
    ("plan", "found"),
    [
        ({"days": 365, "owner": "platform-engineering", "supplied": True}, None),
        ({"days": 90, "owner": "another", "supplied": True}, None),
        (None, "None"),
    ],
)
def test_it_works_by_the_plans_of_the_file(
    production: Real, plan: Json | None, found: str | None
) -> None:
    path = "Environment.Variables.PLANS"

    def spoil(body: Json) -> None:
        variables = properties(body, FUNCTION, FUNCTION_NAME)["Environment"]["Variables"]
        plans = json.loads(variables["PLANS"])
        plans["stripe-api-key"] = plan
        variables["PLANS"] = json.dumps(plans)

    wanted = {"days": 90, "owner": "platform-engineering", "supplied": True}
    told = faults(production, RULE, PART, spoil)
    assert told == {FUNCTION_NAME: f"its plan of stripe-api-key is {found or plan}, not {wanted}"}
    for nothing in ("no json", ABSENT):
        told = faults(production, RULE, PART, setting(FUNCTION, FUNCTION_NAME, path, nothing))
        assert f"its plan of stripe-api-key is None, not {wanted}" in told[FUNCTION_NAME]


def test_somebody_measures_and_is_run(production: Real) -> None:
    spoil = setting(FUNCTION, FUNCTION_NAME, "FunctionName", "another")
    assert faults(production, RULE, PART, spoil) == {
        None: "no function is called rovn-production-secret-ages: nobody measures how old secrets "
        "are"
    }
    for path, value in (("State", "DISABLED"), ("ScheduleExpression", ABSENT)):
        spoil = setting("AWS::Events::Rule", "WatchSchedule", path, value)
        told = faults(production, RULE, PART, spoil)
        assert told[None] == f"no schedule runs {function_id(production)}"


def function_id(real: Real) -> str:
    (found,) = [
        logical_id
        for template_ in real.reading.templates
        for logical_id in template_.body["Resources"]
        if logical_id.startswith(FUNCTION_NAME)
    ]
    return str(found)


def test_an_open_value_fails(production: Real) -> None:
    path = "Environment.Variables.PLANS"
    told = faults(production, RULE, PART, setting(FUNCTION, FUNCTION_NAME, path, OPEN))
    assert "${SomeParameter} is open" in told[FUNCTION_NAME]


def test_other_functions_are_not_looked_at() -> None:
    function = {"Type": FUNCTION, "Properties": {"FunctionName": "another"}}
    assert verdicts(RULE, template("data", {"Thing": function}))["Thing"] == "not_applicable"


def test_only_this_rule_sees_a_plan_that_is_not_the_files(real: Real) -> None:
    def spoil(body: Json) -> None:
        variables = properties(body, FUNCTION, FUNCTION_NAME)["Environment"]["Variables"]
        plans = json.loads(variables["PLANS"])
        plans["stripe-api-key"]["days"] = 365
        variables["PLANS"] = json.dumps(plans)

    assert real.caught(PART, spoil) == {("secret-ages-measured", FUNCTION_NAME)}


def test_only_this_rule_sees_that_nothing_runs_it(real: Real) -> None:
    spoil = setting("AWS::Events::Rule", "WatchSchedule", "State", "DISABLED")
    assert real.caught(PART, spoil) == {("secret-ages-measured", "")}
