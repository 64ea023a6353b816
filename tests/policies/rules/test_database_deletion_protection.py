"""database-deletion-protection."""

import pytest

from policies.rules.database_deletion_protection import RULE
from tests.policies.rules.databases import NOTHING, caught, said, said_of_replica
from tests.policies.rules.harness import OPEN, Real, template, verdicts

FAULT = "DeletionProtection is not true: one call deletes it"


@pytest.mark.parametrize("value", [False, None, "false"])
def test_an_unprotected_instance_fails(value: object) -> None:
    assert said(RULE, DeletionProtection=value) == FAULT
    assert said_of_replica(RULE, DeletionProtection=value) == FAULT


def test_it_passes_when_it_is_set() -> None:
    assert said(RULE) == "pass"
    assert said_of_replica(RULE, DeletionProtection=True) == "pass"


def test_an_open_value_fails() -> None:
    assert said(RULE, DeletionProtection=OPEN).startswith(
        "DeletionProtection: ${SomeParameter} is open"
    )


def test_other_resources_are_not_looked_at() -> None:
    assert verdicts(RULE, template("data", {})) == {None: NOTHING}


def test_only_this_rule_sees_it_switched_off(real: Real) -> None:
    assert caught(real, DeletionProtection=False) == {(RULE.id, "DatabaseInstance")}


def test_the_text_that_cloudformation_takes_for_true_passes() -> None:
    assert said(RULE, DeletionProtection="true") == "pass"
