"""database-quiet-about-data (ROVN-LOG-1)."""

import pytest

from policies.rules.database_quiet_about_data import RULE
from tests.policies.rules.databases import NOTHING, caught_parameter, said
from tests.policies.rules.harness import OPEN, Json, Real, template, verdicts

PLANS = "auto_explain is loaded and auto_explain.log_parameter_max_length is not 0"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "pass"),
        ({"log_error_verbosity": "TERSE", "log_statement": "ddl"}, "pass"),
        ({"log_error_verbosity": "default"}, "log_error_verbosity is default, not terse"),
        ({"log_parameter_max_length": "-1"}, "log_parameter_max_length is -1, not 0"),
        ({"log_parameter_max_length": None}, "log_parameter_max_length is not set, not 0"),
        (
            {"log_parameter_max_length_on_error": None},
            "log_parameter_max_length_on_error is not set, not 0",
        ),
        ({"log_statement": "all"}, "log_statement is all, not none or ddl"),
        ({"pgaudit.log_parameter": "1"}, "pgaudit.log_parameter is 1, not 0 or off"),
        ({"debug_print_plan": "on"}, "debug_print_plan is on, not 0 or off"),
        ({"shared_preload_libraries": "auto_explain"}, PLANS),
        (
            {
                "shared_preload_libraries": "auto_explain",
                "auto_explain.log_parameter_max_length": "0",
            },
            "pass",
        ),
        (
            {"log_statement": OPEN},
            "${SomeParameter} cannot be known before the deploy: the parameter SomeParameter is "
            "given when it is deployed",
        ),
    ],
)
def test_no_value_of_a_patient_gets_into_the_log(parameters: Json, message: str) -> None:
    assert said(RULE, parameters) == message


def test_other_resources_are_not_looked_at() -> None:
    assert verdicts(RULE, template("data", {})) == {None: NOTHING}


def test_only_this_rule_sees_statements_logged_whole(real: Real) -> None:
    assert caught_parameter(real, log_statement="all") == {(RULE.id, "DatabaseInstance")}


def test_only_this_rule_sees_refused_rows_logged(real: Real) -> None:
    found = caught_parameter(real, log_error_verbosity="default")
    assert found == {(RULE.id, "DatabaseInstance")}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("log_transaction_sample_rate", "1"),
        ("log_min_duration_sample", "0"),
        ("pgaudit.log", "all"),
    ],
)
def test_samples_of_statements_fail(name: str, value: str) -> None:
    assert said(RULE, {name: value}).startswith(f"{name} is {value}, not ")


def test_plans_may_be_loaded_by_each_session() -> None:
    assert said(RULE, {"session_preload_libraries": "auto_explain"}) == PLANS
