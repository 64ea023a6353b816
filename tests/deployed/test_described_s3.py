"""A bucket is read where it is, with no member of its configurations lost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from runbook.deployed.description import Description, NotThereError
from tests.deployed.answers import Answers, undeclared


def bucket(**answers: dict[str, Any] | str) -> Description:
    """Describe a bucket that has nothing but what is given."""
    defaults: dict[str, dict[str, Any] | str] = {
        "get_bucket_location": {"LocationConstraint": "us-test-1"},
        "get_bucket_versioning": {},
        "get_bucket_encryption": "ServerSideEncryptionConfigurationNotFoundError",
        "get_bucket_lifecycle_configuration": "NoSuchLifecycleConfiguration",
        "get_bucket_logging": {},
        "get_bucket_notification_configuration": {},
        "get_bucket_ownership_controls": "OwnershipControlsNotFoundError",
        "get_public_access_block": "NoSuchPublicAccessBlockConfiguration",
        "get_bucket_tagging": "NoSuchTagSet",
        "get_object_lock_configuration": "ObjectLockConfigurationNotFoundError",
    }
    answering = Answers("s3", list((defaults | answers).items()))
    return answering.describe("AWS::S3::Bucket", "bucket-name")


def lifecycle(**rule: object) -> dict[str, Any]:
    """Return a lifecycle rule as CloudFormation spells what S3 answers."""
    rules = [{"Status": "Enabled", **rule}]
    description = bucket(get_bucket_lifecycle_configuration={"Rules": rules})
    [described] = description.properties["LifecycleConfiguration"]["Rules"]
    del described["Status"]
    return dict(described)


def test_who_is_told_of_events_is_read_and_closed() -> None:
    queue = {"QueueArn": "arn:aws:sqs:us-test-1:111122223333:q", "Events": ["s3:ObjectCreated:*"]}
    told = {"EventBridgeConfiguration": {}, "QueueConfigurations": [queue]}
    description = bucket(get_bucket_notification_configuration=told)
    declared = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    found = undeclared(description, {"NotificationConfiguration": declared})
    assert found == ["NotificationConfiguration.QueueConfigurations"]
    assert undeclared(description, {}) == ["NotificationConfiguration"]


def test_a_lifecycle_is_read_in_the_shape_of_its_properties() -> None:
    rule = {
        "ID": "Move",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Transitions": [{"StorageClass": "GLACIER", "Days": 90}],
        "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "NoncurrentDays": 90}],
    }
    description = bucket(
        get_bucket_versioning={"Status": "Enabled"},
        get_bucket_lifecycle_configuration={"Rules": [rule]},
    )
    assert description.properties == {
        "BucketName": "bucket-name",
        "LifecycleConfiguration": {
            "Rules": [
                {
                    "Id": "Move",
                    "Status": "Enabled",
                    "NoncurrentVersionTransitions": [
                        {"StorageClass": "GLACIER", "TransitionInDays": 90}
                    ],
                    "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 90}],
                }
            ]
        },
        "VersioningConfiguration": {"Status": "Enabled"},
    }
    assert description.attributes["Arn"] == "arn:aws:s3:::bucket-name"


DATE = datetime(2030, 1, 1, tzinfo=UTC)
TAG = {"Key": "k", "Value": "v"}


@pytest.mark.parametrize(
    ("rule", "described"),
    [
        ({"Expiration": {"Days": 1}}, {"ExpirationInDays": 1}),
        ({"Expiration": {"Date": DATE}}, {"ExpirationDate": "2030-01-01T00:00:00Z"}),
        (
            {"Expiration": {"ExpiredObjectDeleteMarker": True}},
            {"ExpiredObjectDeleteMarker": True},
        ),
        (
            {"Transitions": [{"Date": DATE, "StorageClass": "GLACIER"}]},
            {
                "Transitions": [
                    {"TransitionDate": "2030-01-01T00:00:00Z", "StorageClass": "GLACIER"}
                ]
            },
        ),
        ({"Filter": {"Prefix": "a/"}}, {"Prefix": "a/"}),
        ({"Filter": {"Tag": TAG}}, {"TagFilters": [TAG]}),
        (
            {"Filter": {"And": {"Prefix": "a/", "Tags": [TAG], "ObjectSizeLessThan": 9}}},
            {"Prefix": "a/", "TagFilters": [TAG], "ObjectSizeLessThan": 9},
        ),
        ({"Prefix": "old/"}, {"Prefix": "old/"}),
    ],
)
def test_no_member_of_a_lifecycle_rule_is_lost(
    rule: dict[str, Any], described: dict[str, Any]
) -> None:
    assert lifecycle(**rule) == described


AES = {"SSEAlgorithm": "AES256"}
ENCRYPTED = {"ApplyServerSideEncryptionByDefault": AES, "BucketKeyEnabled": False}
WITH_BUCKET_KEY = {**ENCRYPTED, "BucketKeyEnabled": True}


def test_a_bucket_as_aws_makes_it_has_nothing_undeclared() -> None:
    encryption = {"ServerSideEncryptionConfiguration": {"Rules": [ENCRYPTED]}}
    assert undeclared(bucket(get_bucket_encryption=encryption), {}) == []
    rule = {"ServerSideEncryptionByDefault": AES}
    declared = {"BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]}}
    assert undeclared(bucket(get_bucket_encryption=encryption), declared) == []
    lock = {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}
    assert undeclared(bucket(get_object_lock_configuration=lock), {"ObjectLockEnabled": True}) == []


@pytest.mark.parametrize(
    ("operation", "answer", "paths"),
    [
        (
            "get_bucket_encryption",
            {"ServerSideEncryptionConfiguration": {"Rules": [WITH_BUCKET_KEY]}},
            ["BucketEncryption"],
        ),
        (
            "get_bucket_lifecycle_configuration",
            {"Rules": [{"Status": "Enabled", "Expiration": {"Days": 1}}]},
            ["LifecycleConfiguration"],
        ),
        (
            "get_bucket_logging",
            {"LoggingEnabled": {"TargetBucket": "b", "TargetPrefix": ""}},
            ["LoggingConfiguration"],
        ),
        (
            "get_object_lock_configuration",
            {
                "ObjectLockConfiguration": {
                    "ObjectLockEnabled": "Enabled",
                    "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}},
                }
            },
            ["ObjectLockConfiguration", "ObjectLockEnabled"],
        ),
    ],
)  # fmt: skip
def test_what_a_bucket_has_undeclared(
    operation: str, answer: dict[str, Any], paths: list[str]
) -> None:
    assert undeclared(bucket(**{operation: answer}), {}) == paths


@pytest.mark.parametrize("location", [None, "EU", "us-east-2"])
def test_a_bucket_in_another_region_is_not_there(location: str | None) -> None:
    answer = {"LocationConstraint": location} if location else {}
    answers = Answers("s3", [("get_bucket_location", answer)])
    with pytest.raises(NotThereError, match="not in us-test-1"):
        answers.describe("AWS::S3::Bucket", "bucket-name")
