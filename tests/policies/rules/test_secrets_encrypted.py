"""secrets-encrypted."""

import pytest

from policies.rules.secrets_encrypted import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a type
NOTHING = "rovn/production has nothing that the rule looks at"


def said(**given: object) -> str:
    resources = {
        "It": {"Type": SECRET, "Properties": given},
        "Key": {"Type": "AWS::KMS::Key"},
    }
    return verdicts(RULE, template("secrets", resources))["It"]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ({"Fn::GetAtt": ["Key", "Arn"]}, "pass"),
        ({"Ref": "Key"}, "pass"),
        (None, "KmsKeyId is None, not a key of this environment"),
        (
            "alias/aws/secretsmanager",
            "KmsKeyId is alias/aws/secretsmanager, not a key of this environment",
        ),
        (
            OPEN,
            "KmsKeyId: ${SomeParameter} is open: the parameter SomeParameter is given when it is "
            "deployed",
        ),
    ],
)
def test_a_key_of_the_environment_encrypts_it(key: object, message: str) -> None:
    assert said(KmsKeyId=key) == message


def test_awss_default_fails() -> None:
    assert said() == "KmsKeyId is None, not a key of this environment"


def test_other_resources_are_not_looked_at() -> None:
    found = verdicts(RULE, template("secrets", {"Key": {"Type": "AWS::KMS::Key"}}))
    assert found == {None: NOTHING}


def test_only_this_rule_sees_awss_own_key(real: Real) -> None:
    def spoil(body: Json) -> None:
        del properties(body, SECRET, "SecretsAdminToken")["KmsKeyId"]

    assert real.caught("secrets", spoil) == {(RULE.id, "SecretsAdminToken")}
