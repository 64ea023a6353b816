"""The database: ROVN-BCK-1, ROVN-DR-1, ROVN-ALM-3's cap, and nobody let in by default."""

from typing import Any

import pytest

from runbook.model.environment import Environment
from runbook_constructs.database import PORT
from tests.assembly import Assembly, plain


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-data"


@pytest.fixture
def instance(assembly: Assembly, stack: str) -> dict[str, Any]:
    (resource,) = assembly.of_type(stack, "AWS::RDS::DBInstance").values()
    return resource


@pytest.mark.clause("ROVN-BCK-1")
def test_production_can_go_back_to_any_second_of_30_days(assembly: Assembly) -> None:
    (resource,) = assembly.of_type("rovn-production-data", "AWS::RDS::DBInstance").values()
    assert resource["Properties"]["BackupRetentionPeriod"] == 30
    assert resource["Properties"]["DeleteAutomatedBackups"] is False


@pytest.mark.clause("ROVN-DR-1")
def test_it_survives_a_zone_a_stack_and_a_hasty_hand(instance: dict[str, Any]) -> None:
    assert instance["DeletionPolicy"] == instance["UpdateReplacePolicy"] == "Retain"
    properties = instance["Properties"]
    for switch in ("MultiAZ", "DeletionProtection", "CopyTagsToSnapshot", "StorageEncrypted"):
        assert properties[switch] is True
    assert properties["PubliclyAccessible"] is False
    assert properties["AutoMinorVersionUpgrade"] is True


@pytest.mark.clause("ROVN-DR-1")
def test_its_backups_are_copied_to_another_region_under_a_key_there(
    assembly: Assembly, environment: Environment, instance: dict[str, Any]
) -> None:
    """ROVN-DR-1."""
    properties = instance["Properties"]
    copies = environment.database.backup_copy_region
    alias = f"alias/{environment.slug}/database-copies"
    assert copies != environment.region
    assert properties["AutomaticBackupReplicationRegion"] == copies
    assert properties["AutomaticBackupReplicationRetentionPeriod"] == (
        environment.database.backup_retention_days
    )
    place = f"{copies}:{environment.account}"
    assert properties["AutomaticBackupReplicationKmsKeyId"] == f"arn:aws:kms:{place}:{alias}"
    satellite = f"{environment.slug}-backup-copy"
    (found,) = assembly.of_type(satellite, "AWS::KMS::Alias").values()
    assert found["Properties"]["AliasName"] == alias
    assert assembly.environments[satellite] == f"aws://{environment.account}/{copies}"


def test_its_own_key_encrypts_storage_and_insights(
    assembly: Assembly, stack: str, instance: dict[str, Any]
) -> None:
    properties = plain(instance["Properties"])
    assert properties["KmsKeyId"] == "<DatabaseKey.Arn>"
    assert properties["PerformanceInsightsKMSKeyId"] == "<DatabaseKey.Arn>"
    key = assembly.named(stack, "AWS::KMS::Key", "DatabaseKey")["Properties"]
    assert key["EnableKeyRotation"] is True
    by_sid = {s["Sid"]: s for s in key["KeyPolicy"]["Statement"]}
    assert set(by_sid) == {"Administer", "UseThroughServices", "LendToServices"}
    lend = by_sid["LendToServices"]
    assert lend["Action"] == "kms:CreateGrant"
    assert lend["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    through = lend["Condition"]["StringEquals"]["kms:ViaService"]
    assert [service.split(".")[0] for service in through] == ["rds"]


@pytest.mark.clause("ROVN-ALM-3")
def test_parameters_force_tls_cap_connections_and_log_slow_statements(
    assembly: Assembly, environment: Environment, stack: str, instance: dict[str, Any]
) -> None:
    (group,) = assembly.of_type(stack, "AWS::RDS::DBParameterGroup").values()
    assert group["Properties"]["Family"] == "postgres17"
    parameters = group["Properties"]["Parameters"]
    # No value of a patient in the log: neither a statement's parameters nor a refused row.
    private = {
        "log_error_verbosity": "terse",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
    }
    assert parameters == private | {
        "log_min_duration_statement": str(environment.database.slow_query_ms),
        "max_connections": str(environment.database.max_connections),
        "pg_stat_statements.track": "all",
        "rds.force_ssl": "1",
        "shared_preload_libraries": "pg_stat_statements",
    }
    assert plain(instance["Properties"])["DBParameterGroupName"] == "<DatabaseParameters>"


@pytest.mark.clause("ALL-7")
def test_the_connection_budget_leaves_a_fifth_of_the_cap(environment: Environment) -> None:
    """R5.2 alarms at 80 %: a release with both colours at full scale must not get there."""
    wanted = sum(service.connections for service in environment.services.values())
    assert wanted <= 0.8 * environment.database.max_connections


def test_it_is_what_the_file_says(environment: Environment, instance: dict[str, Any]) -> None:
    database, properties = environment.database, instance["Properties"]
    assert (properties["Engine"], properties["EngineVersion"]) == (
        "postgres",
        database.engine_version,
    )
    assert properties["DBInstanceClass"] == database.instance_class
    assert properties["DBName"] == database.database_name
    assert properties["Port"] == str(PORT)
    assert properties["PreferredBackupWindow"] == database.backup_window
    assert properties["PreferredMaintenanceWindow"] == database.maintenance_window


def test_storage_grows_by_itself(environment: Environment, instance: dict[str, Any]) -> None:
    properties = instance["Properties"]
    assert properties["AllocatedStorage"] == str(environment.database.allocated_storage_gb)
    assert properties["MaxAllocatedStorage"] == environment.database.max_allocated_storage_gb
    assert properties["StorageType"] == "gp3"


def test_logs_are_exported_into_groups_that_are_encrypted_and_kept(
    assembly: Assembly, environment: Environment, stack: str, instance: dict[str, Any]
) -> None:
    name = f"{environment.slug}-postgres"
    assert instance["Properties"]["DBInstanceIdentifier"] == name
    assert instance["Properties"]["EnableCloudwatchLogsExports"] == ["postgresql", "upgrade"]
    groups = assembly.of_type(stack, "AWS::Logs::LogGroup")
    base, findings = f"/aws/rds/instance/{name}", "phi-findings"
    assert {group["Properties"]["LogGroupName"] for group in groups.values()} == {
        f"{base}/{log}" for log in ("postgresql", "upgrade", findings)
    }
    for group in groups.values():
        retention = group["Properties"]["RetentionInDays"]
        assert retention == environment.database.log_retention_days
        assert plain(group["Properties"]["KmsKeyId"]) == "<LogsKey.Arn>"
        # What RDS writes is masked, as the service's own logs are (ROVN-LOG-1).
        masked = "DataProtectionPolicy" in group["Properties"]
        assert masked is not group["Properties"]["LogGroupName"].endswith(findings)
    # Else RDS makes its own, without key or retention.
    written = {name for name, group in groups.items() if "DataProtectionPolicy" in str(group)}
    assert len(written) == 2
    assert written <= set(instance["DependsOn"])


def test_nobody_may_connect_until_a_service_is_let_in(
    assembly: Assembly, stack: str, instance: dict[str, Any]
) -> None:
    (group,) = assembly.of_type(stack, "AWS::EC2::SecurityGroup").values()
    assert "SecurityGroupIngress" not in group["Properties"]
    assert plain(instance["Properties"]["VPCSecurityGroups"]) == ["<DatabaseGroup.GroupId>"]
    types = {resource["Type"] for resource in assembly.template(stack)["Resources"].values()}
    assert "AWS::EC2::SecurityGroupIngress" not in types


def test_it_stands_in_the_isolated_subnets(
    assembly: Assembly, stack: str, instance: dict[str, Any]
) -> None:
    own = plain(instance["Properties"]["DBSubnetGroupName"])
    assert own == "<DatabaseInstanceSubnetGroup>"
    (group,) = assembly.of_type(stack, "AWS::RDS::DBSubnetGroup").values()
    subnets = [subnet["Fn::ImportValue"] for subnet in group["Properties"]["SubnetIds"]]
    assert len(subnets) == 3
    assert all("IsolatedSubnet" in subnet for subnet in subnets)


def test_the_master_password_is_a_reference_and_nothing_else(
    assembly: Assembly, environment: Environment, stack: str, instance: dict[str, Any]
) -> None:
    """ROVN-SEC-1."""
    properties = instance["Properties"]
    assert properties["MasterUsername"] == "postgres"
    opening, secret, closing = properties["MasterUserPassword"]["Fn::Join"][1]
    assert opening == "{{resolve:secretsmanager:"
    assert closing == ":SecretString:password::}}"
    export = f"{environment.slug}-secrets:ExportsOutputRefSecretsDatabaseMaster"
    assert secret["Fn::ImportValue"].startswith(export)
    (attachment,) = assembly.of_type(stack, "AWS::SecretsManager::SecretTargetAttachment").values()
    assert attachment["Properties"]["SecretId"] == secret
    assert plain(attachment["Properties"]["TargetId"]) == "<DatabaseInstance>"
    assert attachment["Properties"]["TargetType"] == "AWS::RDS::DBInstance"
    assert "ManageMasterUserPassword" not in properties


def test_the_monitoring_role_is_for_this_account_only(
    assembly: Assembly, environment: Environment, stack: str, instance: dict[str, Any]
) -> None:
    properties = plain(instance["Properties"])
    assert properties["MonitoringInterval"] == 60
    assert properties["MonitoringRoleArn"] == "<DatabaseMonitoringRole.Arn>"
    assert properties["EnablePerformanceInsights"] is True
    (role,) = assembly.of_type(stack, "AWS::IAM::Role").values()
    (managed,) = plain(role["Properties"]["ManagedPolicyArns"])
    assert managed.endswith(":iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole")
    (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "monitoring.rds.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": environment.account}}
