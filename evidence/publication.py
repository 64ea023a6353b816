"""`runbook evidence publish`: a bundle goes into the audit bucket, under its lock (ROVN-BCK-2)."""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from evidence.manifest import MANIFEST, sha256_of
from evidence.published import LOCK_FIX, MODE, Kept, Published, audit_bucket, lock_fault
from evidence.verification import Verified, verify
from runbook.access.delivery_names import EVIDENCE
from runbook.model.refusal import Refusal, RefusedError
from runbook.model.retention import Retention
from runbook.operations.account import Account
from runbook.operations.operation import NotBegunError, Operation, OperationFailedError
from runbook.operations.preview import Change, Preview

_DAY, _COMMIT = re.compile(r"\d{4}-\d{2}-\d{2}"), re.compile(r"[0-9a-f]{40}")
_FIND_OUT = "find out who wrote it: the trail has each write to the audit bucket"


def publishable(folder: Path) -> Verified:
    """Verify a bundle; raises ``RefusedError`` for one that is not whole, or is of no one commit.

    There is no way round the second: what nobody can make again would be locked for years.
    """
    verified = verify(folder)
    manifest = verified.manifest
    again = "write it again at its commit, with `runbook evidence`"
    refusals = [Refusal("the bundle", str(d), again) for d in verified.differences]
    if not (_DAY.match(manifest.commit_date) and _COMMIT.fullmatch(manifest.commit)):
        why = f"{manifest.commit!r} of {manifest.commit_date!r} is no commit and its day"
        refusals.append(Refusal("commit", why, "write the bundle in a clone of the repository"))
    elif not manifest.clean:
        why = "the sources differed from the commit, so nobody can make this bundle again"
        refusals.append(Refusal("commit", why, "commit, then write the bundle again"))
    if refusals:
        raise RefusedError(str(folder), refusals)
    return verified


class Publish(Operation):
    """Put each file of a bundle under a name of its own, the manifest last; each only once.

    What is there with the same bytes is left, so the same command finishes what was broken off.
    """

    kind = "publish"

    def __init__(
        self,
        account: Account,
        folder: Path,
        verified: Verified,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._account, self._folder, self._verified, self._now = account, folder, verified, now
        manifest = verified.manifest
        self._hashes = {
            **{name: entry.sha256 for name, entry in sorted(manifest.files.items())},
            # Who finds a manifest finds all that it lists.
            MANIFEST: verified.manifest_sha256,
        }
        commit = manifest.commit[:7]
        name = f"{manifest.commit_date[:10]}-{commit}-{verified.manifest_sha256[:12]}"
        self._prefix = f"{EVIDENCE}/{manifest.environment}/{name}/"
        self.title = f"publication of the evidence of {manifest.name} at {commit}"
        self.command = f"runbook evidence publish {shlex.quote(str(folder))}"
        self.watch = f"{self.command} --dry-run"
        self.without_you = (
            "What is written stays under its lock, and without its manifest it is no bundle yet. "
            f"The same command goes on: {self.command}."
        )

    @property
    def next(self) -> str:
        """Name the command that holds a folder against what was published."""
        folder, sha256 = shlex.quote(str(self._folder)), self._verified.manifest_sha256
        return f"runbook evidence verify {folder} --manifest-sha256 {sha256}"

    @cached_property
    def _there(self) -> Published:
        return Published(self._account, self._bucket, self._prefix)

    @cached_property
    def _bucket(self) -> str:
        return audit_bucket(self._account, self.title)

    def preview(self) -> Preview:
        """Say where it goes, what of it is there, and how long nobody can take it back."""
        lock = self._there.lock()
        there = {name: self._there.kept(name) for name in self._there.names()}
        missing = [name for name in self._hashes if name not in there]
        refusals = [*self._of_another_account(), *self._of_lock(lock), *self._faults(there)]
        sha256 = self._verified.manifest_sha256
        return Preview(
            summary=f"{self.title} to {self._there}",
            changes=[
                Change(name, "", f"SHA-256 {self._hashes[name]}", expected=True) for name in missing
            ],
            refusals=refusals,
            notes=list(self._notes(lock, len(there))),
            nothing_to_do=not missing and not refusals,
            before={"there": len(there)},
            after={"bucket": self._bucket, "prefix": self._prefix, "manifest_sha256": sha256},
        )

    def execute(self, tell: Callable[[str], None]) -> None:
        """Write what is missing, the manifest last."""
        contents = {name: self._read(name) for name in self._hashes}
        written: list[str] = []
        self.so_far = {"bucket": self._bucket, "prefix": self._prefix, "written": written}
        for name, data in contents.items():
            with self.beginning():
                new = self._there.put(name, data, self._hashes[name])
            if new:
                written.append(name)
                tell(f"{name} is written, {len(data)} bytes")
            elif self._there.kept(name).sha256 == self._hashes[name]:
                tell(f"{name} was there already")
            else:
                raise OperationFailedError(
                    f"{self._there.address(name)} is there with other bytes",
                    why=["somebody else wrote it since the preview"],
                    fix=_FIND_OUT,
                )

    def verify(self) -> Mapping[str, Any]:
        """Read every object back, its bytes and its lock."""
        kept = {name: self._there.kept(name) for name in self._hashes}
        faults = [f"{refusal.key}: {refusal.reason}" for refusal in self._faults(kept)]
        if faults:
            raise OperationFailedError(
                "what was published is not as it should be",
                why=faults,
                fix="tell whoever answers for the audit bucket, before anybody relies on it",
            )
        ends = [found.until for found in kept.values() if found.until]
        return {
            "published": str(self._there),
            "files": len(kept),
            "manifest_sha256": self._verified.manifest_sha256,
            "locked": f"{MODE}, at least until {min(ends):%Y-%m-%d %H:%M} UTC",
            "versions": {name: found.version for name, found in kept.items()},
        }

    def _notes(self, lock: Retention | None, there: int) -> Iterator[str]:
        size = sum(entry.bytes for entry in self._verified.manifest.files.values())
        yield f"{len(self._hashes)} files, {size} bytes and the manifest; {there} are there."
        yield f"SHA-256 of the manifest, for an auditor's records: {self._hashes[MANIFEST]}"
        if lock:
            until = self._now() + timedelta(days=lock.shortest_days)
            yield (
                f"Nobody can change or remove what is written: {MODE} for {lock}, at least until "
                f"{until:%Y-%m-%d}."
            )

    def _of_another_account(self) -> Iterator[Refusal]:
        environment, evidence = self._account.environment, self._verified.evidence
        judged = evidence.account if evidence else "nobody knows which"
        if judged != environment.account:
            why = f"the bundle is of {judged}, and {environment.name} is in {environment.account}"
            yield Refusal("account", why, "write the bundle again from today's environment file")

    def _of_lock(self, lock: Retention | None) -> Iterator[Refusal]:
        """Refuse a bucket that would not keep a bundle for as long as its clause demands."""
        if why := lock_fault(lock, self._account.environment.buckets.audit):
            yield Refusal("audit bucket", why, LOCK_FIX)

    def _faults(self, there: Mapping[str, Kept]) -> Iterator[Refusal]:
        """Say what stands there and should not, or not like this."""
        least = timedelta(days=self._account.environment.buckets.audit.shortest_days)
        for name, kept in there.items():
            wanted = self._hashes.get(name)
            why = kept.fault(wanted, least) if wanted else "it is no file of this bundle"
            if why:
                yield Refusal(self._there.address(name), why, _FIND_OUT)

    def _read(self, name: str) -> bytes:
        """Read a file again: what was verified is what is written."""
        why = f"{name} has another SHA-256"
        try:
            data = (self._folder / name).read_bytes()
            if sha256_of(data) == self._hashes[name]:
                return data
        except OSError as error:
            why = f"{name} cannot be read: {error.strerror}"
        raise NotBegunError(
            "the bundle was changed since the preview",
            why=[why],
            fix=f"runbook evidence verify {shlex.quote(str(self._folder))}",
        )
