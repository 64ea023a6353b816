"""S3 Object Lock where ministack is more lenient, or stricter, than S3."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from sandbox.emulator.patching import PATCHES, Function

S3 = "ministack.services.s3"
MODE, DATE = "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date"
KMS_KEY = "x-amz-server-side-encryption-aws-kms-key-id"
ENCRYPTION = "x-amz-server-side-encryption"
VERSION = "x-amz-version-id"
UPLOAD_ID = re.compile(rb"<UploadId>([^<]+)</UploadId>")
KEY_ARN = re.compile(rb"<KMSKeyArn>([^<]+)</KMSKeyArn>")
RETAIN_UNTIL = re.compile(rb"<RetainUntilDate>([^<]+)</RetainUntilDate>")
# Where an upload keeps the lock that its first call asked for.
KEPT = "object_lock"

Response = tuple[Any, ...]

PATCHES.needs("ministack.core.responses", "now_iso")
PATCHES.needs(
    S3,
    "_apply_object_lock_from_headers",
    "_bucket_object_lock",
    "_check_object_lock",
    "_ensure_bucket",
    "_error",
    "_multipart_uploads",
    "_no_such_bucket",
    "_object_legal_hold",
    "_object_lock_target",
    "_object_retention",
    "_object_versions",
    "_OBJECT_LOCK_HEADERS",
    "_qp",
)


@PATCHES.wrap(S3, "_object_lock_header_error", parameters=("bucket_name", "headers"))
def check_headers(original: Function, bucket_name: str, headers: dict[str, str]) -> Response | None:
    """Refuse a mode without a date, a date without a mode, and a date that has passed."""
    refusal: Response | None = original(bucket_name, headers)
    if refusal is None and bool(headers.get(MODE)) != bool(headers.get(DATE)):
        return _invalid_argument(f"{DATE} and {MODE} must both be supplied")
    if refusal is None and _has_passed(headers.get(DATE, "")):
        return _invalid_argument("The retain until date must be in the future!")
    return refusal


@PATCHES.wrap(
    S3,
    "_apply_object_lock_from_headers",
    parameters=("bucket_name", "key", "headers", "version_id"),
)
def apply_lock(
    original: Function, bucket_name: str, key: str, headers: dict[str, str], version_id: str | None
) -> None:
    """Hold a version by a default of years on 29 February, too, where ministack breaks."""
    from ministack.services import s3

    try:
        original(bucket_name, key, headers, version_id)
    except ValueError:  # in that year there is no such day
        default = s3._bucket_object_lock[bucket_name]["default_retention"]
        now = datetime.now(UTC)
        until = now.replace(year=now.year + int(default["Years"]), month=3, day=1)
        named = {MODE: default["Mode"], DATE: f"{until:%Y-%m-%dT%H:%M:%S.000Z}"}
        original(bucket_name, key, headers | named, version_id)


@PATCHES.wrap(S3, "_create_multipart_upload", parameters=("bucket_name", "key", "headers"))
def create_upload(
    original: Function, bucket_name: str, key: str, headers: dict[str, str]
) -> Response:
    """Keep the lock that an upload asks for until there is a version to put it on."""
    from ministack.services import s3

    answer: Response = original(bucket_name, key, headers)
    if found := UPLOAD_ID.search(answer[2]):
        upload = s3._multipart_uploads[found[1].decode()]
        upload[KEPT] = {name: headers[name] for name in s3._OBJECT_LOCK_HEADERS if name in headers}
    return answer


@PATCHES.wrap(
    S3,
    "_complete_multipart_upload",
    parameters=("bucket_name", "key", "body", "query_params", "headers"),
)
def complete_upload(
    original: Function,
    bucket_name: str,
    key: str,
    body: bytes,
    query_params: dict[str, Any],
    headers: dict[str, str] | None = None,
) -> Response:
    """Put the upload's lock, or the bucket's default, on the new version."""
    from ministack.services import s3

    # None for a repeated call, whose version has its lock already.
    upload = s3._multipart_uploads.get(s3._qp(query_params, "uploadId"))
    answer: Response = original(bucket_name, key, body, query_params, headers)
    if upload is not None and VERSION in answer[1]:
        lock = upload.get(KEPT, {})
        s3._apply_object_lock_from_headers(bucket_name, key, lock, answer[1][VERSION])
    return answer


@PATCHES.wrap(S3, "_copy_object", parameters=("bucket_name", "dest_key", "headers"))
def copy_object(
    original: Function, bucket_name: str, dest_key: str, headers: dict[str, str]
) -> Response:
    """Put the lock asked for, or the bucket's default, on a copy; never that of its source."""
    from ministack.services import s3

    answer: Response = original(bucket_name, dest_key, headers)
    if VERSION in answer[1]:
        place = (bucket_name, dest_key, answer[1][VERSION])
        s3._object_retention.pop(place, None)
        s3._object_legal_hold.pop(place, None)
        s3._apply_object_lock_from_headers(bucket_name, dest_key, headers, place[2])
    return answer


@PATCHES.wrap(
    S3,
    "_put_object_retention",
    parameters=("bucket_name", "key", "body", "headers", "query_params"),
)
def put_retention(
    original: Function,
    bucket_name: str,
    key: str,
    body: bytes,
    headers: dict[str, str],
    query_params: dict[str, Any] | None = None,
) -> Response:
    """Take an empty retention as its removal, which the lock may deny; refuse a date passed."""
    from ministack.services import s3

    date = RETAIN_UNTIL.search(body)
    if date and _has_passed(date[1].decode()):
        return _invalid_argument("The retain until date must be in the future!")
    bucket = s3._ensure_bucket(bucket_name)
    if bucket is None or date or b"<Mode>" in body or not s3._bucket_object_lock.get(bucket_name):
        answer: Response = original(bucket_name, key, body, headers, query_params)
        return answer
    place, missing = s3._object_lock_target(bucket_name, key, bucket, query_params)
    refusal: Response | None = missing or _retention_error(place, headers)
    if refusal:
        return refusal
    s3._object_retention.pop(place, None)
    return HTTPStatus.OK.value, {"Content-Type": "application/xml"}, b""


@PATCHES.wrap(
    S3, "_annotation_lock_error", parameters=("bucket_name", "key", "headers", "version_id")
)
def check_annotation(
    _original: Function, bucket_name: str, key: str, headers: dict[str, str], version_id: str | None
) -> Response | None:
    """Deny annotations under a lock also where ministack evaluates no permissions."""
    from ministack.services import s3

    refusal: Response | None = s3._check_object_lock(bucket_name, key, headers, version_id)
    return refusal


def update_encryption(
    bucket_name: str, key: str, body: bytes, query_params: dict[str, Any]
) -> Response:
    """Answer UpdateObjectEncryption, which ministack takes for a PutObject of the request.

    S3 denies it under any lock, and no header lifts one of GOVERNANCE.
    """
    from ministack.services import s3

    bucket = s3._ensure_bucket(bucket_name)
    if bucket is None:
        refusal: Response = s3._no_such_bucket(bucket_name)
        return refusal
    place, missing = s3._object_lock_target(bucket_name, key, bucket, query_params)
    refused: Response | None = missing or s3._check_object_lock(bucket_name, key, {}, place[2])
    if refused:
        return refused
    named = KEY_ARN.search(body)
    if named is None:
        invalid: Response = s3._error("InvalidRequest", "A KMS key ARN is required", 400)
        return invalid
    records = [
        record
        for record in (bucket["objects"].get(key), *s3._object_versions.get((bucket_name, key), []))
        if record and record.get("version_id") == place[2]
    ]
    for record in records:
        kept = record.get("preserved_headers", {})
        record["preserved_headers"] = kept | {ENCRYPTION: "aws:kms", KMS_KEY: named[1].decode()}
    return HTTPStatus.OK.value, {"Content-Type": "application/xml"}, b""


def _retention_error(
    place: tuple[str, str, str | None], headers: dict[str, str]
) -> Response | None:
    """Refuse to change a retention that holds; a legal hold has no say in that."""
    from ministack.core.responses import now_iso
    from ministack.services import s3

    held = s3._object_retention.get(place, {})
    bypassed = headers.get("x-amz-bypass-governance-retention", "").lower() == "true"
    if held.get("RetainUntilDate", "") <= now_iso() or (held["Mode"] == "GOVERNANCE" and bypassed):
        return None
    refusal: Response = s3._error(
        "AccessDenied", "Access Denied because object protected by object lock.", 403
    )
    return refusal


def _has_passed(date: str) -> bool:
    try:
        return bool(date) and datetime.fromisoformat(date) <= datetime.now(UTC)
    except (TypeError, ValueError):
        return False  # what is no date at all is ministack's to judge


def _invalid_argument(message: str) -> Response:
    from ministack.services import s3

    refusal: Response = s3._error("InvalidArgument", message, 400)
    return refusal
