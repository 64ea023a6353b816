"""RDS: what ministack's databases drop, and automated backups replicated to another region.

Databases of a stack are records only: nothing starts a PostgreSQL or asks for Docker.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4
from xml.sax.saxutils import escape

from botocore.exceptions import ClientError

from sandbox.emulator.client import client
from sandbox.emulator.patching import PATCHES, Function
from sandbox.emulator.resource_types import COMPLETED, CompletedType, Properties
from sandbox.emulator.services.rds_instances import (
    attributes,
    follow_source,
    forget_password,
    keep_password,
    name_endpoint,
    secret_xml,
)

RDS = "ministack.services.rds"
Answer = tuple[int, dict[str, str], bytes]
Parameters = dict[str, Any]

LOGS = "EnabledCloudwatchLogsExports"
# What ModifyDBInstance is told and ministack drops: request field -> that of its record.
SWITCHES = {
    "AutoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "EnablePerformanceInsights": "PerformanceInsightsEnabled",
}
SETTINGS = ("PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod")
REPLICATION = "AutomaticBackupReplication"

PATCHES.needs(RDS, "_error", "_instances", "_p", "_parse_member_list")
PATCHES.needs(RDS, "_regional_get", "_resolve_instance", "_xml")
PATCHES.needs("ministack.core.responses", "get_account_id", "get_region")

# The replicated backups by their ARN: the members of a DBInstanceAutomatedBackup.
REPLICATED: dict[str, dict[str, str]] = {}


# --- AWS::RDS::DBInstance ---


def configure_instance(name: str, properties: Properties, before: Properties) -> None:
    """Apply, through RDS's own calls, what the handler leaves out."""
    name_endpoint(name)
    rds = client("rds")
    [instance] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    arn = instance["DBInstanceArn"]
    kept = {tag["Key"] for tag in properties.get("Tags", [])}
    dropped = [tag["Key"] for tag in before.get("Tags", []) if tag["Key"] not in kept]
    if dropped:
        rds.remove_tags_from_resource(ResourceName=arn, TagKeys=dropped)
    if kept:
        rds.add_tags_to_resource(ResourceName=arn, Tags=properties["Tags"])
    wanted, exported = (
        set(each.get("EnableCloudwatchLogsExports", [])) for each in (properties, before)
    )
    settings: dict[str, Any] = {
        "CloudwatchLogsExportConfiguration": {
            "EnableLogTypes": sorted(wanted),
            "DisableLogTypes": sorted(exported - wanted),
        }
    }
    if "PerformanceInsightsKMSKeyId" in properties:
        settings["PerformanceInsightsKMSKeyId"] = properties["PerformanceInsightsKMSKeyId"]
    if "PerformanceInsightsRetentionPeriod" in properties:
        days = int(properties["PerformanceInsightsRetentionPeriod"])
        settings["PerformanceInsightsRetentionPeriod"] = days
    rds.modify_db_instance(DBInstanceIdentifier=name, ApplyImmediately=True, **settings)
    replicate_backups(arn, properties, before)
    follow_source(name, properties)
    keep_password(name, properties)


def replicate_backups(arn: str, properties: Properties, before: Properties) -> None:
    """Start, stop or restart the replication of a database's automated backups."""
    wanted, present = (
        {name: value for name, value in each.items() if name.startswith(REPLICATION)}
        for each in (properties, before)
    )
    if wanted == present:
        return
    if present:
        there = client("rds", present[f"{REPLICATION}Region"])
        there.stop_db_instance_automated_backups_replication(SourceDBInstanceArn=arn)
    if wanted:
        region = wanted[f"{REPLICATION}Region"]
        settings: dict[str, Any] = {}
        if f"{REPLICATION}KmsKeyId" in wanted:
            key = client("kms", region).describe_key(KeyId=wanted[f"{REPLICATION}KmsKeyId"])
            settings["KmsKeyId"] = key["KeyMetadata"]["Arn"]
        if f"{REPLICATION}RetentionPeriod" in wanted:
            settings["BackupRetentionPeriod"] = int(wanted[f"{REPLICATION}RetentionPeriod"])
        client("rds", region).start_db_instance_automated_backups_replication(
            SourceDBInstanceArn=arn, **settings
        )


def delete_instance(name: str, _properties: Properties) -> None:
    """Delete through RDS, which refuses a protected database; ministack's handler does not."""
    from ministack.services import rds

    instance = rds._instances.get(name) or {}
    try:
        client("rds").delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
        forget_password(instance)
    except ClientError as error:
        if error.response["Error"]["Code"] != "DBInstanceNotFound":
            raise


COMPLETED["AWS::RDS::DBInstance"] = CompletedType(
    configure=configure_instance, attributes=attributes, delete=delete_instance
)


@PATCHES.wrap(RDS, "_ACTION_MAP", entry="ModifyDBInstance", parameters=("p",))
def modify_instance(original: Function, p: Parameters) -> Answer:
    """Keep the settings that ministack drops."""
    from ministack.services import rds

    instance = rds._resolve_instance(rds._p(p, "DBInstanceIdentifier"))
    if instance:
        exports = "CloudwatchLogsExportConfiguration"
        logs = set(instance.get(LOGS, []))
        logs |= set(rds._parse_member_list(p, f"{exports}.EnableLogTypes"))
        logs -= set(rds._parse_member_list(p, f"{exports}.DisableLogTypes"))
        instance[LOGS] = sorted(logs)
        for name, field in SWITCHES.items():
            if name in p:
                instance[field] = rds._p(p, name) == "true"
        instance.update({name: rds._p(p, name) for name in SETTINGS if name in p})
    answer: Answer = original(p)
    return answer


@PATCHES.wrap(RDS, "_instance_xml", parameters=("i",))
def instance_xml(original: Function, i: dict[str, Any]) -> str:
    """Answer with the settings kept, and with the replicated backups."""
    logs = "".join(f"<member>{escape(name)}</member>" for name in i.get(LOGS, []))
    replications = "".join(
        "<DBInstanceAutomatedBackupsReplication>"
        f"<DBInstanceAutomatedBackupsArn>{arn}</DBInstanceAutomatedBackupsArn>"
        "</DBInstanceAutomatedBackupsReplication>"
        for arn, backups in REPLICATED.items()
        if backups["DbiResourceId"] == i["DbiResourceId"]
    )
    text = str(original(i)).replace(f"<{LOGS}/>", f"<{LOGS}>{logs}</{LOGS}>")
    text += (
        "<DBInstanceAutomatedBackupsReplications>"
        f"{replications}</DBInstanceAutomatedBackupsReplications>"
    )
    if "PerformanceInsightsKMSKeyId" in i:
        key = escape(i["PerformanceInsightsKMSKeyId"])
        text += f"<PerformanceInsightsKMSKeyId>{key}</PerformanceInsightsKMSKeyId>"
    return text + secret_xml(i)


# --- Automated backups in another region, of which ministack has no call ---


@PATCHES.wrap(
    RDS,
    "_handle_request_sync",
    parameters=("method", "path", "headers", "body", "query_params"),
)
def handle_request(original: Function, *request: Any) -> Answer:  # noqa: ANN401 - RDS's own
    """Answer the calls that ministack lacks."""
    parameters = {name: values[0] for name, values in parse_qs(request[3].decode()).items()}
    action = ACTIONS.get(parameters.get("Action", ""))
    answer: Answer = action(parameters) if action else original(*request)
    return answer


def start_replication(parameters: Parameters) -> Answer:
    """Replicate a database's automated backups to the region of the request."""
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import rds

    source = parameters["SourceDBInstanceArn"]
    instance = rds._regional_get(rds._instances, source, "db")
    if not instance:
        refusal: Answer = rds._error("DBInstanceNotFound", f"DBInstance {source} not found.", 404)
        return refusal
    arn = f"arn:aws:rds:{get_region()}:{get_account_id()}:auto-backup:ab-{uuid4().hex}"
    backups = {
        "BackupRetentionPeriod": parameters.get("BackupRetentionPeriod", "7"),
        "DBInstanceArn": source,
        "DBInstanceAutomatedBackupsArn": arn,
        "DBInstanceIdentifier": instance["DBInstanceIdentifier"],
        "DbiResourceId": instance["DbiResourceId"],
        "Engine": instance["Engine"],
        "Region": source.split(":")[3],
        "Status": "replicating",
    }
    if "KmsKeyId" in parameters:
        backups["KmsKeyId"] = parameters["KmsKeyId"]
    REPLICATED[arn] = backups
    return _answer("StartDBInstanceAutomatedBackupsReplication", _backups_xml(backups))


def stop_replication(parameters: Parameters) -> Answer:
    """Forget the backups that were replicated to the region of the request."""
    from ministack.services import rds

    source = parameters["SourceDBInstanceArn"]
    stopped = [backups for backups in _here() if backups["DBInstanceArn"] == source]
    if not stopped:
        refusal: Answer = rds._error("DBInstanceNotFound", f"DBInstance {source} not found.", 404)
        return refusal
    for backups in stopped:
        del REPLICATED[backups["DBInstanceAutomatedBackupsArn"]]
    return _answer("StopDBInstanceAutomatedBackupsReplication", _backups_xml(stopped[0]))


def describe_replicated(parameters: Parameters) -> Answer:
    """Tell of the backups replicated to the region of the request."""
    wanted = parameters.get("DBInstanceAutomatedBackupsArn")
    found = "".join(
        _backups_xml(backups)
        for backups in _here()
        if wanted in (None, backups["DBInstanceAutomatedBackupsArn"])
    )
    list_ = f"<DBInstanceAutomatedBackups>{found}</DBInstanceAutomatedBackups>"
    return _answer("DescribeDBInstanceAutomatedBackups", list_)


def _here() -> list[dict[str, str]]:
    from ministack.core.responses import get_account_id, get_region

    here = f"arn:aws:rds:{get_region()}:{get_account_id()}:"
    return [backups for arn, backups in REPLICATED.items() if arn.startswith(here)]


def _backups_xml(backups: dict[str, str]) -> str:
    members = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in backups.items())
    return f"<DBInstanceAutomatedBackup>{members}</DBInstanceAutomatedBackup>"


def _answer(operation: str, result: str) -> Answer:
    from ministack.services import rds

    inner = f"<{operation}Result>{result}</{operation}Result>"
    answer: Answer = rds._xml(200, f"{operation}Response", inner)
    return answer


ACTIONS = {
    "DescribeDBInstanceAutomatedBackups": describe_replicated,
    "StartDBInstanceAutomatedBackupsReplication": start_replication,
    "StopDBInstanceAutomatedBackupsReplication": stop_replication,
}
