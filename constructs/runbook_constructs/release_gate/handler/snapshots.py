"""The snapshot before a migration (ROVN-MIG-2, ROVN-RB-3)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from .faults import DatabaseBusy, Failed, code_of
from .surroundings import client, setting

LONGEST_NAME = 255
_LONGEST_TAG = 256
PURPOSE, DEPLOYMENT = "runbook:purpose", "runbook:deployment"
# RDS takes one snapshot at a time, and none while it changes the instance.
_BUSY = ("InvalidDBInstanceState", "InvalidDBInstanceStateFault")


def name_of(service: str, file: str, started: str) -> str:
    """Name it as RDS takes it: letters, digits and single hyphens, a letter first.

    ``started`` is the UTC time at which the gate first saw the deployment, so that a step that is
    repeated names the same snapshot.
    """
    base = re.sub(r"\.sql$", "", file)
    valid = re.sub(r"[^A-Za-z0-9]+", "-", base).strip("-") or "migration"
    room = LONGEST_NAME - len(service) - len(started) - 2
    return f"{service}-{valid[:room].strip('-')}-{started}"


def take(order: Mapping[str, Any], files: Sequence[str]) -> str:
    """Take it, or find it taken by the same deployment; raises ``Failed`` when it is another's."""
    name = name_of(setting("SERVICE_NAME"), files[0], order["started"])
    rds = client("rds")
    try:
        rds.create_db_snapshot(
            DBInstanceIdentifier=setting("DATABASE"),
            DBSnapshotIdentifier=name,
            Tags=[
                {"Key": PURPOSE, "Value": "pre-deploy"},
                {"Key": "runbook:service", "Value": setting("SERVICE_NAME")},
                {"Key": DEPLOYMENT, "Value": order["deployment"]},
                {"Key": "runbook:migrations", "Value": _as_tag(files)},
            ],
        )
    except ClientError as error:
        if code_of(error) in _BUSY:
            raise DatabaseBusy(str(error)) from error
        if code_of(error) not in ("DBSnapshotAlreadyExists", "DBSnapshotAlreadyExistsFault"):
            raise
        _demand_own(name, order["deployment"])
    return name


def is_available(name: str) -> bool:
    """Say whether it can be restored from; raises ``Failed`` when it never will."""
    status = str(_described(name)["Status"])
    if status in ("failed", "deleting", "deleted"):
        raise Failed(f"snapshot {name} is {status}: nothing was migrated")
    return status == "available"


def _demand_own(name: str, deployment: str) -> None:
    tags = {tag["Key"]: tag["Value"] for tag in _described(name).get("TagList", [])}
    if tags.get(DEPLOYMENT) != deployment:
        raise Failed(f"snapshot {name} is there already, of deployment {tags.get(DEPLOYMENT)}")


def _described(name: str) -> dict[str, Any]:
    found = client("rds").describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"]
    if len(found) != 1:
        raise Failed(f"RDS does not know snapshot {name}")
    return dict(found[0])


def _as_tag(files: Sequence[str]) -> str:
    """Write the files as a tag takes them; the first ones, when they are many."""
    text = re.sub(r"[^A-Za-z0-9 _.:/=+@-]", "-", " ".join(files))
    return text if len(text) <= _LONGEST_TAG else text[: _LONGEST_TAG - 4] + " ..."
