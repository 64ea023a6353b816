"""stateful-retained."""

import json
from importlib.resources import files

import pytest

from policies.lookups.stateful import STATEFUL
from policies.rules.stateful_retained import RULE
from tests.policies.rules.harness import Json, Real, resource, template, verdicts

# Not worth keeping once their stack is gone: messages on the way, a cluster's scratch disks; and
# what no stack of ours makes.
LEFT_OUT = {
    "AWS::CloudFormation::Stack",
    "AWS::EMR::Cluster",
    "AWS::Organizations::Account",
    "AWS::SQS::Queue",
}


def said(kind: str = "AWS::RDS::DBInstance", **policies: object) -> str:
    return verdicts(RULE, template("data", {"Thing": {"Type": kind, **policies}}))["Thing"]


@pytest.mark.parametrize("policy", ["Retain", "RetainExceptOnCreate"])
def test_what_is_retained_passes(policy: str) -> None:
    assert said(DeletionPolicy=policy, UpdateReplacePolicy="Retain") == "pass"


@pytest.mark.parametrize("policy", ["Delete", "Snapshot"])
def test_what_goes_with_its_stack_fails(policy: str) -> None:
    assert said(DeletionPolicy=policy, UpdateReplacePolicy="Retain") == (
        f"DeletionPolicy is {policy}, not Retain or RetainExceptOnCreate: it goes with its stack"
    )
    assert said(DeletionPolicy="Retain", UpdateReplacePolicy=policy) == (
        f"UpdateReplacePolicy is {policy}, not Retain: it goes when an update replaces it"
    )


def test_saying_nothing_means_delete() -> None:
    assert said("AWS::KMS::Key") == (
        "DeletionPolicy is Delete, not Retain or RetainExceptOnCreate: it goes with its stack; "
        "UpdateReplacePolicy is Delete, not Retain: it goes when an update replaces it"
    )


def test_an_open_value_fails() -> None:
    policy = {"Ref": "SomeParameter"}
    assert said(DeletionPolicy=policy, UpdateReplacePolicy="Retain") == "DeletionPolicy is not text"


def test_what_holds_nothing_is_not_looked_at() -> None:
    role = template("data", {"Role": {"Type": "AWS::IAM::Role"}})
    assert verdicts(RULE, role) == {None: "rovn/production has nothing that the rule looks at"}


def test_no_type_that_cfn_lint_knows_to_be_stateful_is_forgotten() -> None:
    specification = files("cfnlint.data.AdditionalSpecs") / "StatefulResources.json"
    known = set(json.loads(specification.read_text("utf-8"))["ResourceTypes"])
    assert known - STATEFUL == LEFT_OUT


def test_only_this_rule_sees_a_database_that_goes_with_its_stack(real: Real) -> None:
    def spoil(body: Json) -> None:
        resource(body, "AWS::RDS::DBInstance", "DatabaseInstance")["DeletionPolicy"] = "Snapshot"

    assert real.caught("data", spoil) == {("stateful-retained", "DatabaseInstance")}
