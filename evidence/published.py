"""Where a bundle stands in the audit bucket, and the lock of each of its objects (ROVN-BCK-2)."""

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError
from pydantic import ValidationError

from evidence.manifest import sha256_of
from runbook.model.refusal import Refusal, RefusedError
from runbook.model.retention import Retention
from runbook.operations.account import Account, code_of
from runbook.operations.records import AuditLog, NoAuditBucketError

MODE = "COMPLIANCE"
LOCK_FIX = "deploy the audit stack, which sets the lock"
_THERE_ALREADY = "PreconditionFailed"
_NO_LOCK = (
    "InvalidRequest",
    "NoSuchObjectLockConfiguration",
    "ObjectLockConfigurationNotFoundError",
)
_KINDS = {
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "sarif": "application/sarif+json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class Kept:
    """An object as it stands in the bucket; ``until`` is the end of its lock, None without one."""

    sha256: str
    version: str
    written: datetime
    mode: str
    until: datetime | None

    def fault(self, sha256: str, least: timedelta) -> str:
        """Say why it is not what was to be kept, for at least so long; empty when it is."""
        if self.sha256 != sha256:
            return f"its SHA-256 is {self.sha256}, not {sha256}"
        if self.mode != MODE or self.until is None:
            return f"it is not locked in mode {MODE}: {self.mode or 'no lock'}"
        if self.until - self.written < least:
            return f"its lock ends at {self.until:%Y-%m-%d}, before {least.days} days are over"
        return ""


def lock_fault(lock: Retention | None, demanded: Retention) -> str:
    """Say why a bucket's lock would not keep a bundle as its clause demands; empty when it does."""
    if lock is None:
        return f"it has no default lock in mode {MODE}"
    if not lock.at_least(demanded):
        return f"it locks what is written for {lock}, not {demanded}"
    return ""


def audit_bucket(account: Account, publication: str) -> str:
    """Name the bucket that bundles go into; raises ``RefusedError`` where none is deployed."""
    try:
        return AuditLog(account).locate()
    except NoAuditBucketError as why:
        fix = f"make deploy ENV={account.environment.name}, which makes it"
        raise RefusedError(publication, [Refusal("audit bucket", str(why), fix)]) from None


class Published:
    """The objects below one prefix of a bucket; each call may raise what botocore raises."""

    def __init__(self, account: Account, bucket: str, prefix: str) -> None:
        self._s3 = account.client("s3")
        self._place = {"Bucket": bucket, "ExpectedBucketOwner": account.environment.account}
        self._bucket, self._prefix = bucket, prefix

    def __str__(self) -> str:
        return self.address("")

    def address(self, name: str) -> str:
        """Write where an object stands."""
        return f"s3://{self._bucket}/{self._prefix}{name}"

    def lock(self) -> Retention | None:
        """Read how long the bucket locks what is written; None where it does not, for certain."""
        try:
            found = self._s3.get_object_lock_configuration(**self._place)
        except ClientError as error:
            if code_of(error) in _NO_LOCK:
                return None
            raise
        configuration = found["ObjectLockConfiguration"]
        rule = (configuration.get("Rule") or {}).get("DefaultRetention") or {}
        if configuration.get("ObjectLockEnabled") != "Enabled" or rule.get("Mode") != MODE:
            return None
        try:
            years, days = (rule.get(unit) or None for unit in ("Years", "Days"))
            return Retention(retention_years=years, retention_days=days)
        except ValidationError:
            return None

    def names(self) -> list[str]:
        """Name what stands there."""
        pages = self._s3.get_paginator("list_objects_v2")
        found = pages.paginate(Prefix=self._prefix, **self._place)
        keys = [entry["Key"] for page in found for entry in page.get("Contents", [])]
        return sorted(key.removeprefix(self._prefix) for key in keys)

    def kept(self, name: str) -> Kept:
        """Read an object whole, and the lock of that version of it."""
        of: dict[str, Any] = {"Key": f"{self._prefix}{name}", **self._place}
        found = self._s3.get_object(ChecksumMode="ENABLED", **of)
        version = str(found.get("VersionId", ""))
        mode, until = self.retention(name, version)
        sha256 = sha256_of(found["Body"].read())
        return Kept(sha256, version, found["LastModified"], mode, until)

    def retention(self, name: str, version: str = "") -> tuple[str, datetime | None]:
        """Read mode and end of the lock of a version, of the newest unless one is named."""
        of: dict[str, Any] = {"Key": f"{self._prefix}{name}", **self._place}
        try:
            named = {"VersionId": version} if version else {}
            lock = self._s3.get_object_retention(**of, **named)["Retention"]
        except ClientError as error:
            if code_of(error) not in _NO_LOCK:
                raise
            return "", None
        return str(lock.get("Mode", "")), lock.get("RetainUntilDate")

    def put(self, name: str, data: bytes, sha256: str) -> bool:
        """Write an object unless there is one, and tell whether it was written.

        No key, no date and no mode is named: the bucket's own are, and its policy refuses others.
        """
        try:
            self._s3.put_object(
                Key=f"{self._prefix}{name}",
                Body=data,
                ContentType=_KINDS.get(name.rpartition(".")[2], "application/octet-stream"),
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=b64encode(bytes.fromhex(sha256)).decode(),
                IfNoneMatch="*",
                **self._place,
            )
        except ClientError as error:
            if code_of(error) != _THERE_ALREADY:
                raise
            return False
        return True
