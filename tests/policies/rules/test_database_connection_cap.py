"""database-connection-cap (ROVN-ALM-3)."""

import pytest

from policies.rules.database_connection_cap import RULE
from tests.policies.rules.databases import NOTHING, caught_parameter, said
from tests.policies.rules.harness import OPEN, Real, template, verdicts


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("400", "pass"),
        (400, "pass"),
        ("500", "max_connections is 500, not 400"),
        (None, "max_connections is not set, not 400"),
        (
            "LEAST({DBInstanceClassMemory/9531392},5000)",
            "max_connections is LEAST({DBInstanceClassMemory/9531392},5000), not 400",
        ),
        (
            OPEN,
            "${SomeParameter} cannot be known before the deploy: the parameter SomeParameter "
            "is given when it is deployed",
        ),
    ],
)
def test_the_cap_is_the_files(value: object, message: str) -> None:
    assert said(RULE, {"max_connections": value}) == message


def test_other_resources_are_not_looked_at() -> None:
    assert verdicts(RULE, template("data", {})) == {None: NOTHING}


def test_only_this_rule_sees_another_cap(real: Real) -> None:
    assert caught_parameter(real, max_connections="5000") == {(RULE.id, "DatabaseInstance")}
