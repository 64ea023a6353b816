"""Database and secret types that the adapters complete: created, updated, and deleted."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from sandbox.endpoint import Endpoint
from tests.sandbox.adapted_types import TAGS
from tests.sandbox.test_emulated_stacks import Stack, endpoint

__all__ = ["endpoint"]  # the fixture: an emulator of this module's own

pytestmark = pytest.mark.sandbox

COPIES = "us-west-2"
ALIAS = f"arn:aws:kms:{COPIES}:111122223333:alias/copies"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}],
}
TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Secret": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {
                "Name": "app/master",
                "Description": "before",
                "GenerateSecretString": {
                    "ExcludePunctuation": True,
                    "GenerateStringKey": "password",
                    "PasswordLength": 40,
                    "SecretStringTemplate": '{"username": "postgres"}',
                },
                "Tags": TAGS,
            },
        },
        "Token": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {"GenerateSecretString": {}},
        },
        "Policy": {
            "Type": "AWS::SecretsManager::ResourcePolicy",
            "Properties": {"SecretId": {"Ref": "Secret"}, "ResourcePolicy": POLICY},
        },
        "Parameters": {
            "Type": "AWS::RDS::DBParameterGroup",
            "Properties": {
                "Description": "d",
                "Family": "postgres17",
                "Parameters": {"max_connections": 200, "work_mem": "8MB"},
                "Tags": TAGS,
            },
        },
        "Database": {
            "Type": "AWS::RDS::DBInstance",
            "Properties": {
                "AllocatedStorage": "20",
                "AutomaticBackupReplicationKmsKeyId": ALIAS,
                "AutomaticBackupReplicationRegion": COPIES,
                "AutomaticBackupReplicationRetentionPeriod": 5,
                "DBInstanceClass": "db.t4g.micro",
                "DBInstanceIdentifier": "app",
                "DBParameterGroupName": {"Ref": "Parameters"},
                "DeletionProtection": True,
                "EnableCloudwatchLogsExports": ["postgresql", "upgrade"],
                "EnablePerformanceInsights": True,
                "Engine": "postgres",
                "MasterUserPassword": {
                    "Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString:password}}"
                },
                "MasterUsername": "postgres",
                "PerformanceInsightsRetentionPeriod": 7,
                "Tags": TAGS,
            },
        },
        "Attachment": {
            "Type": "AWS::SecretsManager::SecretTargetAttachment",
            "Properties": {
                "SecretId": {"Ref": "Secret"},
                "TargetId": {"Ref": "Database"},
                "TargetType": "AWS::RDS::DBInstance",
            },
        },
    },
    "Outputs": {"Port": {"Value": {"Fn::GetAtt": ["Database", "Endpoint.Port"]}}},
}
UNTOLD = ["MasterUserPassword"]


def changed() -> dict[str, Any]:
    """Return the template with other settings of everything."""
    template = copy.deepcopy(TEMPLATE)
    properties = {name: each["Properties"] for name, each in template["Resources"].items()}
    for name in ("Secret", "Parameters", "Database"):
        properties[name]["Tags"] = [{"Key": "owner", "Value": "security"}]
    properties["Secret"]["Description"] = "after"
    properties["Policy"]["ResourcePolicy"] = {**POLICY, "Id": "after"}
    properties["Parameters"]["Parameters"] = {"max_connections": 300}
    properties["Database"] |= {
        "AutomaticBackupReplicationRetentionPeriod": 9,
        "EnableCloudwatchLogsExports": ["upgrade"],
        "PerformanceInsightsRetentionPeriod": 31,
    }
    return template


def unreplicated() -> dict[str, Any]:
    template = changed()
    properties = template["Resources"]["Database"]["Properties"]
    for name in [name for name in properties if name.startswith("AutomaticBackup")]:
        del properties[name]
    properties["DeletionProtection"] = False
    del template["Resources"]["Attachment"]
    template["Resources"]["Policy"]["Properties"]["SecretId"] = {"Ref": "Token"}
    return template


@pytest.fixture(scope="module")
def copies(endpoint: Endpoint) -> Endpoint:
    """Return the other region, with a key for the copies of backups."""
    there = Endpoint(endpoint.url, endpoint.account, COPIES)
    kms = there.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/copies", TargetKeyId=key)
    return there


def test_a_stacks_whole_life(endpoint: Endpoint, copies: Endpoint) -> None:
    rds, secretsmanager = endpoint.client("rds"), endpoint.client("secretsmanager")
    stack = Stack(endpoint, "data")

    assert untold(stack, TEMPLATE, "create") == UNTOLD
    before = {name: stack.physical_id(name) for name in TEMPLATE["Resources"]}
    secret = before["Secret"]
    made = json.loads(secretsmanager.get_secret_value(SecretId=secret)["SecretString"])
    assert made.keys() >= {"dbInstanceIdentifier", "host", "password", "port", "username"}
    assert len(made["password"]) == 40
    assert made["password"].isalnum()

    assert untold(stack, changed(), "update") == UNTOLD
    assert {name: stack.physical_id(name) for name in before} == before, "all in place"
    assert json.loads(secretsmanager.get_secret_value(SecretId=secret)["SecretString"]) == made

    stack.cloudformation.delete_stack(StackName=stack.name)
    with pytest.raises(WaiterError, match="DELETE_FAILED"):
        stack._wait("stack_delete_complete")
    [database] = rds.describe_db_instances()["DBInstances"]
    assert database["DBInstanceStatus"] == "available", "protected"

    rds.modify_db_instance(
        DBInstanceIdentifier="app", DeletionProtection=False, ApplyImmediately=True
    )
    stack.delete()
    assert rds.describe_db_instances()["DBInstances"] == []
    assert secretsmanager.list_secrets()["SecretList"] == []


def test_what_a_template_drops_is_undone(endpoint: Endpoint, copies: Endpoint) -> None:
    rds, secretsmanager = endpoint.client("rds"), endpoint.client("secretsmanager")
    stack = Stack(endpoint, "undone")
    assert untold(stack, changed(), "create") == UNTOLD
    assert untold(stack, unreplicated(), "update") == UNTOLD
    [database] = rds.describe_db_instances()["DBInstances"]
    assert database["DBInstanceAutomatedBackupsReplications"] == []
    there = copies.client("rds")
    assert there.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"] == []
    secret, token = stack.physical_id("Secret"), stack.physical_id("Token")
    left = json.loads(secretsmanager.get_secret_value(SecretId=secret)["SecretString"])
    assert left.keys() == {"password", "username"}
    assert "ResourcePolicy" not in secretsmanager.get_resource_policy(SecretId=secret)
    assert "ResourcePolicy" in secretsmanager.get_resource_policy(SecretId=token)
    stack.delete()
    assert rds.describe_db_instances()["DBInstances"] == []


def test_replication_of_no_database_is_refused(endpoint: Endpoint) -> None:
    rds = endpoint.client("rds")
    nobody = f"arn:aws:rds:us-west-2:{endpoint.account}:db:nobody"
    for operation in ("start", "stop"):
        call = getattr(rds, f"{operation}_db_instance_automated_backups_replication")
        with pytest.raises(rds.exceptions.DBInstanceNotFoundFault):
            call(SourceDBInstanceArn=nobody)


def test_a_database_made_by_hand_needs_no_docker(endpoint: Endpoint) -> None:
    rds = endpoint.client("rds")
    made = rds.create_db_instance(
        DBInstanceIdentifier="by-hand",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        MasterUsername="postgres",
        MasterUserPassword="by-hand-too",
        AllocatedStorage=20,
    )
    # Where ministack starts a container it says `creating`.
    assert made["DBInstance"]["DBInstanceStatus"] == "available"
    rds.reboot_db_instance(DBInstanceIdentifier="by-hand")
    patience = {"Delay": 1, "MaxAttempts": 60}
    rds.get_waiter("db_instance_available").wait(
        DBInstanceIdentifier="by-hand", WaiterConfig=patience
    )
    rds.delete_db_instance(DBInstanceIdentifier="by-hand", SkipFinalSnapshot=True)
    assert rds.describe_db_instances()["DBInstances"] == []


def untold(stack: Stack, template: dict[str, Any], kind: str) -> list[str]:
    """Deploy, and return the properties that no call tells; anything else must be as declared."""
    return [difference.property for difference in stack.deploy(template, kind)]


FOLLOWED: dict[str, Any] = {
    "Resources": {
        "First": {
            "Type": "AWS::RDS::DBInstance",
            "Properties": {
                "AllocatedStorage": "20",
                "DBInstanceClass": "db.t4g.micro",
                "DBInstanceIdentifier": "first",
                "Engine": "postgres",
                "EngineVersion": "17.5",
                "ManageMasterUserPassword": True,
                "MasterUserSecret": {"KmsKeyId": "arn:aws:kms:us-east-2:111122223333:key/kept"},
                "MasterUsername": "postgres",
            },
        },
        "Second": {
            "Type": "AWS::RDS::DBInstance",
            "Properties": {
                "DBInstanceClass": "db.t4g.micro",
                "DBInstanceIdentifier": "second",
                "SourceDBInstanceIdentifier": {"Fn::GetAtt": ["First", "DBInstanceArn"]},
            },
        },
    },
    "Outputs": {"Secret": {"Value": {"Fn::GetAtt": ["First", "MasterUserSecret.SecretArn"]}}},
}


def test_a_replica_follows_and_rds_keeps_a_password(endpoint: Endpoint) -> None:
    rds, secretsmanager = endpoint.client("rds"), endpoint.client("secretsmanager")
    stack = Stack(endpoint, "followed")
    assert stack.deploy(FOLLOWED) == []
    [second] = rds.describe_db_instances(DBInstanceIdentifier="second")["DBInstances"]
    assert (second["Engine"], second["EngineVersion"]) == ("postgres", "17.5")
    assert second["ReadReplicaSourceDBInstanceIdentifier"] == "first"
    [first] = rds.describe_db_instances(DBInstanceIdentifier="first")["DBInstances"]
    assert first["ReadReplicaDBInstanceIdentifiers"] == ["second"]
    secret = first["MasterUserSecret"]["SecretArn"]
    kept = json.loads(secretsmanager.get_secret_value(SecretId=secret)["SecretString"])
    assert kept["username"] == "postgres"
    stack.delete()
    with pytest.raises(secretsmanager.exceptions.ResourceNotFoundException):
        secretsmanager.get_secret_value(SecretId=secret)
