"""Object Lock in the emulator, where ministack alone is more lenient, or stricter, than S3."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox import emulator_process
from sandbox.endpoint import Endpoint
from sandbox.workplace import Workplace
from tests.assembly import ROOT
from tests.sandbox.loopback import free_port
from tests.sandbox.test_patching import Python, python

__all__ = ["python"]  # the fixture: a program in the emulator's environment

pytestmark = pytest.mark.sandbox

BUCKET = "locked"
PAST = datetime(2020, 1, 1, tzinfo=UTC)
KEY = "arn:aws:kms:us-east-2:111122223333:key/11111111-2222-3333-4444-555555555555"
ENCRYPTION = {"SSEKMS": {"KMSKeyArn": KEY}}
BYPASS = {"BypassGovernanceRetention": True}


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    workplace = Workplace(ROOT, tmp_path_factory.mktemp("emulator"))
    emulator = emulator_process.start(workplace, free_port(), keep_running=False)
    try:
        emulator.wait_until_ready()
        client = Endpoint(emulator.url, "111122223333", "us-east-2").client("s3")
        client.create_bucket(
            Bucket=BUCKET,
            ObjectLockEnabledForBucket=True,
            CreateBucketConfiguration={"LocationConstraint": "us-east-2"},
        )
        rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}}
        client.put_object_lock_configuration(
            Bucket=BUCKET,
            ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule},
        )
        yield client
    finally:
        emulator.stop()


def until(days: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)


def governed(s3: Any, key: str) -> dict[str, str]:  # noqa: ANN401 - boto3
    place = {"Bucket": BUCKET, "Key": key}
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until(9)}
    return {**place, "VersionId": s3.put_object(**place, Body=b"x", **lock)["VersionId"]}


def refused(call: Any, **arguments: Any) -> str:  # noqa: ANN401 - boto3
    with pytest.raises(ClientError) as error:
        call(**arguments)
    code: str = error.value.response["Error"]["Code"]
    return code


def upload(s3: Any, key: str, **lock: Any) -> tuple[dict[str, str], dict[str, Any]]:  # noqa: ANN401
    place = {"Bucket": BUCKET, "Key": key}
    whole = {**place, "UploadId": s3.create_multipart_upload(**place, **lock)["UploadId"]}
    tag = s3.upload_part(**whole, PartNumber=1, Body=b"x")["ETag"]
    completion = {**whole, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": tag}]}}
    version = s3.complete_multipart_upload(**completion)["VersionId"]
    return {**place, "VersionId": version}, completion


def test_a_multipart_upload_comes_under_the_default(s3: Any) -> None:  # noqa: ANN401 - boto3
    version, completion = upload(s3, "multipart")
    before = s3.get_object_retention(**version)["Retention"]
    assert before["Mode"] == "COMPLIANCE"
    assert abs(before["RetainUntilDate"] - until(30)) < timedelta(minutes=5)
    assert refused(s3.delete_object, **version, **BYPASS) == "AccessDenied"
    assert s3.complete_multipart_upload(**completion)["VersionId"] == version["VersionId"]
    assert s3.get_object_retention(**version)["Retention"] == before, "a repeated call"


def test_a_multipart_upload_may_name_its_own_lock(s3: Any) -> None:  # noqa: ANN401 - boto3
    date = until(90)
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": date}
    version, _ = upload(s3, "own", **lock, ObjectLockLegalHoldStatus="ON")
    assert s3.get_object_retention(**version)["Retention"] == {
        "Mode": "GOVERNANCE",
        "RetainUntilDate": date,
    }
    assert s3.get_object_legal_hold(**version)["LegalHold"] == {"Status": "ON"}


def test_a_copy_takes_no_lock_over(s3: Any) -> None:  # noqa: ANN401 - boto3
    source = governed(s3, "source")
    s3.put_object_legal_hold(**source, LegalHold={"Status": "ON"})
    copy = {"Bucket": BUCKET, "Key": "copy"}
    version = {**copy, "VersionId": s3.copy_object(**copy, CopySource=source)["VersionId"]}
    assert s3.get_object_retention(**version)["Retention"]["Mode"] == "COMPLIANCE"
    assert refused(s3.get_object_legal_hold, **version) == "NoSuchObjectLockConfiguration"
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until(5)}
    own = s3.copy_object(**copy, CopySource=source, **lock)["VersionId"]
    found = s3.get_object_retention(**copy, VersionId=own)["Retention"]
    assert found == {"Mode": "GOVERNANCE", "RetainUntilDate": lock["ObjectLockRetainUntilDate"]}


def test_governance_is_removed_with_the_header_only(s3: Any) -> None:  # noqa: ANN401 - boto3
    version = governed(s3, "governed")
    assert refused(s3.put_object_retention, **version, Retention={}) == "AccessDenied"
    s3.put_object_retention(**version, Retention={}, **BYPASS)
    assert refused(s3.get_object_retention, **version) == "NoSuchObjectLockConfiguration"
    s3.put_object_retention(**version, Retention={})
    s3.delete_object(**version)
    gone = {**version, "VersionId": "00000000-0000-0000-0000-000000000000"}
    assert refused(s3.put_object_retention, **gone, Retention={}) == "NoSuchVersion"


def test_a_mode_needs_a_date_to_come_and_a_date_a_mode(s3: Any) -> None:  # noqa: ANN401 - boto3
    place = {"Bucket": BUCKET, "Key": "half"}
    for lock in (
        {"ObjectLockMode": "COMPLIANCE"},
        {"ObjectLockRetainUntilDate": until(1)},
        {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": PAST},
    ):
        for call in (s3.put_object, s3.create_multipart_upload):
            assert refused(call, **place, **lock) == "InvalidArgument"
    version = governed(s3, "half")
    retention = {"Mode": "GOVERNANCE", "RetainUntilDate": PAST}
    for header in ({}, BYPASS):
        arguments = {**version, "Retention": retention, **header}
        assert refused(s3.put_object_retention, **arguments) == "InvalidArgument"


def test_encryption_is_updated_where_nothing_locks(s3: Any) -> None:  # noqa: ANN401 - boto3
    version = governed(s3, "encrypted")
    arguments = {**version, "ObjectEncryption": ENCRYPTION}
    assert refused(s3.update_object_encryption, **arguments) == "AccessDenied"
    s3.put_object_retention(**version, Retention={}, **BYPASS)
    s3.update_object_encryption(**arguments)
    answer = s3.get_object(**version)
    assert (answer["SSEKMSKeyId"], answer["Body"].read()) == (KEY, b"x")
    assert len(s3.list_object_versions(Bucket=BUCKET, Prefix="encrypted")["Versions"]) == 1
    absent = {**arguments, "Key": "absent"}
    assert refused(s3.update_object_encryption, **absent) in ("NoSuchKey", "NoSuchVersion")
    elsewhere = {**arguments, "Bucket": "nowhere"}
    assert refused(s3.update_object_encryption, **elsewhere) == "NoSuchBucket"


def test_annotations_are_denied_under_lock(s3: Any) -> None:  # noqa: ANN401 - boto3
    version = governed(s3, "annotated")
    annotation = {"AnnotationName": "a", "AnnotationPayload": b"text"}
    assert refused(s3.put_object_annotation, **version, **annotation) == "AccessDenied"
    s3.put_object_retention(**version, Retention={}, **BYPASS)
    s3.put_object_annotation(**version, **annotation)


# A bucket's default of seven years, on a day that only one year in four has.
LEAP_DAY = """
import datetime
from types import SimpleNamespace
from sandbox.emulator import __main__, services
from sandbox.emulator.services import s3_object_lock

class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2028, 2, 29, 12, tzinfo=tz)

__main__.adapt()
from ministack.services import s3
s3._dt = SimpleNamespace(datetime=Clock, timedelta=datetime.timedelta, timezone=datetime.timezone)
s3_object_lock.datetime = Clock
s3._bucket_object_lock["b"] = {"default_retention": {"Mode": "COMPLIANCE", "Years": 7}}
s3._apply_object_lock_from_headers("b", "k", {}, "v")
print(s3._object_retention["b", "k", "v"])
"""


def test_a_default_of_years_holds_on_a_leap_day_too(python: Python) -> None:
    done = python(LEAP_DAY)
    assert (done.returncode, done.stderr) == (0, "")
    held = {"Mode": "COMPLIANCE", "RetainUntilDate": "2035-03-01T12:00:00.000Z"}
    assert done.stdout.strip() == str(held)
