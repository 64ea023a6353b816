"""S3: bucket properties that ministack's CloudFormation handler drops, and where it is not S3."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from botocore.exceptions import ClientError

from sandbox.emulator.client import client
from sandbox.emulator.patching import PATCHES, Function
from sandbox.emulator.resource_types import COMPLETED, CompletedType, Properties
from sandbox.emulator.services.s3_object_lock import update_encryption

S3 = "ministack.services.s3"
DEFAULT_MINIMUM_SIZE = "all_storage_classes_128K"
MINIMUM_SIZE = "x-amz-transition-default-minimum-object-size"


def configure_bucket(bucket: str, properties: Properties, before: Properties) -> None:
    """Apply to the bucket, through S3's own calls, what the handler leaves out."""
    s3 = client("s3")
    removals = {
        "BucketEncryption": s3.delete_bucket_encryption,
        "LifecycleConfiguration": s3.delete_bucket_lifecycle,
        "OwnershipControls": s3.delete_bucket_ownership_controls,
        "Tags": s3.delete_bucket_tagging,
    }
    for name in (before.keys() - properties.keys()) & removals.keys():
        removals[name](Bucket=bucket)
    if "LoggingConfiguration" in before and "LoggingConfiguration" not in properties:
        s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    if str(properties.get("ObjectLockEnabled", "")).lower() == "true":
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=_lock(properties))
    if "BucketEncryption" in properties:
        rules = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        s3.put_bucket_encryption(
            Bucket=bucket,
            ServerSideEncryptionConfiguration={"Rules": [_encryption_rule(rule) for rule in rules]},
        )
    if "LifecycleConfiguration" in properties:
        lifecycle = properties["LifecycleConfiguration"]
        size = "TransitionDefaultMinimumObjectSize"
        s3.put_bucket_lifecycle_configuration(
            Bucket=bucket,
            LifecycleConfiguration={
                "Rules": [_lifecycle_rule(rule) for rule in lifecycle["Rules"]]
            },
            **({size: lifecycle[size]} if size in lifecycle else {}),
        )
    if "LoggingConfiguration" in properties:
        s3.put_bucket_logging(
            Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": _logging(bucket, properties)}
        )
    if "OwnershipControls" in properties:
        s3.put_bucket_ownership_controls(
            Bucket=bucket, OwnershipControls=properties["OwnershipControls"]
        )
    if properties.get("Tags"):
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": properties["Tags"]})


def _lock(properties: Properties) -> dict[str, Any]:
    configuration = {"ObjectLockEnabled": "Enabled"}
    retention = (
        properties.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention")
    )
    if retention is None:
        return configuration
    numbers = {unit: int(retention[unit]) for unit in ("Days", "Years") if unit in retention}
    rule = {"DefaultRetention": {"Mode": retention["Mode"], **numbers}}
    return {**configuration, "Rule": rule}


def _encryption_rule(rule: dict[str, Any]) -> dict[str, Any]:
    default = rule["ServerSideEncryptionByDefault"]
    return {
        "ApplyServerSideEncryptionByDefault": default,
        "BucketKeyEnabled": _truth(rule.get("BucketKeyEnabled", False)),
    }


def _logging(bucket: str, properties: Properties) -> dict[str, Any]:
    logging = properties["LoggingConfiguration"]
    target = {
        "TargetBucket": logging.get("DestinationBucketName", bucket),
        "TargetPrefix": logging.get("LogFilePrefix", ""),
    }
    if "TargetObjectKeyFormat" in logging:
        target["TargetObjectKeyFormat"] = logging["TargetObjectKeyFormat"]
    return target


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """Turn CloudFormation's rule into that of PutBucketLifecycleConfiguration."""
    translated: dict[str, Any] = {"Status": rule["Status"], "Filter": _filter(rule)}
    if "Id" in rule:
        translated["ID"] = rule["Id"]
    expiration: dict[str, Any] = {}
    if "ExpirationInDays" in rule:
        expiration["Days"] = int(rule["ExpirationInDays"])
    if "ExpiredObjectDeleteMarker" in rule:
        expiration["ExpiredObjectDeleteMarker"] = _truth(rule["ExpiredObjectDeleteMarker"])
    if expiration:
        translated["Expiration"] = expiration
    if "AbortIncompleteMultipartUpload" in rule:
        days = int(rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"])
        translated["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": days}
    if "Transitions" in rule:
        translated["Transitions"] = [
            {"StorageClass": step["StorageClass"], "Days": int(step["TransitionInDays"])}
            for step in rule["Transitions"]
        ]
    if "NoncurrentVersionTransitions" in rule:
        translated["NoncurrentVersionTransitions"] = [
            _noncurrent(step, "TransitionInDays") | {"StorageClass": step["StorageClass"]}
            for step in rule["NoncurrentVersionTransitions"]
        ]
    if "NoncurrentVersionExpiration" in rule:
        translated["NoncurrentVersionExpiration"] = _noncurrent(
            rule["NoncurrentVersionExpiration"], "NoncurrentDays"
        )
    return translated


def _noncurrent(step: dict[str, Any], days: str) -> dict[str, Any]:
    numbers = {"NoncurrentDays": int(step[days])}
    if "NewerNoncurrentVersions" in step:
        numbers["NewerNoncurrentVersions"] = int(step["NewerNoncurrentVersions"])
    return numbers


def _filter(rule: dict[str, Any]) -> dict[str, Any]:
    conditions: dict[str, Any] = {}
    if rule.get("TagFilters"):
        conditions["Tags"] = rule["TagFilters"]
    if "Prefix" in rule:
        conditions["Prefix"] = rule["Prefix"]
    for name in ("ObjectSizeGreaterThan", "ObjectSizeLessThan"):
        if name in rule:
            conditions[name] = int(rule[name])
    if len(conditions) > 1 or "Tags" in conditions:
        return {"And": conditions}
    return conditions or {"Prefix": ""}


def _truth(value: object) -> bool:
    return str(value).lower() == "true"


def delete_bucket(bucket: str, _properties: Properties) -> None:
    """Delete through S3, which refuses a bucket with versions; ministack's handler does not."""
    try:
        client("s3").delete_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise


COMPLETED["AWS::S3::Bucket"] = CompletedType(configure=configure_bucket, delete=delete_bucket)


PATCHES.needs(S3, "_bucket_object_lock", "_error")


@PATCHES.wrap(S3, "_put_bucket_versioning", parameters=("name", "body"))
def put_bucket_versioning(original: Function, name: str, body: bytes) -> tuple[Any, ...]:
    """Refuse to suspend versioning under an object lock, as S3 does and ministack does not."""
    from ministack.services import s3

    if s3._bucket_object_lock.get(name) and b"Suspended" in body:
        refusal: tuple[Any, ...] = s3._error(
            "InvalidBucketState",
            "An Object Lock configuration is present on this bucket, "
            "so the versioning state cannot be changed.",
            409,
            f"/{name}",
        )
        return refusal
    answer: tuple[Any, ...] = original(name, body)
    return answer


PATCHES.needs("ministack.core.responses", "get_account_id", "get_region")


@PATCHES.wrap(S3, "_resolve_sse_write_headers", parameters=("headers", "bucket_name"))
def resolve_encryption(
    original: Function, headers: dict[str, str], bucket_name: str
) -> tuple[Any, ...]:
    """Encrypt with the AWS managed key where a write asks for KMS without naming a key.

    ministack refuses that, and with it every asset that the CDK CLI publishes.
    """
    from ministack.core.responses import get_account_id, get_region

    key = "x-amz-server-side-encryption-aws-kms-key-id"
    if headers.get("x-amz-server-side-encryption") == "aws:kms" and not headers.get(key):
        managed = f"arn:aws:kms:{get_region()}:{get_account_id()}:alias/aws/s3"
        headers = {**headers, key: managed}
    answer: tuple[Any, ...] = original(headers, bucket_name)
    return answer


PATCHES.needs(S3, "_buckets")


@PATCHES.wrap(
    S3, "_dispatch", parameters=("method", "bucket", "key", "headers", "body", "query_params")
)
def dispatch(original: Function, *arguments: Any) -> tuple[Any, ...]:  # noqa: ANN401 - S3's own
    """Add what ministack does not route or read.

    UpdateObjectEncryption, and the header of a lifecycle's default minimum object size.
    """
    from ministack.services import s3

    method, bucket, key, headers, request, query = arguments
    if method == "PUT" and key and "encryption" in query:
        return update_encryption(bucket, key, request, query)
    status, answer_headers, body, *rest = original(*arguments)
    if "lifecycle" in query and not key and status < HTTPStatus.MULTIPLE_CHOICES:
        record = s3._buckets[bucket]
        if method == "PUT":
            record[MINIMUM_SIZE] = headers.get(MINIMUM_SIZE, DEFAULT_MINIMUM_SIZE)
        if method in ("PUT", "GET"):
            kept = record.get(MINIMUM_SIZE, DEFAULT_MINIMUM_SIZE)
            answer_headers = {**answer_headers, MINIMUM_SIZE: kept}
    return (status, answer_headers, body, *rest)
