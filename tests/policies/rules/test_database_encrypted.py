"""database-encrypted."""

import pytest

from policies.rules.database_encrypted import RULE
from tests.policies.rules.databases import NOTHING, caught, data, instance, said, said_of_replica
from tests.policies.rules.harness import OPEN, Json, Real, template, verdicts

PLAIN = "StorageEncrypted is not true: the storage can be read without any key"
FOREIGN = "arn:aws:kms:us-east-2:111122223333:key/other"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({}, "pass"),
        ({"EnablePerformanceInsights": False, "PerformanceInsightsKMSKeyId": None}, "pass"),
        ({"StorageEncrypted": False}, PLAIN),
        ({"StorageEncrypted": None}, PLAIN),
        ({"KmsKeyId": None}, "KmsKeyId is None, not a key of this environment"),
        ({"KmsKeyId": FOREIGN}, f"KmsKeyId is {FOREIGN}, not a key of this environment"),
        ({"KmsKeyId": "alias/aws/rds"}, "KmsKeyId is alias/aws/rds, not a key of this environment"),
        (
            {"PerformanceInsightsKMSKeyId": None},
            "PerformanceInsightsKMSKeyId is None, not a key of this environment",
        ),
        (
            {
                "EnablePerformanceInsights": None,
                "DatabaseInsightsMode": "advanced",
                "PerformanceInsightsKMSKeyId": FOREIGN,
            },
            f"PerformanceInsightsKMSKeyId is {FOREIGN}, not a key of this environment",
        ),
        (
            {"KmsKeyId": OPEN},
            "KmsKeyId: ${SomeParameter} is open: the parameter SomeParameter is given when it is "
            "deployed",
        ),
    ],
)
def test_a_key_of_the_environment_encrypts_all_of_it(changed: Json, message: str) -> None:
    assert said(RULE, **changed) == message


def test_a_key_may_be_named_by_its_alias() -> None:
    alias = {
        "Type": "AWS::KMS::Alias",
        "Properties": {"AliasName": "alias/mine", "TargetKeyId": {"Ref": "Key"}},
    }
    arn = "arn:aws:kms:us-east-2:111122223333:alias/mine"
    for named in ("alias/mine", arn, {"Ref": "Alias"}):
        assert verdicts(RULE, data(instance(KmsKeyId=named), Alias=alias))["Database"] == "pass"


def test_a_key_of_another_region_is_of_no_use() -> None:
    """Nor does one that the other region's stack exports."""
    alias = {"AliasName": "alias/far", "TargetKeyId": {"Ref": "Elsewhere"}}
    keys = {
        "Elsewhere": {"Type": "AWS::KMS::Key"},
        "Alias": {"Type": "AWS::KMS::Alias", "Properties": alias},
    }
    exported = {"Key": {"Value": {"Ref": "Elsewhere"}, "Export": {"Name": "elsewhere"}}}
    satellite = template("backup-copy", keys, region="us-west-2", Outputs=exported)

    def said(key: object) -> str:
        return verdicts(RULE, data(instance(KmsKeyId=key)), satellite)["Database"]

    for named in ("alias/far", "arn:aws:kms:us-west-2:111122223333:alias/far"):
        assert said(named) == f"KmsKeyId is {named}, not a key of this environment"
    assert "no stack given exports elsewhere" in said({"Fn::ImportValue": "elsewhere"})


def test_a_replica_takes_the_key_of_its_source() -> None:
    assert said_of_replica(RULE) == "pass"
    assert said_of_replica(RULE, SourceDBInstanceIdentifier="other") == (
        "it takes the key of an instance that is in no template"
    )


def test_other_resources_are_not_looked_at() -> None:
    assert verdicts(RULE, template("data", {})) == {None: NOTHING}


def test_only_this_rule_sees_aws_own_key(real: Real) -> None:
    assert caught(real, KmsKeyId="alias/aws/rds") == {(RULE.id, "DatabaseInstance")}


def test_a_copy_of_another_accounts_brings_its_own_encryption() -> None:
    ours, theirs = (f"arn:aws:rds:us-east-2:{n}:snapshot:x" for n in ("111122223333", "9" * 12))
    assert said(RULE, DBSnapshotIdentifier=ours) == "pass"
    assert said(RULE, DBSnapshotIdentifier="no:arn:at:all") == "pass"
    assert said(RULE, DBSnapshotIdentifier=theirs) == (
        "DBSnapshotIdentifier is of another account, and brings its own encryption, or none"
    )
