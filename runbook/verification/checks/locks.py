"""Records are under lock, on the objects themselves: a bucket's default says nothing of them."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from heapq import nlargest
from typing import Any

from runbook.operations.account import code_of
from runbook.verification.check import checks_that
from runbook.verification.finding import Inspection
from runbook.verification.live import Live, LiveResource

Json = Any
# So many of the newest objects of each folder that is looked into.
SAMPLE = 3
# As deep as CloudTrail's folders and some more, and as wide as its regions, twice.
DEEPEST = 10
MOST_FOLDERS = 80
# Of folders named by dates only the last is looked into: 2026/, 11/, 2026-11-22/, year=2026/.
# An account's twelve digits are no date.
_DATED = re.compile(r"(?:[a-z]+=)?(?:\d\d|\d{4}(?:-\d\d){0,2}|\d{8}(?:T\d+Z?)?)/")
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
            for found in _newest(bucket, live.environment.account, inspection):
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


def _newest(bucket: LiveResource, owner: str, inspection: Inspection) -> Iterator[Json]:
    """Sample the newest objects: of every folder, and of dated ones of the last."""
    folders = [""]
    for _ in range(DEEPEST):
        below: list[str] = []
        for folder in folders:
            objects, named = _listed(bucket, owner, folder)
            yield from objects
            below += _followed(folder, named)
        folders = below[:MOST_FOLDERS]
        if len(below) > MOST_FOLDERS:
            what = f"it has more than {MOST_FOLDERS} folders side by side: not all are looked into"
            inspection.unverified(bucket.where, what)
        if not folders:
            return
    what = f"its folders are more than {DEEPEST} deep: what is below is not looked into"
    inspection.unverified(bucket.where, what)


def _listed(bucket: LiveResource, owner: str, folder: str) -> tuple[list[Json], list[str]]:
    """Return a folder's newest objects, and the folders in it, of all pages."""
    pages = (
        bucket.client("s3")
        .get_paginator("list_objects_v2")
        .paginate(Bucket=bucket.id, Prefix=folder, Delimiter="/", ExpectedBucketOwner=owner)
    )
    newest: list[Json] = []
    named: list[str] = []
    for page in pages:
        # A page of objects only to keep three of them: a folder may hold very many.
        here = [*newest, *page.get("Contents", [])]
        newest = nlargest(SAMPLE, here, key=lambda each: each["LastModified"])
        named += [each["Prefix"] for each in page.get("CommonPrefixes", [])]
    return newest, named


def _followed(folder: str, named: Iterable[str]) -> list[str]:
    """Choose the folders to look into; those that are not dated are kinds, regions, accounts."""
    dated = {each for each in named if _DATED.fullmatch(each.removeprefix(folder))}
    last = [max(dated)] if dated else []
    return [*sorted(set(named) - dated), *last]
