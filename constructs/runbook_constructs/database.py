"""PostgreSQL that survives a zone, keeps its history, and lets nobody in by default."""

from collections.abc import Mapping
from typing import Any, cast

from aws_cdk import Aws, Duration, RemovalPolicy, SecretValue, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from runbook.model import database as model
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.encrypted_log_group import EncryptedLogGroup
from runbook_constructs.phi_log_group import PhiLogGroup
from runbook_constructs.secret_store import MASTER_USER

LOGS = ("postgresql", "upgrade")
# Not PostgreSQL's own: what knocks at 5432 everywhere finds nothing here.
PORT = 15432


class Database(Construct):
    """One PostgreSQL instance with a standby, in isolated subnets (ROVN-BCK-1, ROVN-DR-1).

    ``name`` is the instance's physical name: its log groups, encrypted and with a retention, have
    to be there before RDS makes its own. ``copy_key_arn`` encrypts the copies of its backups in
    the other region. ``monitoring_role`` names the role that RDS writes metrics with. Without
    ``master`` RDS keeps the password itself. Nobody may connect: ``security_group`` has no rule
    until a service adds one.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        database: model.Database,
        vpc: ec2.IVpc,
        master: secretsmanager.CfnSecret | None,
        key: CustomerKey,
        logs_key: CustomerKey,
        copy_key_arn: str,
        monitoring_role: str,
    ) -> None:
        super().__init__(scope, id_)
        self.name, self.key = name, key
        self.security_group = ec2.SecurityGroup(
            self,
            "Group",
            vpc=vpc,
            description="PostgreSQL, from those let in by name",
            allow_all_outbound=False,
        )
        log_groups = _log_groups(self, name, database, logs_key)
        version = rds.PostgresEngineVersion.of(
            database.engine_version, database.engine_version.split(".")[0]
        )
        self._engine = rds.DatabaseInstanceEngine.postgres(version=version)
        self._parameter_group = _parameters(self, self._engine, database)
        self._monitoring_role = _monitoring_role(self, monitoring_role)
        shared = self._shared(database, vpc, key)
        self.instance = self._instance(name, database, master, key, shared)
        if master is None:
            self._leave_password_to_rds(key)
        self._copy_backups(database, copy_key_arn)
        if database.read_replica:
            self._add_replica(f"{name}-replica", database, logs_key, shared)
        self.instance.node.add_dependency(*log_groups)

    def _instance(
        self,
        name: str,
        database: model.Database,
        master: secretsmanager.CfnSecret | None,
        key: kms.IKey,
        shared: Mapping[str, Any],
    ) -> rds.DatabaseInstance:
        return rds.DatabaseInstance(
            self,
            "Instance",
            instance_identifier=name,
            engine=self._engine,
            database_name=database.database_name,
            credentials=self._credentials(master),
            storage_encryption_key=key,
            allocated_storage=database.allocated_storage_gb,
            backup_retention=Duration.days(database.backup_retention_days),
            preferred_backup_window=database.backup_window,
            preferred_maintenance_window=database.maintenance_window,
            delete_automated_backups=False,
            **shared,
        )

    def _shared(self, database: model.Database, vpc: ec2.IVpc, key: kms.IKey) -> Mapping[str, Any]:
        """Say what the first instance and a replica have in common."""
        return {
            "instance_type": ec2.InstanceType(database.instance_class.removeprefix("db.")),
            "vpc": vpc,
            "vpc_subnets": ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            "security_groups": [self.security_group],
            "port": PORT,
            "publicly_accessible": False,
            "multi_az": True,
            "storage_type": rds.StorageType.GP3,
            "storage_encrypted": True,
            "max_allocated_storage": database.max_allocated_storage_gb,
            "copy_tags_to_snapshot": True,
            "deletion_protection": True,
            "removal_policy": RemovalPolicy.RETAIN,
            "auto_minor_version_upgrade": True,
            "iam_authentication": True,
            "cloudwatch_logs_exports": list(LOGS),
            "enable_performance_insights": True,
            "performance_insight_encryption_key": key,
            "monitoring_interval": Duration.minutes(1),
            "monitoring_role": self._monitoring_role,
            "parameter_group": self._parameter_group,
        }

    def _credentials(self, master: secretsmanager.CfnSecret | None) -> rds.Credentials:
        if master is None:
            # The L2 construct insists on one; it is taken away again below.
            nothing = SecretValue.unsafe_plain_text(Aws.NO_VALUE)
            return rds.Credentials.from_password(MASTER_USER, nothing)
        secret = secretsmanager.Secret.from_secret_complete_arn(self, "Master", master.ref)
        return rds.Credentials.from_secret(secret, MASTER_USER)

    def _leave_password_to_rds(self, key: kms.IKey) -> None:
        instance = cast(rds.CfnDBInstance, self.instance.node.default_child)
        instance.master_user_password = None
        instance.manage_master_user_password = True
        instance.master_user_secret = rds.CfnDBInstance.MasterUserSecretProperty(
            kms_key_id=key.key_arn
        )

    def _add_replica(
        self,
        name: str,
        database: model.Database,
        logs_key: CustomerKey,
        shared: Mapping[str, Any],
    ) -> None:
        """Add an instance that only reads; backups are the first one's until it is promoted.

        It stands under the first one's key: RDS refuses a key that is named within the region.
        """
        replica = rds.DatabaseInstanceReadReplica(
            self,
            "Replica",
            instance_identifier=name,
            source_database_instance=self.instance,
            **shared,
        )
        replica.node.add_dependency(*_log_groups(replica, name, database, logs_key))

    def _copy_backups(self, database: model.Database, copy_key_arn: str) -> None:
        """Copy the automated backups to the other region; the L2 construct knows no such thing."""
        instance = cast(rds.CfnDBInstance, self.instance.node.default_child)
        instance.automatic_backup_replication_region = database.backup_copy_region
        instance.automatic_backup_replication_kms_key_id = copy_key_arn
        instance.automatic_backup_replication_retention_period = database.backup_retention_days


def _log_groups(
    scope: Construct, name: str, database: model.Database, key: CustomerKey
) -> list[EncryptedLogGroup]:
    """Make what RDS would make itself, without key or retention, where it finds none.

    A slow statement may carry what it looks for in its own text: masked, like the service's logs.
    """
    base, days = f"/aws/rds/instance/{name}", database.log_retention_days
    findings = EncryptedLogGroup(
        scope, "PhiFindings", name=f"{base}/phi-findings", retention_days=days, key=key
    )
    return [
        PhiLogGroup(
            scope,
            f"{log.title()}Log",
            name=f"{base}/{log}",
            retention_days=days,
            key=key,
            findings=findings,
        )
        for log in LOGS
    ]


def _monitoring_role(scope: Construct, name: str) -> iam.Role:
    return iam.Role(
        scope,
        "MonitoringRole",
        role_name=name,
        description="Lets RDS write the operating system's metrics of this database",
        assumed_by=iam.ServicePrincipal(
            "monitoring.rds.amazonaws.com",
            conditions={"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}},
        ),
        managed_policies=[
            iam.ManagedPolicy.from_aws_managed_policy_name(
                "service-role/AmazonRDSEnhancedMonitoringRole"
            )
        ],
    )


def _parameters(
    scope: Construct, engine: rds.IInstanceEngine, database: model.Database
) -> rds.ParameterGroup:
    """Set what the runbook names, and what keeps PHI out of the logs.

    PostgreSQL's own choice writes the parameters of a slow statement, and the row that a
    constraint refuses, into the log: values of patients.
    """
    return rds.ParameterGroup(
        scope,
        "Parameters",
        engine=engine,
        description="TLS forced, connections capped, slow statements logged",
        parameters={
            "log_error_verbosity": "terse",
            "log_min_duration_statement": str(database.slow_query_ms),
            "log_parameter_max_length": "0",
            "log_parameter_max_length_on_error": "0",
            "max_connections": str(database.max_connections),
            "pg_stat_statements.track": "all",
            "rds.force_ssl": "1",
            "shared_preload_libraries": "pg_stat_statements",
        },
    )
