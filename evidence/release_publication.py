"""A release's bundle goes under the lock of the audit bucket, by a role that reads no record.

It is no operation on production, so it asks nobody and writes no record of its own: the bundle is
the record. S3 itself holds every object against the SHA-256 that it is sent with.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from evidence.collected.deployed_stacks import WHO_MAY
from evidence.manifest import MANIFEST
from evidence.published import LOCK_FIX, MODE, Published, audit_bucket, lock_fault
from evidence.verification import verify
from runbook.access.delivery_names import EVIDENCE, OF_RELEASE
from runbook.model.refusal import Refusal, RefusedError
from runbook.operations.account import Account, is_denied
from runbook.operations.operation import Begun, OperationFailedError
from runbook.operations.questions import UNCHANGED
from runbook.operations.telling import UNANSWERED, advice_on, in_words

# What an earlier try of the same day wrote was locked then, and clocks differ.
_EARLIER = timedelta(days=1)
_NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9._-]+")
_FINISH = (
    "The same command finishes it, as long as nothing that is deployed changes and no waiver runs "
    "out: another bundle has a prefix of its own."
)


class ReleasePublication:
    """Put a bundle where its manifest's SHA-256 names it, the manifest last; tell where it is.

    What an earlier try wrote is left: under this name nothing else is.
    """

    def __init__(self, account: Account, folder: Path, service: str, tag: str) -> None:
        self._account, self._folder = account, folder
        self._name = f"{OF_RELEASE}{service}-{tag}"
        self._address = ""
        self._hashes: dict[str, str] = {}
        # As far as it came: the files that are there, and those of them that this try wrote.
        self._there: list[str] = []
        self._written: list[str] = []
        self._begun = Begun.NO
        self._locks_read = False

    def publish(self) -> Mapping[str, Any]:
        """Write what is missing and read every lock.

        Raises ``RefusedError`` and what botocore raises before anything is written, and
        ``OperationFailedError`` after that.
        """
        try:
            return self._published()
        except ClientError as error:
            if not is_denied(error):
                raise
            # Who else may: not the deploy identity, which is what others are told to use.
            refusal = Refusal("audit bucket", in_words(error), WHO_MAY)
            raise RefusedError(self._account.environment.name, [refusal]) from None

    def _published(self) -> Mapping[str, Any]:
        sha256 = self._verified()
        name = _NOT_IN_KEYS.sub("-", f"{self._name}-{sha256[:12]}")
        prefix = f"{EVIDENCE}/{self._account.environment.environment}/{name}/"
        bucket = audit_bucket(self._account, self._account.environment.name)
        there = Published(self._account, bucket, prefix)
        self._address = str(there)
        demanded = self._account.environment.buckets.audit
        if why := lock_fault(there.lock(), demanded):
            raise RefusedError(str(there), [Refusal("audit bucket", why, LOCK_FIX)])
        least = datetime.now(UTC) + timedelta(days=demanded.shortest_days) - _EARLIER
        try:
            self._put(there)
            _require_lock(there, self._hashes, least)
            self._locks_read = True
        except UNANSWERED as error:
            if self._begun is Begun.NO:
                raise
            raise self._broken_off(error) from None
        return {
            "published": str(there),
            "files": len(self._hashes),
            "written": self._written,
            "manifest_sha256": sha256,
            "locked": f"{MODE}, at least until {least:%Y-%m-%d} UTC",
        }

    @property
    def so_far(self) -> Mapping[str, Any]:
        """Tell how far it came, for machines; empty as long as nothing can have been written."""
        if self._begun is Begun.NO:
            return {}
        files, there = len(self._hashes), list(self._there)
        return {"prefix": self._address, "files": files, "there": there}

    def how_it_stands(self) -> str:
        """Say what is written and what finishes it, whatever broke it off."""
        if self._begun is Begun.NO:
            return UNCHANGED
        files, there = len(self._hashes), len(self._there)
        # The answer to the one that was sent last may be lost.
        perhaps = " for certain" * (self._begun is Begun.PERHAPS)
        what = f"{there} of {files} files are written to {self._address}{perhaps}"
        if self._locks_read:
            return f"{what}, under their lock."
        if there == files:
            return f"{what}; not every lock was read. {_FINISH}"
        return f"{what}; without {MANIFEST}, the last, it is no bundle. {_FINISH}"

    def _verified(self) -> str:
        """Verify the folder, and give its manifest's SHA-256 in hex."""
        verified = verify(self._folder)
        if not verified.whole:
            why = "; ".join(map(str, verified.differences))
            fix = "run the same command again, which writes it anew"
            raise RefusedError(str(self._folder), [Refusal("the bundle", why, fix)])
        files = sorted(verified.manifest.files.items())
        # Who finds a manifest finds all that it lists.
        listed = {name: entry.sha256 for name, entry in files}
        self._hashes = {**listed, MANIFEST: verified.manifest_sha256}
        return verified.manifest_sha256

    def _put(self, there: Published) -> None:
        with self._account.writing():
            for name, sha256 in self._hashes.items():
                data = (self._folder / name).read_bytes()
                stood, self._begun = self._begun, Begun.PERHAPS
                try:
                    new = there.put(name, data, sha256)
                except ClientError as error:
                    if is_denied(error):
                        self._begun = stood
                    raise
                self._begun = Begun.YES
                self._there.append(name)
                if new:
                    self._written.append(name)

    def _broken_off(self, error: Exception) -> OperationFailedError:
        return OperationFailedError(
            "the publication was broken off",
            why=[in_words(error), self.how_it_stands()],
            fix=WHO_MAY if is_denied(error) else advice_on(error),
        )


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
