"""Entry of the function: once a day, old snapshots of migrations go (ROVN-MIG-2)."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .choice import Rule, choose

Json = Any
_GONE = ("DBSnapshotNotFound", "DBSnapshotNotFoundFault")


class UndeletedError(Exception):
    """Some snapshots are still there that should have gone."""


def handler(event: Mapping[str, Json], context: object) -> dict[str, Json]:  # noqa: ARG001
    """Say what goes and what stays, then delete; with ``{"dry_run": true}`` only say it.

    Goes on after a failure, and raises ``UndeletedError`` at the end. Raises ``ClientError`` when
    it cannot even look, ``KeyError`` or ``ValueError`` when it is not told for whom it works.
    """
    rule = Rule(
        instance=os.environ["INSTANCE"],
        prefixes=tuple(json.loads(os.environ["PREFIXES"])),
        keep_days=int(os.environ["KEEP_DAYS"]),
    )
    if not rule.prefixes or not all(rule.prefixes) or rule.keep_days < 1:
        raise ValueError("PREFIXES or KEEP_DAYS would let every snapshot go")
    choice = choose(_snapshots(rule.instance), rule, _now(event))
    goes, shared, failed = _sorted_out(choice.goes)
    dry_run = event.get("dry_run") is True
    _say(what="plan", goes=goes, stays={**choice.stays, **shared}, dry_run=dry_run)
    if not dry_run:
        failed |= {name: why for name in goes if (why := _delete(name))}
    if failed:
        names = ", ".join(f"{name} ({why})" for name, why in failed.items())
        raise UndeletedError(f"{len(failed)} snapshots are still there that should go: {names}")
    return {"deleted": [] if dry_run else goes, "stays": len(choice.stays) + len(shared)}


def _sorted_out(names: Sequence[str]) -> tuple[list[str], dict[str, str], dict[str, str]]:
    """Tell what goes from what is shared, and from what nobody can say that of."""
    goes, shared, failed = [], {}, {}
    for name in names:
        try:
            if _is_shared(name):
                shared[name] = "shared with another account"
            else:
                goes.append(name)
        except (BotoCoreError, ClientError, KeyError) as error:
            failed[name] = _code(error)
            _say(what="failed", snapshot=name, error=failed[name])
    return goes, shared, failed


def _now(event: Mapping[str, Json]) -> datetime:
    """Take the earlier of two clocks, this machine's and the schedule's: nothing goes too soon."""
    now = datetime.now(UTC)
    if "time" not in event:
        return now
    scheduled = datetime.fromisoformat(event["time"])
    if scheduled.utcoffset() is None:
        raise ValueError("the schedule's time does not say its zone")
    return min(now, scheduled)


def _snapshots(instance: str) -> Iterator[Mapping[str, Json]]:
    pages = _rds().get_paginator("describe_db_snapshots")
    for page in pages.paginate(DBInstanceIdentifier=instance, SnapshotType="manual"):
        yield from page["DBSnapshots"]


def _is_shared(name: str) -> bool:
    """Say whether another account may restore it."""
    answer = _rds().describe_db_snapshot_attributes(DBSnapshotIdentifier=name)
    attributes = answer["DBSnapshotAttributesResult"]["DBSnapshotAttributes"]
    return any(a["AttributeValues"] for a in attributes if a["AttributeName"] == "restore")


def _delete(name: str) -> str | None:
    """Delete one snapshot; give the reason when it is still there."""
    try:
        _rds().delete_db_snapshot(DBSnapshotIdentifier=name)
    except (BotoCoreError, ClientError) as error:
        if _code(error) not in _GONE:
            _say(what="failed", snapshot=name, error=_code(error))
            return _code(error)
    _say(what="deleted", snapshot=name)
    return None


def _code(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "unknown"))
    return type(error).__name__


@cache
def _rds() -> Any:  # noqa: ANN401 - the runtime has boto3, not its types
    retries: Any = {"mode": "standard", "max_attempts": 5}
    return boto3.client("rds", config=Config(retries=retries, connect_timeout=3, read_timeout=10))


def _say(**fields: Json) -> None:
    sys.stdout.write(json.dumps(fields, sort_keys=True) + "\n")
