"""registry-encrypted."""

import pytest

from policies.rules.registry_encrypted import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

REPOSITORY, TEMPLATE = "AWS::ECR::Repository", "AWS::ECR::RepositoryCreationTemplate"
NOTHING = "rovn/production has nothing that the rule looks at"


def said(kind: str = REPOSITORY, **given: object) -> str:
    own = {"Type": kind, "Properties": {"EncryptionConfiguration": given}}
    resources = {"It": own, "Key": {"Type": "AWS::KMS::Key"}}
    return verdicts(RULE, template("registry", resources))["It"]


@pytest.mark.parametrize("kind", [REPOSITORY, TEMPLATE])
def test_a_key_of_the_environment_encrypts_images(kind: str) -> None:
    assert said(kind, EncryptionType="KMS", KmsKey={"Fn::GetAtt": ["Key", "Arn"]}) == "pass"
    assert said(kind, EncryptionType="KMS_DSSE", KmsKey={"Ref": "Key"}) == "pass"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "EncryptionType is AES256, not KMS"),
        ({"EncryptionType": "KMS"}, "KmsKey is None, not a key of this environment"),
        (
            {"EncryptionType": "KMS", "KmsKey": "alias/aws/ecr"},
            "KmsKey is alias/aws/ecr, not a key of this environment",
        ),
        (
            {"EncryptionType": "KMS", "KmsKey": OPEN},
            "EncryptionConfiguration.KmsKey: ${SomeParameter} is open: the parameter "
            "SomeParameter is given when it is deployed",
        ),
    ],
)
def test_another_key_fails(given: Json, message: str) -> None:
    assert said(**given) == message


def test_other_resources_are_not_looked_at() -> None:
    found = verdicts(RULE, template("registry", {"Rule": {"Type": "AWS::ECR::RegistryPolicy"}}))
    assert found == {None: NOTHING}


def test_only_this_rule_sees_awss_own_key(real: Real) -> None:
    def spoil(body: Json) -> None:
        repository = properties(body, REPOSITORY, "RegistryCollector")
        repository["EncryptionConfiguration"] = {"EncryptionType": "AES256"}

    assert real.caught("registry", spoil) == {(RULE.id, "RegistryCollector")}
