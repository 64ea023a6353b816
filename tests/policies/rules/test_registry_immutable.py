"""registry-immutable (ROVN-DEP-2)."""

import pytest

from policies.rules.registry_immutable import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

REPOSITORY, TEMPLATE = "AWS::ECR::Repository", "AWS::ECR::RepositoryCreationTemplate"
NOTHING = "rovn/production has nothing that the rule looks at"


def said(kind: str = REPOSITORY, **given: object) -> str:
    return verdicts(RULE, template("registry", {"It": {"Type": kind, "Properties": given}}))["It"]


@pytest.mark.parametrize("kind", [REPOSITORY, TEMPLATE])
@pytest.mark.parametrize(
    "mutability", ["MUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"]
)
def test_a_tag_that_can_be_moved_fails(kind: str, mutability: str) -> None:
    fault = f"ImageTagMutability is {mutability}, not IMMUTABLE: a tag can be moved"
    assert said(kind, ImageTagMutability=mutability) == fault


def test_awss_default_fails() -> None:
    assert said() == "ImageTagMutability is MUTABLE, not IMMUTABLE: a tag can be moved"


def test_tags_that_stay_pass() -> None:
    assert said(ImageTagMutability="IMMUTABLE") == "pass"
    assert said(TEMPLATE, ImageTagMutability="IMMUTABLE") == "pass"


def test_an_open_value_fails() -> None:
    assert said(ImageTagMutability=OPEN).startswith("ImageTagMutability: ${SomeParameter} is open")


def test_other_resources_are_not_looked_at() -> None:
    found = verdicts(RULE, template("registry", {"Rule": {"Type": "AWS::ECR::RegistryPolicy"}}))
    assert found == {None: NOTHING}


def test_only_this_rule_sees_tags_that_move(real: Real) -> None:
    def spoil(body: Json) -> None:
        repository = properties(body, REPOSITORY, "RegistryCollector")
        repository["ImageTagMutability"] = "IMMUTABLE_WITH_EXCLUSION"

    assert real.caught("registry", spoil) == {(RULE.id, "RegistryCollector")}
