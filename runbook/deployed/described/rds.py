"""Amazon RDS."""

from __future__ import annotations

from typing import Any

from runbook.deployed.description import (
    Description,
    NotThereError,
    Resource,
    describes,
    present,
    selected,
)
from runbook.deployed.intrinsics import UnresolvableError


@describes("AWS::RDS::DBInstance")
def instance(resource: Resource) -> Description:
    """Read a database, and its automated backups in another region."""
    rds, name = resource.client("rds"), resource.physical_id
    try:
        [found] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    except rds.exceptions.DBInstanceNotFoundFault:
        raise NotThereError(f"no database {name}") from None
    groups = [group["DBParameterGroupName"] for group in found["DBParameterGroups"]]
    properties = {
        **selected(
            found,
            "AllocatedStorage",
            "AutoMinorVersionUpgrade",
            "BackupRetentionPeriod",
            "CopyTagsToSnapshot",
            "DBInstanceClass",
            "DBInstanceIdentifier",
            "DBName",
            "DeletionProtection",
            "Engine",
            "EngineVersion",
            "KmsKeyId",
            "MasterUsername",
            "MaxAllocatedStorage",
            "MonitoringInterval",
            "MonitoringRoleArn",
            "MultiAZ",
            "PerformanceInsightsRetentionPeriod",
            "PreferredBackupWindow",
            "PreferredMaintenanceWindow",
            "PubliclyAccessible",
            "StorageEncrypted",
            "StorageType",
        ),
        **_kept_password(found),
        **_replicated_backups(resource, found),
        "DBParameterGroupName": ", ".join(groups),
        "DBSubnetGroupName": found["DBSubnetGroup"]["DBSubnetGroupName"],
        "EnableCloudwatchLogsExports": found.get("EnabledCloudwatchLogsExports", []),
        "EnableIAMDatabaseAuthentication": found["IAMDatabaseAuthenticationEnabled"],
        "EnablePerformanceInsights": found["PerformanceInsightsEnabled"],
        "PerformanceInsightsKMSKeyId": found.get("PerformanceInsightsKMSKeyId"),
        "Port": found["Endpoint"]["Port"],
        "SourceDBInstanceIdentifier": _source(resource, found),
        "Tags": found["TagList"],
        "VPCSecurityGroups": [group["VpcSecurityGroupId"] for group in found["VpcSecurityGroups"]],
    }
    attributes = {
        "DBInstanceArn": found["DBInstanceArn"],
        "DbiResourceId": found["DbiResourceId"],
        "Endpoint.Address": found["Endpoint"]["Address"],
        "Endpoint.Port": str(found["Endpoint"]["Port"]),
        "MasterUserSecret.SecretArn": found.get("MasterUserSecret", {}).get("SecretArn"),
    }
    unordered = frozenset({"EnableCloudwatchLogsExports", "VPCSecurityGroups"})
    return Description(present(properties), present(attributes), unordered)


def _source(resource: Resource, found: dict[str, Any]) -> str | None:
    """Return what a replica follows in the form that it was declared in: ARN or name."""
    source: str | None = found.get("ReadReplicaSourceDBInstanceIdentifier")
    declared = str(resource.declared_if_any("SourceDBInstanceIdentifier"))
    if source and declared.startswith("arn:") and not source.startswith("arn:"):
        return f"{found['DBInstanceArn'].rsplit(':', 1)[0]}:{source}"
    return source or None


def _kept_password(found: dict[str, Any]) -> dict[str, Any]:
    """Read whether RDS keeps the master's password itself, and under which key."""
    secret = found.get("MasterUserSecret")
    if not secret:
        return {}
    return {"ManageMasterUserPassword": True, "MasterUserSecret": selected(secret, "KmsKeyId")}


def _replicated_backups(resource: Resource, found: dict[str, Any]) -> dict[str, Any]:
    """Read the automated backups in the one region that they can be replicated to."""
    replications = found.get("DBInstanceAutomatedBackupsReplications", [])
    if len(replications) != 1:
        return {}
    arn = replications[0]["DBInstanceAutomatedBackupsArn"]
    there = resource.place.elsewhere(arn.split(":")[3])
    [backups] = there.client("rds").describe_db_instance_automated_backups(
        DBInstanceAutomatedBackupsArn=arn
    )["DBInstanceAutomatedBackups"]
    key = backups.get("KmsKeyId")
    try:
        declared = resource.declared("AutomaticBackupReplicationKmsKeyId")
    except (KeyError, UnresolvableError):
        declared = None
    if ":alias/" in str(declared):
        # RDS tells the key itself.
        kms = there.client("kms")
        try:
            meant = kms.describe_key(KeyId=declared)["KeyMetadata"]["Arn"]
        except kms.exceptions.NotFoundException:
            meant = None
        key = declared if key == meant else key
    return {
        "AutomaticBackupReplicationKmsKeyId": key,
        "AutomaticBackupReplicationRegion": there.region,
        "AutomaticBackupReplicationRetentionPeriod": backups["BackupRetentionPeriod"],
    }


@describes("AWS::RDS::DBParameterGroup")
def parameter_group(resource: Resource) -> Description:
    """Read a parameter group, the values that are not the engine's own, and its tags."""
    rds, name = resource.client("rds"), resource.physical_id
    try:
        answer = rds.describe_db_parameter_groups(DBParameterGroupName=name)
    except rds.exceptions.DBParameterGroupNotFoundFault:
        raise NotThereError(f"no parameter group {name}") from None
    [found] = answer["DBParameterGroups"]
    pages = rds.get_paginator("describe_db_parameters").paginate(
        DBParameterGroupName=name, Source="user"
    )
    parameters = {
        parameter["ParameterName"]: parameter.get("ParameterValue")
        for page in pages
        for parameter in page["Parameters"]
    }
    properties = {
        "DBParameterGroupName": name,
        "Description": found["Description"],
        "Family": found["DBParameterGroupFamily"],
        "Parameters": present(parameters),
        "Tags": _tags(resource, found["DBParameterGroupArn"]),
    }
    return Description(properties, {"DBParameterGroupName": name})


@describes("AWS::RDS::DBSubnetGroup")
def subnet_group(resource: Resource) -> Description:
    """Read a subnet group and its tags."""
    rds, name = resource.client("rds"), resource.physical_id
    try:
        [found] = rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"]
    except rds.exceptions.DBSubnetGroupNotFoundFault:
        raise NotThereError(f"no subnet group {name}") from None
    properties = {
        **selected(found, "DBSubnetGroupDescription", "DBSubnetGroupName"),
        "SubnetIds": [subnet["SubnetIdentifier"] for subnet in found["Subnets"]],
        "Tags": _tags(resource, found["DBSubnetGroupArn"]),
    }
    return Description(properties, unordered=frozenset({"SubnetIds"}))


def _tags(resource: Resource, arn: str) -> list[dict[str, str]]:
    tags: list[dict[str, str]] = resource.client("rds").list_tags_for_resource(ResourceName=arn)[
        "TagList"
    ]
    return tags
