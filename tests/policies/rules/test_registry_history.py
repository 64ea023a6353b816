"""registry-history (ROVN-BCK-4)."""

import json

import pytest

from policies.rules.registry_history import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

REPOSITORY, TEMPLATE = "AWS::ECR::Repository", "AWS::ECR::RepositoryCreationTemplate"
NOTHING = "rovn/production has nothing that the rule looks at"


def said(kind: str = REPOSITORY, **given: object) -> str:
    return verdicts(RULE, template("registry", {"It": {"Type": kind, "Properties": given}}))["It"]


def policy(status: object = "untagged", action: str = "expire") -> str:
    selection = {"tagStatus": status, "countType": "imageCountMoreThan", "countNumber": 5}
    rules = [{"rulePriority": 1, "selection": selection, "action": {"type": action}}]
    return json.dumps({"rules": rules})


def lifecycle(text: object) -> str:
    return said(LifecyclePolicy={"LifecyclePolicyText": text})


def fault(status: object) -> str:
    return (
        f"its lifecycle rule 1 is for images that are {status}, not untagged alone: "
        "the history goes"
    )


def test_images_without_a_tag_may_go() -> None:
    assert said() == "pass"
    assert lifecycle(policy()) == "pass"
    assert said(TEMPLATE, LifecyclePolicy=policy()) == "pass"


@pytest.mark.parametrize("status", ["any", "tagged", None])
@pytest.mark.parametrize("action", ["expire", "transition"])
def test_the_history_stays(status: str | None, action: str) -> None:
    assert lifecycle(policy(status, action)) == fault(status)
    assert said(TEMPLATE, LifecyclePolicy=policy(status, action)) == fault(status)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rules": 1}', '{"rules": [1]}'])
def test_a_policy_that_cannot_be_read_fails(text: str) -> None:
    assert lifecycle(text) == "its lifecycle policy is no list of rules in JSON"


def test_an_open_value_fails() -> None:
    message = "LifecyclePolicy.LifecyclePolicyText: ${SomeParameter} is open"
    assert lifecycle(OPEN).startswith(message)


def test_its_deletion_takes_no_images_along() -> None:
    fault = "EmptyOnDelete is not false: its deletion takes every image along"
    assert said(EmptyOnDelete=False) == "pass"
    assert said(EmptyOnDelete=True) == fault


def test_every_service_has_a_repository() -> None:
    assert verdicts(RULE, template("registry", {}), whole=True) == {
        None: "there is no repository rovn-passport-api to keep the images of the service"
    }


def test_other_resources_are_not_looked_at() -> None:
    found = verdicts(RULE, template("registry", {"Rule": {"Type": "AWS::ECR::RegistryPolicy"}}))
    assert found == {None: NOTHING}


def test_only_this_rule_sees_the_history_go(real: Real) -> None:
    def spoil(body: Json) -> None:
        repository = properties(body, REPOSITORY, "RegistryRovnPassportApi")
        repository["LifecyclePolicy"]["LifecyclePolicyText"] = policy("any")

    assert real.caught("registry", spoil) == {(RULE.id, "RegistryRovnPassportApi")}
