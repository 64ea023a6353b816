"""termination-protection."""

from dataclasses import replace

import pytest

from policies.rules.termination_protection import RULE
from tests.policies.rules.harness import Json, Real, template, verdicts

KEY = {"Key": {"Type": "AWS::KMS::Key"}}


def said(resources: Json, *, protection: bool | None) -> str:
    given = replace(template("data", resources), termination_protection=protection)
    return verdicts(RULE, given)[None]


def test_a_protected_stack_passes() -> None:
    assert said(KEY, protection=True) == "pass"


@pytest.mark.parametrize(("protection", "state"), [(False, "off"), (None, "unknown")])
def test_an_unprotected_stack_with_data_fails(
    protection: bool | None,
    state: str,
) -> None:
    assert said(KEY, protection=protection) == (
        f"termination protection is {state}, and the stack holds Key"
    )


@pytest.mark.parametrize("protection", [False, None])
def test_a_stack_without_data_needs_none(
    protection: bool | None,
) -> None:
    assert said({"Role": {"Type": "AWS::IAM::Role"}}, protection=protection) == "pass"


def test_only_this_rule_sees_data_in_a_stack_that_can_be_deleted(real: Real) -> None:
    def spoil(body: Json) -> None:
        body["Resources"]["Subnets"] = {
            "Type": "AWS::RDS::DBSubnetGroup",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
        }

    assert real.caught("passport-api", spoil) == {("termination-protection", "")}
