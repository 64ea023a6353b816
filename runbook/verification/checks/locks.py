"""Records are under lock, on the objects themselves: a bucket's default says nothing of them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from runbook.operations.account import code_of
from runbook.verification.check import checks_that
from runbook.verification.finding import Inspection
from runbook.verification.live import Live, LiveResource

Json = Any
# Of each folder's newest branch, so many of the newest objects.
SAMPLE = 3
MOST_FOLDERS = 8
_UNLOCKED = ("NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError")
_DAY = timedelta(days=1)


@checks_that("locks", "ROVN-BCK-2", "ROVN-AUD-1")
def locks(live: Live, inspection: Inspection) -> None:
    """Want the bucket's default, and the newest objects, locked in COMPLIANCE mode long enough."""
    for bucket in live.of_type("AWS::S3::Bucket"):
        declared = bucket.stack.template["Resources"].get(bucket.logical_id, {})
        properties = declared.get("Properties", {})
        if not properties.get("ObjectLockEnabled"):
            continue
        rule = properties.get("ObjectLockConfiguration", {}).get("Rule", {})
        with inspection.looking_at(bucket.where):
            kept = _kept(rule["DefaultRetention"])
            _of_default(bucket, kept, inspection)
            for found in _newest(bucket, live.environment.account):
                _of_object(bucket, found, kept, inspection)


def _kept(retention: Json) -> timedelta:
    """Return how long records are kept at least; a year may have 366 days."""
    return timedelta(days=int(retention.get("Days") or 365 * int(retention["Years"])))


def _of_default(bucket: LiveResource, kept: timedelta, inspection: Inspection) -> None:
    s3 = bucket.client("s3")
    told = s3.get_object_lock_configuration(Bucket=bucket.id)["ObjectLockConfiguration"]
    found = told.get("Rule", {}).get("DefaultRetention", {})
    fix = "set the declared lock again; CloudTrail knows who changed it"
    if found.get("Mode") != "COMPLIANCE":
        inspection.breach(bucket.where, f"its default lock is {found.get('Mode', 'none')}", fix)
    elif _kept(found) < kept:
        what = f"new records are locked for {_kept(found).days} days, not {kept.days}"
        inspection.breach(bucket.where, what, fix)


def _of_object(bucket: LiveResource, found: Json, kept: timedelta, inspection: Inspection) -> None:
    where = f"{bucket.where}/{found['Key']}"
    fix = "keep a copy elsewhere at once, then find who wrote it without its lock"
    s3 = bucket.client("s3")
    with inspection.looking_at(where):
        try:
            told = s3.get_object_retention(Bucket=bucket.id, Key=found["Key"])["Retention"]
        except s3.exceptions.ClientError as error:
            if code_of(error) not in _UNLOCKED:
                raise
            told = {}
        until = told.get("RetainUntilDate")
        if told.get("Mode") != "COMPLIANCE" or not isinstance(until, datetime):
            inspection.breach(where, f"its lock is {told.get('Mode', 'none')}", fix)
        # A day less: S3 counts from its own moment of writing.
        elif until < found["LastModified"] + kept - _DAY:
            what = f"it is locked until {until:%Y-%m-%d} only, not {kept.days} days"
            inspection.breach(where, what, fix)


def _newest(bucket: LiveResource, owner: str) -> Iterator[Json]:
    """Sample the newest objects: down the last of dated folders, from several at the top."""
    folders = [""]
    for _ in range(MOST_FOLDERS):
        below: list[str] = []
        for folder in folders:
            told = bucket.client("s3").list_objects_v2(
                Bucket=bucket.id, Prefix=folder, Delimiter="/", ExpectedBucketOwner=owner
            )
            objects = sorted(told.get("Contents", []), key=lambda each: each["LastModified"])
            yield from objects[-SAMPLE:]
            named = [each["Prefix"] for each in told.get("CommonPrefixes", [])]
            below += sorted(named)[-SAMPLE if folder else None :]
        folders = below[:MOST_FOLDERS]
        if not folders:
            return
