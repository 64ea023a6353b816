"""The database can be brought back: to a moment ago here, and to not long ago elsewhere."""

from datetime import datetime, timedelta
from typing import Any

from runbook.verification.check import checks_that
from runbook.verification.finding import Inspection
from runbook.verification.live import Live, LiveResource

# RDS uploads transaction logs every 5 minutes; a copy in another region follows a little later.
LATEST_HERE = timedelta(minutes=15)
LATEST_THERE = timedelta(hours=1)
_DATABASE = "AWS::RDS::DBInstance"
# Of the states that RDS names, those in which a database serves and is backed up.
_SERVES = frozenset(
    {
        "available",
        "backing-up",
        "configuring-enhanced-monitoring",
        "configuring-iam-database-auth",
        "configuring-log-exports",
        "maintenance",
        "modifying",
        "renaming",
        "resetting-master-credentials",
        "storage-config-upgrade",
        "storage-initialization",
        "storage-optimization",
        "upgrading",
    }
)


@checks_that("point-in-time recovery", "ROVN-BCK-1")
def recovery(live: Live, inspection: Inspection) -> None:
    """Want databases available, and restorable to a few minutes ago."""
    for database in live.of_type(_DATABASE):
        with inspection.looking_at(database.where):
            told = _described(database)
            if told["DBInstanceStatus"] not in _SERVES:
                fix = "wait, or look at its events: aws rds describe-events"
                inspection.unverified(database.where, f"it is {told['DBInstanceStatus']}", fix)
            if told["BackupRetentionPeriod"] == 0:
                continue  # no backups at all is a difference from the template
            fix = "look at the database's events and at its key: backups may have stopped"
            _age(inspection, database.where, told.get("LatestRestorableTime"), live.now, fix)


@checks_that("backups elsewhere", "ROVN-DR-1")
def copies(live: Live, inspection: Inspection) -> None:
    """Want automated backups of the database in the second region, and following."""
    region = live.environment.database.backup_copy_region
    for database in live.of_type(_DATABASE):
        with inspection.looking_at(f"{database.where} in {region}"):
            where = f"{database.where} in {region}"
            rds = database.stack.place.elsewhere(region).client("rds")
            arn = _described(database)["DBInstanceArn"]
            found = [
                each
                for page in rds.get_paginator("describe_db_instance_automated_backups").paginate()
                for each in page["DBInstanceAutomatedBackups"]
                if each.get("DBInstanceArn") == arn
            ]
            fix = (
                f"aws rds start-db-instance-automated-backups-replication --region {region} "
                f"--source-db-instance-arn {arn}, with the key of docs/decisions/0013"
            )
            if not found:
                inspection.breach(where, "there is no copy of its automated backups", fix)
                continue
            if found[0].get("Status") != "replicating":
                inspection.breach(where, f"the copy is {found[0].get('Status')}", fix)
            latest = found[0].get("RestoreWindow", {}).get("LatestTime")
            _age(inspection, where, latest, live.now, fix, LATEST_THERE)


def _described(database: LiveResource) -> dict[str, Any]:
    rds = database.client("rds")
    told: dict[str, Any] = rds.describe_db_instances(DBInstanceIdentifier=database.id)
    [found] = told["DBInstances"]
    return dict(found)


def _age(
    inspection: Inspection,
    where: str,
    latest: datetime | None,
    now: datetime,
    fix: str,
    most: timedelta = LATEST_HERE,
) -> None:
    if latest is None:
        inspection.unverified(where, "RDS does not tell to which moment it can be restored", fix)
    elif now - latest > most:
        minutes = int((now - latest).total_seconds() // 60)
        what = f"it can be restored to {latest:%Y-%m-%d %H:%M} UTC only, {minutes} minutes ago"
        inspection.breach(where, what, fix)
