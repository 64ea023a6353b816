"""What the audit stack keeps: ROVN-BCK-2, ROVN-BCK-3, and the trail that watches over both."""

import json
from typing import Any

import pytest

from runbook.model.environment import Environment
from tests.assembly import Assembly, Resource

BUCKET, POLICY = "AWS::S3::Bucket", "AWS::S3::BucketPolicy"
KEY, TRAIL = "AWS::KMS::Key", "AWS::CloudTrail::Trail"
LOCKED = ("AuditRecords", "TrailRecords")
KEPT = (*LOCKED, "SourceReceipts")


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-audit"


def statements(assembly: Assembly, stack: str, bucket: str) -> dict[str, dict[str, Any]]:
    """Get a bucket policy's statements by Sid; those without one by their condition."""
    policy = assembly.named(stack, POLICY, f"{bucket}Policy")["Properties"]["PolicyDocument"]
    return {
        statement.get("Sid") or json.dumps(statement["Condition"]): statement
        for statement in policy["Statement"]
    }


@pytest.mark.parametrize("bucket", LOCKED)
def test_production_records_are_locked_for_seven_calendar_years(
    assembly: Assembly, bucket: str
) -> None:
    """ROVN-BCK-2."""
    properties = assembly.named("rovn-production-audit", BUCKET, bucket)["Properties"]
    assert properties["ObjectLockEnabled"] is True
    assert properties["ObjectLockConfiguration"] == {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 7}},
    }


@pytest.mark.parametrize("bucket", LOCKED)
def test_staging_records_are_locked_as_its_file_says(assembly: Assembly, bucket: str) -> None:
    """ROVN-STG-1: the same mode, so that tampering is refused there, too."""
    properties = assembly.named("rovn-staging-audit", BUCKET, bucket)["Properties"]
    rule = properties["ObjectLockConfiguration"]["Rule"]
    assert rule == {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}}


@pytest.mark.parametrize("bucket", LOCKED)
def test_a_writer_cannot_promise_less_than_the_lock(
    assembly: Assembly, environment: Environment, stack: str, bucket: str
) -> None:
    """ROVN-BCK-2: a date or mode named on the object would win over the bucket's default."""
    found = statements(assembly, stack, bucket)
    shorter, weaker = found["DenyShorterRetention"], found["DenyWeakerMode"]
    for statement in (shorter, weaker):
        assert statement["Effect"] == "Deny"
        assert statement["Principal"] == {"AWS": "*"}
        assert statement["Action"] == ["s3:PutObject", "s3:PutObjectRetention"]
    days = {"phi": "2557", "synthetic": "30"}[environment.tier]
    assert shorter["Condition"] == {
        "NumericLessThan": {"s3:object-lock-remaining-retention-days": days}
    }
    assert weaker["Condition"] == {
        "Null": {"s3:object-lock-mode": "false"},
        "StringNotEquals": {"s3:object-lock-mode": "COMPLIANCE"},
    }


@pytest.mark.parametrize("bucket", LOCKED)
def test_nobody_removes_a_version_or_the_bucket(
    assembly: Assembly, stack: str, bucket: str
) -> None:
    """ROVN-BCK-2."""
    removal = statements(assembly, stack, bucket)["DenyRemoval"]
    assert removal["Effect"] == "Deny"
    assert removal["Principal"] == {"AWS": "*"}
    assert removal["Action"] == [
        "s3:BypassGovernanceRetention",
        "s3:DeleteBucket",
        "s3:DeleteObjectVersion",
    ]
    assert "Condition" not in removal


def test_receipts_are_versioned_and_move_to_glacier_after_90_days(
    assembly: Assembly, stack: str
) -> None:
    """ROVN-BCK-3: every version moves, none expires."""
    properties = assembly.named(stack, BUCKET, "SourceReceipts")["Properties"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = {rule["Id"]: rule for rule in properties["LifecycleConfiguration"]["Rules"]}
    to_glacier = [{"StorageClass": "GLACIER", "TransitionInDays": 90}]
    assert rules.pop("MoveToGlacier") == {
        "Id": "MoveToGlacier",
        "Status": "Enabled",
        "Transitions": to_glacier,
        "NoncurrentVersionTransitions": to_glacier,
    }
    assert list(rules) == ["AbortAbandonedUploads"]


@pytest.mark.parametrize("bucket", KEPT)
def test_evidence_is_encrypted_with_its_own_key_and_each_request_logged(
    assembly: Assembly, stack: str, bucket: str
) -> None:
    properties = assembly.named(stack, BUCKET, bucket)["Properties"]
    (encryption,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    default = encryption["ServerSideEncryptionByDefault"]
    assert default["SSEAlgorithm"] == "aws:kms"
    key, attribute = default["KMSMasterKeyID"]["Fn::GetAtt"]
    assert attribute == "Arn"
    assert key in assembly.of_type(stack, KEY)
    target = properties["LoggingConfiguration"]["DestinationBucketName"]["Ref"]
    assert target[:-8] == "AccessLogs"
    other = statements(assembly, stack, bucket)["DenyOtherEncryption"]
    assert other["Condition"]["StringNotEquals"] == {"s3:x-amz-server-side-encryption": "aws:kms"}


def test_no_two_buckets_share_a_key(assembly: Assembly, stack: str) -> None:
    keys = [
        json.dumps(assembly.named(stack, BUCKET, bucket)["Properties"]["BucketEncryption"])
        for bucket in KEPT
    ]
    assert len(set(keys)) == len(KEPT)


def test_access_logs_are_encrypted_by_s3_as_log_delivery_demands(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    properties = assembly.named(stack, BUCKET, "AccessLogs")["Properties"]
    (encryption,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    rules = {rule["Id"]: rule for rule in properties["LifecycleConfiguration"]["Rules"]}
    assert rules["Expire"]["ExpirationInDays"] == environment.buckets.access_logs.expire_after_days


def test_every_bucket_is_private_tls_only_and_retained(assembly: Assembly, stack: str) -> None:
    for bucket in assembly.of_type(stack, BUCKET).values():
        assert_retained(bucket)
        properties = bucket["Properties"]
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(properties["PublicAccessBlockConfiguration"]) == 4
        assert properties["OwnershipControls"]["Rules"] == [
            {"ObjectOwnership": "BucketOwnerEnforced"}
        ]
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    for name in (*KEPT, "AccessLogs"):
        by_condition = statements(assembly, stack, name)
        insecure = by_condition['{"Bool": {"aws:SecureTransport": "false"}}']
        old_tls = by_condition['{"NumericLessThan": {"s3:TlsVersion": 1.2}}']
        assert insecure["Effect"] == old_tls["Effect"] == "Deny"
        assert insecure["Action"] == old_tls["Action"] == "s3:*"


def test_every_key_rotates_is_retained_and_cannot_be_destroyed_in_one_step(
    assembly: Assembly, stack: str
) -> None:
    for key in assembly.of_type(stack, KEY).values():
        assert_retained(key)
        assert key["Properties"]["EnableKeyRotation"] is True
        for statement in key["Properties"]["KeyPolicy"]["Statement"]:
            actions = statement["Action"]
            for action in [actions] if isinstance(actions, str) else actions:
                assert "*" not in action
                assert action not in ("kms:ScheduleKeyDeletion", "kms:DisableKey")


def test_keys_are_used_through_s3_only(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    for key in assembly.of_type(stack, KEY).values():
        by_sid = {s["Sid"]: s for s in key["Properties"]["KeyPolicy"]["Statement"]}
        assert "Condition" not in by_sid["Administer"]
        assert "kms:Decrypt" not in by_sid["Administer"]["Action"]
        assert by_sid["UseThroughServices"]["Condition"]["StringEquals"] == {
            "kms:CallerAccount": environment.account,
            "kms:ViaService": [f"s3.{environment.region}.amazonaws.com"],
        }


def test_the_trail_validates_its_files_and_records_every_touch_of_the_audit_bucket(
    assembly: Assembly, stack: str
) -> None:
    """ROVN-ALM-6 needs these events; its alarm comes with the alarm catalogue."""
    (trail,) = assembly.of_type(stack, TRAIL).values()
    properties = trail["Properties"]
    for switch in (
        "EnableLogFileValidation",
        "IncludeGlobalServiceEvents",
        "IsLogging",
        "IsMultiRegionTrail",
    ):
        assert properties[switch] is True
    selectors = {s["Name"]: fields(s) for s in properties["AdvancedEventSelectors"]}
    assert selectors["Management events"] == {"eventCategory": ["Management"]}
    watched = selectors["Data events of the audit bucket"]
    assert watched["eventCategory"] == ["Data"]
    assert watched["resources.type"] == ["AWS::S3::Object"]
    assert_objects_of("AuditRecords", watched["resources.ARN"])
    assert "eventName" not in watched


def test_the_trail_does_not_record_its_own_deliveries(assembly: Assembly, stack: str) -> None:
    (trail,) = assembly.of_type(stack, TRAIL).values()
    (own,) = (
        found
        for selector in trail["Properties"]["AdvancedEventSelectors"]
        if "eventName" in (found := fields(selector))
    )
    assert_objects_of("TrailRecords", own["resources.ARN"])
    assert "PutObject" not in own["eventName"]
    assert {"DeleteObject", "DeleteObjects", "PutObjectRetention", "PutObjectLegalHold"} == set(
        own["eventName"]
    )


def test_only_this_trail_may_write_to_its_bucket_and_use_its_key(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    name = f"{environment.slug}-audit"
    arn = f"arn:aws:cloudtrail:{environment.region}:{environment.account}:trail/{name}"
    found = statements(assembly, stack, "TrailRecords")
    assert found["Deliver"]["Condition"]["StringEquals"]["aws:SourceArn"] == arn
    assert found["CheckAcl"]["Condition"]["StringEquals"]["aws:SourceArn"] == arn
    key = assembly.named(stack, KEY, "TrailKey")["Properties"]["KeyPolicy"]["Statement"]
    for statement in key:
        if statement["Principal"] == {"Service": "cloudtrail.amazonaws.com"}:
            assert statement["Condition"]["StringEquals"]["aws:SourceArn"] == arn
    (trail,) = assembly.of_type(stack, TRAIL).values()
    assert trail["Properties"]["TrailName"] == name
    assert trail["DependsOn"][0][:-8] == "TrailRecordsPolicy"


def assert_retained(resource: Resource) -> None:
    assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"


def assert_objects_of(bucket: str, arns: list[dict[str, Any]]) -> None:
    """Check that a selector's prefix is a bucket's ARN and a slash, not a longer-named bucket."""
    ((separator, (arn, slash)),) = (prefix["Fn::Join"] for prefix in arns)
    assert (separator, slash) == ("", "/")
    assert arn["Fn::GetAtt"][0][:-8] == bucket


def fields(selector: dict[str, Any]) -> dict[str, Any]:
    return {
        field["Field"]: field.get("Equals") or field["StartsWith"]
        for field in selector["FieldSelectors"]
    }
