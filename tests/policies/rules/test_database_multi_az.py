"""database-multi-az (ROVN-DR-1)."""

import pytest

from policies.rules.database_multi_az import RULE
from tests.policies.rules.databases import NOTHING, caught, said, said_of_replica
from tests.policies.rules.harness import OPEN, Real, template, verdicts

FAULT = "MultiAZ is not true: it falls with its zone"


@pytest.mark.parametrize("value", [False, None, "false"])
def test_an_instance_in_one_zone_fails(value: object) -> None:
    assert said(RULE, MultiAZ=value) == FAULT
    assert said_of_replica(RULE, MultiAZ=value) == FAULT


def test_it_passes_when_it_is_set() -> None:
    assert said(RULE) == "pass"
    assert said_of_replica(RULE, MultiAZ=True) == "pass"


def test_an_open_value_fails() -> None:
    assert said(RULE, MultiAZ=OPEN).startswith("MultiAZ: ${SomeParameter} is open")


def test_other_resources_are_not_looked_at() -> None:
    assert verdicts(RULE, template("data", {})) == {None: NOTHING}


def test_only_this_rule_sees_it_switched_off(real: Real) -> None:
    assert caught(real, MultiAZ=False) == {(RULE.id, "DatabaseInstance")}


def test_the_text_that_cloudformation_takes_for_true_passes() -> None:
    assert said(RULE, MultiAZ="true") == "pass"
