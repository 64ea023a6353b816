"""The buckets of the audit stack: ROVN-BCK-2, ROVN-BCK-3, and what keeps both true."""

from typing import Any

import pytest

from runbook.access.delivery_names import EVIDENCE
from runbook.access.principals import Principals
from runbook.model.environment import Environment
from tests.access.evaluation import decides
from tests.assembly import Assembly, plain

BUCKET, POLICY = "AWS::S3::Bucket", "AWS::S3::BucketPolicy"
KEYS = {"AuditRecords": "AuditKey", "TrailRecords": "TrailKey", "SourceReceipts": "ReceiptsKey"}
LOCKED = ("AuditRecords", "TrailRecords")
BUCKETS = (*KEYS, "AccessLogs")


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-audit"


def properties(assembly: Assembly, stack: str, bucket: str) -> dict[str, Any]:
    found: dict[str, Any] = plain(assembly.named(stack, BUCKET, bucket)["Properties"])
    return found


def statements(assembly: Assembly, stack: str, bucket: str) -> list[dict[str, Any]]:
    policy = plain(assembly.named(stack, POLICY, f"{bucket}Policy")["Properties"])
    assert policy["Bucket"] == f"<{bucket}>"
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return found


def denied(bucket: str, action: str | list[str], condition: dict[str, Any]) -> dict[str, Any]:
    """Write the statement that denies everybody, on the bucket and on its objects."""
    return {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": action,
        "Resource": [f"<{bucket}.Arn>", f"<{bucket}.Arn>/*"],
    } | ({"Condition": condition} if condition else {})


def given_but_not(key: str, value: str | list[str]) -> dict[str, Any]:
    return {"Null": {key: "false"}, "StringNotEquals": {key: value}}


@pytest.mark.clause("ROVN-BCK-2")
@pytest.mark.parametrize("bucket", LOCKED)
def test_production_records_are_locked_for_seven_calendar_years(
    assembly: Assembly, bucket: str
) -> None:
    locked = properties(assembly, "rovn-production-audit", bucket)
    assert locked["ObjectLockEnabled"] is True
    assert locked["ObjectLockConfiguration"] == {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 7}},
    }


@pytest.mark.clause("ROVN-STG-1")
@pytest.mark.parametrize("bucket", LOCKED)
def test_staging_records_are_locked_in_the_same_mode(assembly: Assembly, bucket: str) -> None:
    lock = properties(assembly, "rovn-staging-audit", bucket)["ObjectLockConfiguration"]
    assert lock["Rule"] == {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}}


@pytest.mark.clause("ROVN-BCK-2")
@pytest.mark.parametrize("bucket", LOCKED)
def test_a_writer_cannot_promise_less_than_the_lock(
    assembly: Assembly, environment: Environment, stack: str, bucket: str
) -> None:
    """A date or mode named on the object would win over the bucket's default."""
    found = {s.pop("Sid"): s for s in statements(assembly, stack, bucket) if "Sid" in s}
    writes = ["s3:PutObject", "s3:PutObjectRetention"]
    days = {"phi": "2557", "synthetic": "30"}[environment.tier]
    shorter = {"NumericLessThan": {"s3:object-lock-remaining-retention-days": days}}
    assert found["DenyShorterRetention"] == denied(bucket, writes, shorter)
    weaker = given_but_not("s3:object-lock-mode", "COMPLIANCE")
    assert found["DenyWeakerMode"] == denied(bucket, writes, weaker)


@pytest.mark.clause("ROVN-BCK-2")
@pytest.mark.parametrize("bucket", LOCKED)
def test_nobody_removes_a_version_or_the_bucket(
    assembly: Assembly, stack: str, bucket: str
) -> None:
    found = {s.pop("Sid"): s for s in statements(assembly, stack, bucket) if "Sid" in s}
    actions = ["s3:BypassGovernanceRetention", "s3:DeleteBucket", "s3:DeleteObjectVersion"]
    assert found["DenyRemoval"] == denied(bucket, actions, {})


@pytest.mark.clause("ALL-1")
@pytest.mark.clause("ROVN-AUD-1")
def test_who_deploys_publishes_evidence_by_hand_and_none_of_a_release(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    """Whoever is judged by what the pipeline publishes could forge it."""
    principals = Principals(environment)
    named = [
        s for s in statements(assembly, stack, "AuditRecords") if s.get("Sid", "")[:4] == "Only"
    ]
    bundles = f"<AuditRecords.Arn>/{EVIDENCE}/{environment.environment}"
    judges = {principals.evidence, *principals.break_glass}
    for bundle, wanted in (
        ("release-passport-api-tag-sha", judges),
        ("2026-05-10-commit-sha", judges | {principals.deploy_identity}),
    ):
        may = {
            who
            for who in {*principals.delivering, *principals.may_write_records, *judges}
            if decides(
                {"Statement": named},
                "s3:PutObject",
                f"{bundles}/{bundle}/manifest.json",
                {"aws:PrincipalArn": who},
            )
            != "Deny"
        }
        assert may == wanted, bundle


@pytest.mark.clause("ROVN-BCK-3")
def test_receipts_are_versioned_and_move_to_glacier_after_90_days(
    assembly: Assembly, stack: str
) -> None:
    """Every version moves, however small, and none expires."""
    receipts = properties(assembly, stack, "SourceReceipts")
    assert receipts["VersioningConfiguration"] == {"Status": "Enabled"}
    lifecycle = receipts["LifecycleConfiguration"]
    assert lifecycle["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"
    to_glacier = [{"StorageClass": "GLACIER", "TransitionInDays": 90}]
    assert lifecycle["Rules"] == [
        {
            "Id": "AbortAbandonedUploads",
            "Status": "Enabled",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
        {
            "Id": "MoveToGlacier",
            "Status": "Enabled",
            "Transitions": to_glacier,
            "NoncurrentVersionTransitions": to_glacier,
        },
    ]


@pytest.mark.parametrize(("bucket", "key"), KEYS.items())
def test_evidence_is_encrypted_with_a_key_of_its_own(
    assembly: Assembly, stack: str, bucket: str, key: str
) -> None:
    (encryption,) = properties(assembly, stack, bucket)["BucketEncryption"][
        "ServerSideEncryptionConfiguration"
    ]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": f"<{key}.Arn>"}
    assert encryption["ServerSideEncryptionByDefault"] == default
    # CloudTrail's encryption context would be lost under a bucket key.
    assert encryption["BucketKeyEnabled"] is (bucket != "TrailRecords")


@pytest.mark.parametrize(("bucket", "key"), KEYS.items())
def test_nothing_is_written_under_another_key(
    assembly: Assembly, stack: str, bucket: str, key: str
) -> None:
    """Else a record could be locked for seven years and unreadable for as long."""
    found = {s.pop("Sid"): s for s in statements(assembly, stack, bucket) if "Sid" in s}
    header = "s3:x-amz-server-side-encryption"
    # The trail's digests come under S3's own key.
    accepted = ["aws:kms", "AES256"] if bucket == "TrailRecords" else "aws:kms"
    for sid, condition in (
        ("DenyOtherEncryption", given_but_not(header, accepted)),
        ("DenyOtherKey", given_but_not(f"{header}-aws-kms-key-id", f"<{key}.Arn>")),
        (
            "DenyUnnamedKey",
            {
                "StringEquals": {header: "aws:kms"},
                "Null": {f"{header}-aws-kms-key-id": "true"},
            },
        ),
        ("DenyCustomerProvidedKey", {"Null": {f"{header}-customer-algorithm": "false"}}),
    ):
        assert found[sid] == denied(bucket, "s3:PutObject", condition)


def test_each_request_to_evidence_is_logged_under_its_own_prefix(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    prefixes = {"AuditRecords": "audit/", "TrailRecords": "trail/", "SourceReceipts": "receipts/"}
    deliveries = [
        statement
        for statement in statements(assembly, stack, "AccessLogs")
        if statement["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    ]
    for bucket, prefix in prefixes.items():
        logging = properties(assembly, stack, bucket)["LoggingConfiguration"]
        assert logging == {"DestinationBucketName": "<AccessLogs>", "LogFilePrefix": prefix}
        assert {
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"<AccessLogs.Arn>/{prefix}*",
            "Condition": {
                "ArnLike": {"aws:SourceArn": f"<{bucket}.Arn>"},
                "StringEquals": {"aws:SourceAccount": environment.account},
            },
        } in deliveries
    assert len(deliveries) == len(prefixes)


def test_access_logs_are_encrypted_by_s3_as_log_delivery_demands_and_expire(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    logs = properties(assembly, stack, "AccessLogs")
    (encryption,) = logs["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    rules = {rule["Id"]: rule for rule in logs["LifecycleConfiguration"]["Rules"]}
    assert rules["Expire"] == {
        "Id": "Expire",
        "Status": "Enabled",
        "ExpirationInDays": environment.buckets.access_logs.expire_after_days,
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
    }


def test_no_bucket_escapes_these_tests(assembly: Assembly, stack: str) -> None:
    assert {logical_id[:-8] for logical_id in assembly.of_type(stack, BUCKET)} == set(BUCKETS)
