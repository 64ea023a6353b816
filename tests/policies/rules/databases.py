"""A database that every rule accepts, to spoil in one place."""

from policies.rule import Rule
from policies.templates.assembly import Template
from tests.policies.rules.harness import Json, Real, properties, template, verdicts

# What a rule says where there is no database.
NOTHING = "rovn/production has nothing that the rule looks at"
INSTANCE, GROUP = "AWS::RDS::DBInstance", "AWS::RDS::DBParameterGroup"
# Where the copies' key is, as production's file says.
COPIES = "arn:aws:kms:us-west-2:111122223333:alias/rovn-production/database-copies"
MASTER = "{{resolve:secretsmanager:rovn/production/database-master:SecretString:password::}}"
PARAMETERS = {
    "log_error_verbosity": "terse",
    "log_min_duration_statement": "500",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "max_connections": "400",
    "rds.force_ssl": "1",
    "shared_preload_libraries": "pg_stat_statements",
}


def instance(**changed: object) -> Json:
    """Write production's instance; None takes a property away."""
    said: Json = {
        "AllocatedStorage": "100",
        "AutomaticBackupReplicationKmsKeyId": COPIES,
        "AutomaticBackupReplicationRegion": "us-west-2",
        "BackupRetentionPeriod": 30,
        "DBInstanceClass": "db.m7g.large",
        "DBInstanceIdentifier": "rovn-production-postgres",
        "DBName": "passport",
        "DBParameterGroupName": {"Ref": "Parameters"},
        "DBSubnetGroupName": {"Ref": "Subnets"},
        "DeleteAutomatedBackups": False,
        "DeletionProtection": True,
        "EnableCloudwatchLogsExports": ["postgresql", "upgrade"],
        "EnablePerformanceInsights": True,
        "Engine": "postgres",
        "EngineVersion": "17.9",
        "KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
        "MasterUserPassword": MASTER,
        "MaxAllocatedStorage": 500,
        "MonitoringInterval": 60,
        "MonitoringRoleArn": "arn:aws:iam::111122223333:role/rovn-production-database-monitoring",
        "MultiAZ": True,
        "PerformanceInsightsKMSKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
        "Port": "15432",
        "PreferredBackupWindow": "05:00-06:00",
        "PreferredMaintenanceWindow": "sun:07:00-sun:08:00",
        "PubliclyAccessible": False,
        "StorageEncrypted": True,
        "VPCSecurityGroups": [{"Fn::GetAtt": ["Group", "GroupId"]}],
    } | changed
    return {
        "Type": INSTANCE,
        "Properties": {key: value for key, value in said.items() if value is not None},
    }


def replica(**changed: object) -> Json:
    """Write a replica of it, which takes the rest from there."""
    said = {
        "DBInstanceClass": "db.m7g.large",
        "DBInstanceIdentifier": "rovn-production-postgres-replica",
        "MaxAllocatedStorage": 500,
        "MonitoringInterval": 60,
        "MonitoringRoleArn": "arn:aws:iam::111122223333:role/rovn-production-database-monitoring",
        "PubliclyAccessible": False,
        "SourceDBInstanceIdentifier": {"Ref": "Database"},
        "StorageEncrypted": True,
    } | changed
    return {"Type": INSTANCE, "Properties": said}


def data(database: Json, parameters: Json | None = None, **others: Json) -> Template:
    """Write the data stack around an instance; ``parameters`` change those of its group."""
    group = {key: v for key, v in (PARAMETERS | (parameters or {})).items() if v is not None}
    resources = {
        "Database": database,
        "Key": {"Type": "AWS::KMS::Key"},
        "Parameters": {
            "Type": GROUP,
            "Properties": {"Family": "postgres17", "Parameters": group},
        },
    }
    return template("data", resources | others)


def said(rule: Rule, parameters: Json | None = None, **changed: object) -> str:
    """Say what a rule says of the instance, changed."""
    return verdicts(rule, data(instance(**changed), parameters))["Database"]


def said_of_replica(rule: Rule, **changed: object) -> str:
    """Say what a rule says of a replica beside it, changed."""
    return verdicts(rule, data(instance(), Replica=replica(**changed)))["Replica"]


def caught(real: Real, **changed: object) -> set[tuple[str, str]]:
    """Change the real instance and tell who sees it."""
    return real.caught("data", lambda body: properties(body, INSTANCE).update(changed))


def caught_parameter(real: Real, **changed: str) -> set[tuple[str, str]]:
    """Change parameters of the real group and tell who sees it; ``__`` stands for a dot."""
    plain = {name.replace("__", "."): value for name, value in changed.items()}
    return real.caught("data", lambda body: properties(body, GROUP)["Parameters"].update(plain))
