"""`runbook audit`: what was done to production, as the locked records tell it (ROVN-AUD-1)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from runbook.model.refusal import Refusal, RefusedError
from runbook.operations.account import Account, code_of
from runbook.operations.records import PREFIX, AuditLog, NoAuditBucketError

_MISSING = ("NoSuchKey", "404", "NotFound")


@dataclass(frozen=True)
class Kept:
    """One record as it stands in the bucket; ``until`` is the end of its lock, in UTC."""

    key: str
    content: Mapping[str, Any]
    version: str
    mode: str
    until: datetime | None

    def as_json(self) -> dict[str, Any]:
        """Write it for machines."""
        lock = {"mode": self.mode, "until": self.until and f"{self.until:%Y-%m-%dT%H:%M:%SZ}"}
        return {"key": self.key, "version": self.version, "lock": lock, "record": self.content}

    def line(self) -> str:
        """Write it in one line: when, what, how it ended, who, from what to what."""
        told = self.content
        change = " -> ".join(_brief(told.get(side)) for side in ("before", "after"))
        actor = str(told.get("actor", "?")).rpartition("/")[2]
        what, ended = str(told.get("kind", "?")), str(told.get("outcome", "?"))
        return f"{told.get('time', '?')}  {what:<24} {ended:<22} {actor}  {change}"


class AuditTrail:
    """The records of one environment, newest first; reads only."""

    def __init__(self, account: Account) -> None:
        self._s3, self._log = account.client("s3"), AuditLog(account)
        self._environment = account.environment

    def newest(self, days: int, most: int, now: datetime) -> list[Kept]:
        """Read the records of the last ``days`` days, at most ``most`` of them, newest first.

        Raises ``RefusedError`` when nothing says where records stand.
        """
        keys = (key for day in range(days) for key in self._keys_of(now - timedelta(days=day)))
        return [self.read(key) for key, _ in zip(keys, range(most), strict=False)]

    def _keys_of(self, day: datetime) -> Iterator[str]:
        prefix = f"{PREFIX}/{day.astimezone(UTC):%Y/%m/%d}/"
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket(), Prefix=prefix, ExpectedBucketOwner=self._environment.account
        )
        keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
        yield from sorted(keys, reverse=True)

    def read(self, key: str) -> Kept:
        """Read one record with its lock; raises ``RefusedError`` for a key that is not there.

        The whole address that a command printed is taken for a key, too.
        """
        bucket = self._bucket()
        key = key.removeprefix(f"s3://{bucket}/")
        try:
            found = self._s3.get_object(
                Bucket=bucket, Key=key, ExpectedBucketOwner=self._environment.account
            )
        except ClientError as error:
            if code_of(error) not in _MISSING:
                raise
            refusal = Refusal("KEY", f"there is no record {key}", "see `runbook audit list`")
            raise RefusedError("runbook audit show", [refusal]) from None
        return Kept(
            key=key,
            content=_content(found["Body"].read()),
            version=str(found.get("VersionId", "")),
            mode=str(found.get("ObjectLockMode", "")),
            until=found.get("ObjectLockRetainUntilDate"),
        )

    def _bucket(self) -> str:
        try:
            return self._log.locate()
        except NoAuditBucketError as why:
            name = self._environment.name
            refusal = Refusal("audit records", str(why), f"make deploy ENV={name}, which makes it")
            raise RefusedError(f"the audit trail of {name}", [refusal]) from None


def _content(body: bytes) -> Mapping[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        content = None
    return content if isinstance(content, dict) else {"unreadable": body.decode(errors="replace")}


def _brief(side: object) -> str:
    if not isinstance(side, dict) or not side:
        return "(nothing)"
    return ", ".join(f"{key} {value}" for key, value in side.items())
