"""New versions in a bucket under lock: those to tamper with, and the controls beside them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from sandbox.attempt import Birth, Control, Target
from sandbox.failure import SandboxError

BODY = b"evidence"
# How far the emulator's clock and ours may be apart.
CLOCK = timedelta(minutes=5)


def new_target(s3: Any, bucket: str, key: str, birth: Birth) -> Target:  # noqa: ANN401 - boto3
    """Make a version that names no lock; raises SandboxError if it comes under no full one."""
    version = {Birth.PUT: _put, Birth.COPY: _copy, Birth.MULTIPART: _upload}[birth](s3, bucket, key)
    born = f"A new object in {bucket}, made by {birth.value},"
    try:
        retention = s3.get_object_retention(Bucket=bucket, Key=key, VersionId=version)["Retention"]
    except ClientError as error:
        raise SandboxError(f"{born} comes under no lock: {error}") from None
    default = default_retention(s3.get_object_lock_configuration(Bucket=bucket))
    expected = _after(datetime.now(UTC), default)
    until = retention["RetainUntilDate"]
    if retention["Mode"] != default["Mode"] or abs(until - expected) > CLOCK:
        raise SandboxError(
            f"{born} is held in mode {retention['Mode']} until {until}, "
            f"not in {default['Mode']} until {expected}"
        )
    answer = s3.head_object(Bucket=bucket, Key=key, VersionId=version)
    return Target(s3, bucket, key, version, until, encryption_of(answer))


def new_control(target: Target, control: Control) -> Target:
    """Make a version beside the target, held in GOVERNANCE mode as long as that, or not at all."""
    s3, bucket, key = target.s3, target.bucket, f"{target.key}-control"
    held = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": target.until}
    version = s3.put_object(Bucket=bucket, Key=key, Body=BODY, **held)["VersionId"]
    made = Target(s3, bucket, key, version, target.until)
    if control is Control.UNLOCKED:
        s3.put_object_retention(**made.object, Retention={}, BypassGovernanceRetention=True)
    return made


def encryption_of(answer: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return the algorithm and the key by which S3 says a version is encrypted."""
    return answer.get("ServerSideEncryption"), answer.get("SSEKMSKeyId")


def default_retention(configuration: dict[str, Any]) -> dict[str, Any]:
    """Return the default of an object lock configuration; empty if there is none."""
    rule = configuration["ObjectLockConfiguration"].get("Rule", {})
    retention: dict[str, Any] = rule.get("DefaultRetention", {})
    return retention


def _put(s3: Any, bucket: str, key: str) -> str:  # noqa: ANN401 - boto3
    version: str = s3.put_object(Bucket=bucket, Key=key, Body=BODY)["VersionId"]
    return version


def _copy(s3: Any, bucket: str, key: str) -> str:  # noqa: ANN401 - boto3
    # Of a source whose own lock is weak: a copy that took it over would be seen.
    source = {"Bucket": bucket, "Key": f"{key}-source"}
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    weak = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": tomorrow}
    s3.put_object(**source, Body=BODY, **weak)
    version: str = s3.copy_object(Bucket=bucket, Key=key, CopySource=source)["VersionId"]
    return version


def _upload(s3: Any, bucket: str, key: str) -> str:  # noqa: ANN401 - boto3
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    place = {"Bucket": bucket, "Key": key, "UploadId": upload}
    tag = s3.upload_part(**place, PartNumber=1, Body=BODY)["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
    version: str = s3.complete_multipart_upload(**place, MultipartUpload=parts)["VersionId"]
    return version


def _after(start: datetime, retention: dict[str, Any]) -> datetime:
    if "Days" in retention:
        return start + timedelta(days=retention["Days"])
    year = start.year + retention["Years"]
    try:
        return start.replace(year=year)
    except ValueError:  # 29 February
        return start.replace(year=year, month=3, day=1)
