"""database-logs."""

import pytest

from policies.rules.database_logs import RULE
from tests.policies.rules.databases import NOTHING, caught, caught_parameter, said
from tests.policies.rules.harness import OPEN, Json, Real, template, verdicts


@pytest.mark.parametrize(
    ("exported", "message"),
    [
        (["upgrade", "postgresql"], "pass"),
        (["postgresql"], "the log upgrade is not exported: it goes with the instance"),
        (
            None,
            "the log postgresql is not exported: it goes with the instance; "
            "the log upgrade is not exported: it goes with the instance",
        ),
        (
            ["postgresql", "upgrade", OPEN],
            "${SomeParameter} is open: the parameter SomeParameter is given when it is deployed",
        ),
    ],
)
def test_both_logs_are_exported(exported: object, message: str) -> None:
    assert said(RULE, EnableCloudwatchLogsExports=exported) == message


STATISTICS = "has no pg_stat_statements: nobody can tell which statements cost what"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"shared_preload_libraries": "pgaudit, pg_stat_statements"}, "pass"),
        (
            {"log_min_duration_statement": "-1"},
            "log_min_duration_statement is -1, not 500",
        ),
        (
            {"log_min_duration_statement": None},
            "log_min_duration_statement is not set, not 500",
        ),
        ({"shared_preload_libraries": None}, f"shared_preload_libraries {STATISTICS}"),
        ({"shared_preload_libraries": "pgaudit"}, f"shared_preload_libraries {STATISTICS}"),
    ],
)
def test_slow_statements_are_logged_and_all_are_counted(parameters: Json, message: str) -> None:
    assert said(RULE, parameters) == message


def test_other_resources_are_not_looked_at() -> None:
    assert verdicts(RULE, template("data", {})) == {None: NOTHING}


def test_only_this_rule_sees_a_log_that_is_not_exported(real: Real) -> None:
    found = caught(real, EnableCloudwatchLogsExports=["upgrade"])
    assert found == {(RULE.id, "DatabaseInstance")}


def test_only_this_rule_sees_slow_statements_that_nobody_logs(real: Real) -> None:
    found = caught_parameter(real, log_min_duration_statement="-1")
    assert found == {(RULE.id, "DatabaseInstance")}
