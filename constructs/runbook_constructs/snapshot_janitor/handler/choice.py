"""Which snapshots are old enough to go, and for each other one why it stays.

Every condition must hold, and what a snapshot does not say speaks for it: it stays.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Json = Any
PURPOSE = {"Key": "runbook:purpose", "Value": "pre-deploy"}
_TIME = re.compile(r".+-([0-9]{14})")


@dataclass(frozen=True)
class Rule:
    """Whose snapshots are looked at: one instance's, whose names begin like this, this old."""

    instance: str
    prefixes: tuple[str, ...]
    keep_days: int


@dataclass(frozen=True)
class Choice:
    """What goes, by name, and what stays, by name with its reason."""

    goes: tuple[str, ...]
    stays: Mapping[str, str]


def choose(snapshots: Iterable[Mapping[str, Json]], rule: Rule, now: datetime) -> Choice:
    """Choose among the snapshots as RDS describes them; ``now`` has its zone."""
    reasons = {
        str(snapshot.get("DBSnapshotIdentifier")): why_it_stays(snapshot, rule, now)
        for snapshot in snapshots
    }
    return Choice(
        goes=tuple(sorted(name for name, why in reasons.items() if why is None)),
        stays={name: why for name, why in sorted(reasons.items()) if why is not None},
    )


def why_it_stays(snapshot: Mapping[str, Json], rule: Rule, now: datetime) -> str | None:
    """Give the first reason to keep a snapshot; None when there is none."""
    name = snapshot.get("DBSnapshotIdentifier")
    name = name if isinstance(name, str) else ""
    named = _TIME.fullmatch(name)
    if snapshot.get("SnapshotType") != "manual":
        return "not a manual snapshot"
    if snapshot.get("DBInstanceIdentifier") != rule.instance:
        return "of another instance"
    tags = snapshot.get("TagList")
    if not isinstance(tags, list) or PURPOSE not in tags:
        return f"not tagged {PURPOSE['Key']}={PURPOSE['Value']}"
    if snapshot.get("Status") != "available":
        return "not available"
    if snapshot.get("SourceDBSnapshotIdentifier") or snapshot.get("SourceRegion"):
        return "a copy of another snapshot"
    if not named or not name.startswith(rule.prefixes):
        return "not named as the gate names its snapshots"
    return _too_young(snapshot.get("SnapshotCreateTime"), named[1], rule, now)


def _too_young(created: Json, named: str, rule: Rule, now: datetime) -> str | None:
    """Want both the time that RDS gives and the time in the name to be longer ago."""
    if not isinstance(created, datetime) or created.utcoffset() is None:
        return "without a time of creation that says its zone"
    try:
        in_name = datetime.strptime(named, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return "not named as the gate names its snapshots"
    age = now - max(created, in_name)
    if age <= timedelta(days=rule.keep_days):
        return f"kept {rule.keep_days} days"
    return None
