"""Migrations have their snapshots, and old ones go (ROVN-MIG-2)."""

from datetime import timedelta
from typing import Any

from runbook.operators.history import SUCCESSFUL, History
from runbook.verification.check import checks_that
from runbook.verification.finding import Inspection
from runbook.verification.live import Live, LiveResource
from runbook.verification.remembered import remembered

Json = Any
# As the gate tags them (runbook_constructs/release_gate/handler/snapshots.py).
PURPOSE = {"Key": "runbook:purpose", "Value": "pre-deploy"}
# The janitor comes once a day.
_LATE = timedelta(days=3)


@checks_that("pre-deploy snapshots", "ROVN-MIG-2")
def snapshots(live: Live, inspection: Inspection) -> None:
    """Want the snapshot of each migration that ECS remembers, and none kept for too long."""
    for database in live.of_type("AWS::RDS::DBInstance"):
        with inspection.looking_at(f"snapshots of {database.id}"):
            taken = {each["DBSnapshotIdentifier"]: each for each in _taken(database)}
            _expected(live, taken, inspection)
            for name, snapshot in taken.items():
                _of_snapshot(live, name, snapshot, inspection)


def _taken(database: LiveResource) -> list[Json]:
    pages = (
        database.client("rds")
        .get_paginator("describe_db_snapshots")
        .paginate(DBInstanceIdentifier=database.id, SnapshotType="manual")
    )
    found = [each for page in pages for each in page["DBSnapshots"]]
    return [each for each in found if PURPOSE in each.get("TagList", [])]


def _expected(live: Live, taken: dict[str, Json], inspection: Inspection) -> None:
    """Compare with what the gate says that it took; ECS remembers 90 days of deployments."""
    days = timedelta(days=live.environment.database.pre_deploy_snapshot_days)
    for key, service in live.environment.services.items():
        if service.gate is None:
            continue  # nothing takes one: a rolling service calls no hooks
        history = History(live.account, key)
        for past in remembered(live, key):
            told = history.told_by_the_gate(past)
            if told.unknown and past.status == SUCCESSFUL:
                what = f"whether {past.id} came with migrations is not known: {told.unknown}"
                inspection.unverified(f"service {key}", what, "look at its execution")
            name = told.snapshot
            if name and name not in taken and live.now - past.created < days:
                what = f"the gate took it before the migrations of {past.id}: it is gone"
                fix = "see CloudTrail who deleted it (DeleteDBSnapshot)"
                inspection.breach(f"snapshot {name}", what, fix)


def _of_snapshot(live: Live, name: str, snapshot: Json, inspection: Inspection) -> None:
    where = f"snapshot {name}"
    inspection.looked += 1
    if snapshot.get("Status") not in ("available", "creating"):
        what = f"it is {snapshot.get('Status')}: nothing can be restored from it"
        inspection.breach(where, what, "take another one before the next migration")
    if not snapshot.get("Encrypted"):
        inspection.breach(where, "it is not encrypted", "copy it under the key, then delete it")
    kept = live.environment.database.pre_deploy_snapshot_days
    created = snapshot.get("SnapshotCreateTime")
    if created and live.now - created > timedelta(days=kept) + _LATE:
        what = f"it is older than {kept} days: nobody takes old ones away"
        fix = "look at the log of the function that does so, the snapshots' janitor"
        inspection.breach(where, what, fix)
