"""When a bundle in the audit bucket is whole and locked, and what is found of one that is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from sandbox.rehearsal.locked_bundle import MANIFEST, LockedBundle, sha256
from sandbox.rehearsal.report import Checks, DrillError

BUCKET, PREFIX, DAYS, MODE = "records", "evidence/staging/some/", 30, "COMPLIANCE"
# When everything is written: a lock of the least length is not shorter because a machine is slow.
NOW = datetime.now(UTC)
FILES = {"evidence.json": b"{}", "results.csv": b"a,b\n"}
LISTED = {name: {"sha256": sha256(data), "bytes": len(data)} for name, data in FILES.items()}
LIST = json.dumps({"files": LISTED}).encode()
WHOLE = {**FILES, MANIFEST: LIST}


class Bucket:
    """A bucket of moto's that bundles are put into."""

    def __init__(self) -> None:
        self.s3 = self.client("s3")
        self.s3.create_bucket(
            Bucket=BUCKET,
            CreateBucketConfiguration={"LocationConstraint": "us-east-2"},
            ObjectLockEnabledForBucket=True,
        )

    def client(self, name: str) -> Any:  # noqa: ANN401 - boto3
        """Give a client, as an endpoint does."""
        return boto3.client(name, region_name="us-east-2")  # type: ignore[call-overload]

    def put(self, files: dict[str, bytes], days: int = DAYS, mode: str = MODE) -> None:
        """Put files of a bundle under a lock, or none."""
        until = NOW + timedelta(days=days)
        lock = {"ObjectLockMode": mode, "ObjectLockRetainUntilDate": until} if mode else {}
        for name, data in files.items():
            self.s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}{name}", Body=data, **lock)

    def checked(self) -> tuple[dict[str, bytes], list[str]]:
        """Check the bundle; return its files, and what was found to be so."""
        endpoint: Any = self
        checks = Checks()
        bundle = LockedBundle(endpoint, BUCKET, PREFIX, timedelta(days=DAYS))
        return bundle.check(checks, sha256(LIST)), checks.found


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    monkeypatch.setattr("moto.s3.models.utcnow", lambda: NOW.replace(tzinfo=None))
    with mock_aws():
        yield Bucket()


@pytest.mark.clause("ROVN-BCK-2")
def test_a_whole_bundle_is_returned_with_its_files(bucket: Bucket) -> None:
    bucket.put(WHOLE)
    files, found = bucket.checked()
    assert files == FILES
    assert found[-2:] == [
        f"the lock of each of its objects: {{'{MODE}'}}",
        f"none of them ends before {DAYS} days are over",
    ]


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ({MANIFEST: b"{}"}, "the manifest, as it was told"),
        ({"results.csv": b"c,d\n"}, "the bundle has the 2 files"),
        ({"added.csv": b""}, "the bundle has the 2 files"),
    ],
    ids=["another manifest", "another byte", "a file more"],
)
def test_what_the_manifest_does_not_tell_of_is_found(
    bucket: Bucket, spoilt: dict[str, bytes], said: str
) -> None:
    bucket.put({**WHOLE, **spoilt})
    with pytest.raises(DrillError, match=said):
        bucket.checked()


@pytest.mark.clause("ROVN-BCK-2")
@pytest.mark.parametrize(
    ("days", "mode", "said"),
    [
        (DAYS - 1, MODE, f"ends before {DAYS} days"),
        (DAYS, "GOVERNANCE", "the lock of each"),
        (DAYS, "", "the lock of each"),
    ],
)
def test_a_file_whose_lock_is_too_weak_is_found(
    bucket: Bucket, days: int, mode: str, said: str
) -> None:
    bucket.put(FILES)
    bucket.put({MANIFEST: LIST}, days, mode)
    with pytest.raises(DrillError, match=said):
        bucket.checked()


def test_a_second_version_is_found(bucket: Bucket) -> None:
    bucket.put(WHOLE)
    bucket.put(FILES)
    with pytest.raises(DrillError, match="versions of its objects, one of each: expected 3, found"):
        bucket.checked()


def test_a_delete_marker_is_found(bucket: Bucket) -> None:
    bucket.put(WHOLE)
    bucket.s3.delete_object(Bucket=BUCKET, Key=f"{PREFIX}results.csv")
    with pytest.raises(DrillError, match="versions of its objects, one of each: expected 3, found"):
        bucket.checked()
