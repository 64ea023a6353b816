"""secrets-as-declared (ROVN-SEC-1, ROVN-SEC-3)."""

import pytest

from policies.rules.secrets_as_declared import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a type
PAGER = "rovn/production/pager-address"
NOTHING = "rovn/production has nothing that the rule looks at"


def said(**given: object) -> str:
    return verdicts(RULE, template("secrets", {"It": {"Type": SECRET, "Properties": given}}))["It"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Name": "rovn/production/admin-token"}, "pass"),
        (
            {"Name": "rovn/production/other"},
            "its name is rovn/production/other, which is not in [secrets]",
        ),
        ({"Name": "admin-token"}, "its name is admin-token, which is not in [secrets]"),
        ({}, "its name is left to AWS, which is not in [secrets]"),
        (
            {"Name": "rovn/production/admin-token", "ReplicaRegions": [{"Region": "eu-west-1"}]},
            "ReplicaRegions makes a copy in eu-west-1, where nothing of ours reads it",
        ),
        ({"Name": PAGER, "ReplicaRegions": [{"Region": "us-east-1"}]}, "pass"),
        (
            {"Name": PAGER},
            "no copy of it is in us-east-1, where probes page from: nobody is subscribed",
        ),
        (
            {"Name": PAGER, "ReplicaRegions": [{"Region": "us-east-1"}, {"Region": "eu-west-1"}]},
            "ReplicaRegions makes a copy in eu-west-1, where nothing of ours reads it",
        ),
        (
            {"Name": OPEN},
            "Name: ${SomeParameter} is open: the parameter SomeParameter is given when it is "
            "deployed",
        ),
    ],
)
def test_a_secret_is_one_of_the_files(given: Json, message: str) -> None:
    assert said(**given) == message


def test_every_secret_of_the_file_must_exist() -> None:
    one = {"Type": SECRET, "Properties": {"Name": "rovn/production/admin-token"}}
    found = verdicts(RULE, template("secrets", {"One": one}), whole=True)
    assert "there are 0 of the secret rovn/production/database-master, not one" in found[None]
    assert "admin-token" not in found[None]


def test_other_resources_are_not_looked_at() -> None:
    found = verdicts(RULE, template("secrets", {"Key": {"Type": "AWS::KMS::Key"}}))
    assert found == {None: NOTHING}


def test_only_this_rule_sees_a_copy_in_another_region(real: Real) -> None:
    def spoil(body: Json) -> None:
        secret = properties(body, SECRET, "SecretsAdminToken")
        secret["ReplicaRegions"] = [{"Region": "eu-west-1"}]

    assert real.caught("secrets", spoil) == {(RULE.id, "SecretsAdminToken")}


def test_only_this_rule_sees_a_pager_that_has_no_copy_for_the_probes(real: Real) -> None:
    def spoil(body: Json) -> None:
        del properties(body, SECRET, "SecretsPagerAddress")["ReplicaRegions"]

    assert real.caught("secrets", spoil) == {(RULE.id, "SecretsPagerAddress")}
