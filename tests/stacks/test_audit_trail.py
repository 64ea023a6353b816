"""The trail of the audit stack: what it records, and who may write it."""

from typing import Any

import pytest

from runbook.model.environment import Environment
from tests.assembly import Assembly, plain

TRAIL = "AWS::CloudTrail::Trail"
CLOUDTRAIL = {"Service": "cloudtrail.amazonaws.com"}


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-audit"


@pytest.fixture
def trail(assembly: Assembly, stack: str) -> dict[str, Any]:
    (resource,) = assembly.of_type(stack, TRAIL).values()
    found: dict[str, Any] = plain(resource["Properties"])
    return found


@pytest.fixture
def trail_arn(environment: Environment) -> str:
    place = f"{environment.region}:{environment.account}"
    return f"arn:aws:cloudtrail:{place}:trail/{environment.slug}-audit"


def selectors(trail: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        selector["Name"]: {
            field.pop("Field"): field for field in map(dict, selector["FieldSelectors"])
        }
        for selector in trail["AdvancedEventSelectors"]
    }


@pytest.mark.clause("ROVN-AUD-1")
def test_the_trail_covers_all_regions_and_its_files_are_validated(trail: dict[str, Any]) -> None:
    for switch in (
        "EnableLogFileValidation",
        "IncludeGlobalServiceEvents",
        "IsLogging",
        "IsMultiRegionTrail",
    ):
        assert trail[switch] is True
    assert trail["S3BucketName"] == "<TrailRecords>"
    assert trail["KMSKeyId"] == "<TrailKey.Arn>"


@pytest.mark.clause("ROVN-ALM-6")
def test_every_touch_of_the_audit_records_is_recorded(trail: dict[str, Any]) -> None:
    """ROVN-ALM-6 needs these events; its alarm comes with the alarm catalogue."""
    found = selectors(trail)
    assert found["Management events"] == {"eventCategory": {"Equals": ["Management"]}}
    assert found["Data events of the audit bucket"] == {
        "eventCategory": {"Equals": ["Data"]},
        "resources.type": {"Equals": ["AWS::S3::Object"]},
        "resources.ARN": {"StartsWith": ["<AuditRecords.Arn>/"]},
    }


def test_the_trail_does_not_record_its_own_deliveries(trail: dict[str, Any]) -> None:
    """PutObject among these events would make it write without end."""
    assert selectors(trail)["Tampering with the trail's own bucket"] == {
        "eventCategory": {"Equals": ["Data"]},
        "resources.type": {"Equals": ["AWS::S3::Object"]},
        "resources.ARN": {"StartsWith": ["<TrailRecords.Arn>/"]},
        "eventName": {
            "Equals": ["DeleteObject", "DeleteObjects", "PutObjectLegalHold", "PutObjectRetention"]
        },
    }


def test_only_this_trail_writes_to_its_bucket_and_only_its_own_folder(
    assembly: Assembly, environment: Environment, stack: str, trail: dict[str, Any], trail_arn: str
) -> None:
    assert trail["TrailName"] == f"{environment.slug}-audit"
    policy = assembly.named(stack, "AWS::S3::BucketPolicy", "TrailRecordsPolicy")["Properties"]
    allowed = [s for s in plain(policy)["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"]
    assert allowed == [
        {
            "Sid": "CheckAcl",
            "Effect": "Allow",
            "Principal": CLOUDTRAIL,
            "Action": "s3:GetBucketAcl",
            "Resource": "<TrailRecords.Arn>",
            "Condition": {"StringEquals": {"aws:SourceArn": trail_arn}},
        },
        {
            "Sid": "Deliver",
            "Effect": "Allow",
            "Principal": CLOUDTRAIL,
            "Action": "s3:PutObject",
            "Resource": f"<TrailRecords.Arn>/AWSLogs/{environment.account}/*",
            "Condition": {
                "StringEquals": {
                    "aws:SourceArn": trail_arn,
                    "s3:x-amz-acl": "bucket-owner-full-control",
                }
            },
        },
    ]


def test_the_trail_waits_for_the_policy_that_lets_it_write(assembly: Assembly, stack: str) -> None:
    (resource,) = assembly.of_type(stack, TRAIL).values()
    assert {logical_id[:-8] for logical_id in resource["DependsOn"]} == {
        "AuditTrailDeliveryPolicy",
        "TrailRecordsPolicy",
    }


def test_its_events_can_be_searched_encrypted_and_for_as_long_as_the_file_says(
    assembly: Assembly, environment: Environment, stack: str, trail: dict[str, Any]
) -> None:
    assert trail["CloudWatchLogsLogGroupArn"] == "<AuditTrailEvents.Arn>"
    (group,) = assembly.of_type(stack, "AWS::Logs::LogGroup").values()
    assert group["DeletionPolicy"] == "RetainExceptOnCreate"
    properties = plain(group["Properties"])
    assert properties["LogGroupName"] == f"/{environment.name}/trail"
    assert properties["RetentionInDays"] == environment.trail.log_retention_days
    assert properties["KmsKeyId"] == "<TrailKey.Arn>"


def test_only_cloudtrail_writes_to_the_log_group_and_only_its_own_streams(
    assembly: Assembly, environment: Environment, stack: str, trail: dict[str, Any]
) -> None:
    assert trail["CloudWatchLogsRoleArn"] == "<AuditTrailDeliveryRole.Arn>"
    role = assembly.named(stack, "AWS::IAM::Role", "AuditTrailDeliveryRole")["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    # With a condition on its source CloudTrail cannot take the role at all.
    assert trust == {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": CLOUDTRAIL}
    policy = assembly.named(stack, "AWS::IAM::ManagedPolicy", "AuditTrailDeliveryPolicy")
    assert plain(policy["Properties"]["Roles"]) == ["<AuditTrailDeliveryRole>"]
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    place = f"{environment.region}:{environment.account}"
    group = f"arn:aws:logs:{place}:log-group:/{environment.name}/trail"
    streams = f"{environment.account}_CloudTrail_{environment.region}*"
    assert statement["Resource"] == f"{group}:log-stream:{streams}"
