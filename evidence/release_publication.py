"""A release's bundle goes under the lock of the audit bucket, by a role that reads no record.

It is no operation on production, so it asks nobody and writes no record of its own: the bundle is
the record. S3 itself holds every object against the SHA-256 that it is sent with.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from evidence.manifest import MANIFEST
from evidence.published import LOCK_FIX, MODE, Published, lock_fault
from evidence.verification import verify
from runbook.access.delivery_names import EVIDENCE
from runbook.model.refusal import Refusal, RefusedError
from runbook.operations.account import Account
from runbook.operations.operation import OperationFailedError
from runbook.operations.records import AuditLog, NoAuditBucketError

# What an earlier try of the same day wrote was locked then, and clocks differ.
_EARLIER = timedelta(days=1)
_NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9._-]+")


def publish_release(account: Account, folder: Path, service: str, tag: str) -> Mapping[str, Any]:
    """Put a bundle where its manifest's SHA-256 names it, the manifest last; tell where it is.

    What an earlier try wrote is left: under this name nothing else is. Raises ``RefusedError``
    before anything is written, ``OperationFailedError`` for an object without its lock, and what
    botocore raises.
    """
    verified = verify(folder)
    if not verified.whole:
        why = "; ".join(map(str, verified.differences))
        fix = "run the same command again, which writes it anew"
        raise RefusedError(str(folder), [Refusal("the bundle", why, fix)])
    name = _NOT_IN_KEYS.sub("-", f"release-{service}-{tag}-{verified.manifest_sha256[:12]}")
    prefix = f"{EVIDENCE}/{account.environment.environment}/{name}/"
    there = Published(account, _bucket(account), prefix)
    demanded = account.environment.buckets.audit
    if why := lock_fault(there.lock(), demanded):
        raise RefusedError(str(there), [Refusal("audit bucket", why, LOCK_FIX)])
    least = datetime.now(UTC) + timedelta(days=demanded.shortest_days) - _EARLIER
    hashes = {n: entry.sha256 for n, entry in sorted(verified.manifest.files.items())}
    # Who finds a manifest finds all that it lists.
    hashes[MANIFEST] = verified.manifest_sha256
    with account.writing():
        new = [n for n, sha256 in hashes.items() if _put(there, folder, n, sha256)]
    _require_lock(there, hashes, least)
    return {
        "published": str(there),
        "files": len(hashes),
        "written": new,
        "manifest_sha256": verified.manifest_sha256,
        "locked": f"{MODE}, at least until {least:%Y-%m-%d} UTC",
    }


def _bucket(account: Account) -> str:
    try:
        return AuditLog(account).locate()
    except NoAuditBucketError as why:
        fix = f"make deploy ENV={account.environment.name}, which makes it"
        refusal = Refusal("audit bucket", str(why), fix)
        raise RefusedError(account.environment.name, [refusal]) from None


def _put(there: Published, folder: Path, name: str, sha256: str) -> bool:
    return there.put(name, (folder / name).read_bytes(), sha256)


def _require_lock(there: Published, names: Mapping[str, str], least: datetime) -> None:
    faults = [fault for name in names for fault in _unlocked(there, name, least)]
    if faults:
        raise OperationFailedError(
            "what was published is not as it should be",
            why=faults,
            fix="tell whoever answers for the audit bucket, before anybody relies on it",
        )


def _unlocked(there: Published, name: str, least: datetime) -> Iterator[str]:
    mode, until = there.retention(name)
    if mode != MODE or until is None:
        yield f"{there.address(name)} is not locked in mode {MODE}: {mode or 'no lock'}"
    elif until < least:
        yield f"the lock of {there.address(name)} ends at {until:%Y-%m-%d}, not {least:%Y-%m-%d}"
