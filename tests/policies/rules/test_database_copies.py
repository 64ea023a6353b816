"""database-copies (ROVN-DR-1)."""

import pytest

from policies.rules.database_copies import RULE
from policies.templates.assembly import Template
from tests.policies.rules.databases import caught, data, instance, said, said_of_replica
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

ALIAS = "alias/rovn-production/database-copies"
THERE = "arn:aws:kms:us-west-2:111122223333:key/other"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({}, "pass"),
        ({"RetentionPeriod": 30}, "pass"),
        ({"RetentionPeriod": 7}, "copies are kept 7 days, not 30"),
        ({"Region": "eu-west-1"}, "backups are copied to eu-west-1, not us-west-2"),
        ({"Region": None}, "backups are copied to no region, not us-west-2"),
        ({"KmsKeyId": THERE}, f"the copies' key is {THERE}, not {ALIAS} in us-west-2"),
        ({"KmsKeyId": None}, f"the copies' key is None, not {ALIAS} in us-west-2"),
        (
            {"Region": OPEN},
            "AutomaticBackupReplicationRegion: ${SomeParameter} is open: the parameter "
            "SomeParameter is given when it is deployed",
        ),
    ],
)
def test_backups_are_copied(changed: Json, message: str) -> None:
    given = {f"AutomaticBackupReplication{key}": value for key, value in changed.items()}
    assert said(RULE, **given) == message


def test_a_replica_has_no_backups_to_copy() -> None:
    assert said_of_replica(RULE) == "not_applicable"


def satellite(alias: str = ALIAS, region: str = "us-west-2", key: str = "Key") -> Template:
    target = {"AliasName": alias, "TargetKeyId": {"Fn::GetAtt": [key, "Arn"]}}
    resources = {
        "Key": {"Type": "AWS::KMS::Key"},
        "Alias": {"Type": "AWS::KMS::Alias", "Properties": target},
    }
    return template("backup-copy", resources, region=region)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (satellite("alias/other"), f"rovn-production-backup-copy has no key {ALIAS}"),
        (
            satellite(key="Nothing"),
            "TargetKeyId: ${Nothing.Arn} is open: there is no Nothing",
        ),
        (satellite(key="Alias"), f"rovn-production-backup-copy has no key {ALIAS}"),
        (
            satellite(region="us-east-2"),
            "there is no stack rovn-production-backup-copy in us-west-2",
        ),
        (template("other", {}), "there is no stack rovn-production-backup-copy in us-west-2"),
    ],
)
def test_the_key_must_be_in_the_other_region(other: Template, message: str) -> None:
    assert verdicts(RULE, data(instance()), other, whole=True)[None] == message


def test_it_passes_with_the_key_in_place() -> None:
    assert verdicts(RULE, data(instance()), satellite(), whole=True) == {"Database": "pass"}


def test_only_this_rule_sees_copies_that_stopped(real: Real) -> None:
    found = caught(real, AutomaticBackupReplicationRegion="eu-west-1")
    assert found == {(RULE.id, "DatabaseInstance")}


def test_only_this_rule_sees_the_key_renamed(real: Real) -> None:
    def spoil(body: Json) -> None:
        properties(body, "AWS::KMS::Alias")["AliasName"] = "alias/other"

    assert real.caught("backup-copy", spoil) == {(RULE.id, "")}
