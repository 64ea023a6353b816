"""Snapshots of a rehearsal: who may restore one, and ones that are older than the rehearsal.

ministack does not know with whom a snapshot is shared. And nobody waits ninety days: a snapshot
whose tags say so is that many days old, or one that RDS took by itself; its tags stay as given.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.emulator.patching import PATCHES, Function

RDS = "ministack.services.rds"
# Tags by which a drill asks for a snapshot of the past.
AGE_TAG, TYPE_TAG = "rehearsal:age-days", "rehearsal:type"
SHARED = "_restorable_by"
Answer = tuple[int, dict[str, str], bytes]
Parameters = dict[str, Any]

PATCHES.needs(RDS, "_ACTION_MAP", "_error", "_p", "_snapshots", "_xml")


def install() -> None:
    """Answer the two calls that ministack lacks."""
    from ministack.services import rds

    rds._ACTION_MAP["DescribeDBSnapshotAttributes"] = describe_attributes
    rds._ACTION_MAP["ModifyDBSnapshotAttribute"] = modify_attribute


@PATCHES.wrap(RDS, "_ACTION_MAP", entry="CreateDBSnapshot", parameters=("p",))
def create(original: Function, given: Parameters) -> Answer:
    """Take a snapshot, and let it be as old as its tags say."""
    from ministack.services import rds

    answer: Answer = original(given)
    if answer[0] == 200:
        record = rds._snapshots[rds._p(given, "DBSnapshotIdentifier")]
        tags = {tag["Key"]: tag["Value"] for tag in record["TagList"]}
        made = datetime.now(UTC) - timedelta(days=float(tags.get(AGE_TAG, 0)))
        told = made.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        record.update(SnapshotCreateTime=told, OriginalSnapshotCreateTime=told)
        record["SnapshotType"] = tags.get(TYPE_TAG, record["SnapshotType"])
    return answer


def describe_attributes(given: Parameters) -> Answer:
    """Say which accounts may restore a snapshot."""
    from ministack.services import rds

    name = rds._p(given, "DBSnapshotIdentifier")
    if name not in rds._snapshots:
        return _not_found(name)
    return _attributes("DescribeDBSnapshotAttributes", name)


def modify_attribute(given: Parameters) -> Answer:
    """Let accounts restore a snapshot, or no longer."""
    from ministack.services import rds

    name = rds._p(given, "DBSnapshotIdentifier")
    if name not in rds._snapshots:
        return _not_found(name)
    if rds._p(given, "AttributeName") != "restore":
        refused: Answer = rds._error("InvalidParameterValue", "The attribute is not known.", 400)
        return refused
    record = rds._snapshots[name]
    added, removed = (
        {value for key, [value] in given.items() if key.startswith(f"{list_}.")}
        for list_ in ("ValuesToAdd", "ValuesToRemove")
    )
    record[SHARED] = sorted((set(record.get(SHARED, [])) | added) - removed)
    return _attributes("ModifyDBSnapshotAttribute", name)


def _attributes(action: str, name: str) -> Answer:
    from ministack.services import rds

    values = "".join(
        f"<AttributeValue>{account}</AttributeValue>"
        for account in rds._snapshots[name].get(SHARED, [])
    )
    told: Answer = rds._xml(
        200,
        f"{action}Response",
        f"<{action}Result><DBSnapshotAttributesResult>"
        f"<DBSnapshotIdentifier>{name}</DBSnapshotIdentifier>"
        "<DBSnapshotAttributes><DBSnapshotAttribute><AttributeName>restore</AttributeName>"
        f"<AttributeValues>{values}</AttributeValues>"
        "</DBSnapshotAttribute></DBSnapshotAttributes>"
        f"</DBSnapshotAttributesResult></{action}Result>",
    )
    return told


def _not_found(name: str) -> Answer:
    from ministack.services import rds

    told: Answer = rds._error("DBSnapshotNotFound", f"DBSnapshot {name} was not found.", 404)
    return told
