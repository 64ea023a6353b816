"""registry-scanned (ROVN-DEP-2)."""

import pytest

from policies.rules.registry_scanned import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

REPOSITORY = "AWS::ECR::Repository"
NOTHING = "rovn/production has nothing that the rule looks at"


def said(**given: object) -> str:
    return verdicts(RULE, template("registry", {"It": {"Type": REPOSITORY, "Properties": given}}))[
        "It"
    ]


FAULT = "ScanOnPush is not true: nobody looks for known vulnerabilities"


def test_a_repository_that_scans_passes() -> None:
    assert said(ImageScanningConfiguration={"ScanOnPush": True}) == "pass"


@pytest.mark.parametrize("value", [None, {}, {"ScanOnPush": False}])
def test_one_that_does_not_fails(value: Json | None) -> None:
    assert said(ImageScanningConfiguration=value) == FAULT


def test_an_open_value_fails() -> None:
    message = said(ImageScanningConfiguration=OPEN)
    assert message.startswith("ImageScanningConfiguration.ScanOnPush: ${SomeParameter} is open")


def registry(frequency: object, pattern: object) -> Json:
    filters = [{"Filter": pattern, "FilterType": "WILDCARD"}]
    rule = {"ScanFrequency": frequency, "RepositoryFilters": filters}
    return {"Type": "AWS::ECR::RegistryScanningConfiguration", "Properties": {"Rules": [rule]}}


NO_RULE = "no rule of the registry's scanning configuration scans rovn-passport-api on push"


@pytest.mark.parametrize(
    ("frequency", "pattern", "message"),
    [
        ("SCAN_ON_PUSH", "*", "pass"),
        ("CONTINUOUS_SCAN", "rovn-*", "pass"),
        ("MANUAL", "*", NO_RULE),
        ("SCAN_ON_PUSH", "other-*", NO_RULE),
        (
            "SCAN_ON_PUSH",
            OPEN,
            "${SomeParameter} is open: the parameter SomeParameter is given when it is deployed",
        ),
    ],
)
def test_the_registrys_word_replaces_the_repositorys(
    frequency: str, pattern: object, message: str
) -> None:
    own = {"RepositoryName": "rovn-passport-api"}
    own |= {"ImageScanningConfiguration": {"ScanOnPush": True}}  # type: ignore[dict-item]
    resources = {
        "It": {"Type": REPOSITORY, "Properties": own},
        "Registry": registry(frequency, pattern),
    }
    assert verdicts(RULE, template("registry", resources))["It"] == message


def test_other_resources_are_not_looked_at() -> None:
    found = verdicts(RULE, template("registry", {"Rule": {"Type": "AWS::ECR::RegistryPolicy"}}))
    assert found == {None: NOTHING}


def test_only_this_rule_sees_images_that_nobody_scans(real: Real) -> None:
    def spoil(body: Json) -> None:
        repository = properties(body, REPOSITORY, "RegistryCollector")
        repository["ImageScanningConfiguration"]["ScanOnPush"] = False

    assert real.caught("registry", spoil) == {(RULE.id, "RegistryCollector")}
