"""Describers are found by themselves, and read an absent resource as not there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.stub import Stubber

from sandbox.description import (
    Description,
    NotThereError,
    Resource,
    describers,
    describes,
)
from sandbox.endpoint import Endpoint


@dataclass
class Answers:
    """An endpoint whose one client answers from a list."""

    service: str
    answers: list[tuple[str, dict[str, Any] | str]]
    endpoint: Endpoint = field(
        # A region of its own, so that no other test shares the stubbed client.
        default_factory=lambda: Endpoint("http://127.0.0.1:9", "111122223333", "us-test-1")
    )

    def describe(self, type_: str, physical_id: str, **declared: object) -> Description:
        client = self.endpoint.client(self.service)
        with Stubber(client) as stubber:
            for operation, answer in self.answers:
                if isinstance(answer, str):
                    stubber.add_client_error(operation, answer)
                else:
                    stubber.add_response(operation, answer)
            resource = Resource(type_, physical_id, self.endpoint, declared.__getitem__)
            return describers()[type_](resource)


@pytest.mark.parametrize(
    "type_",
    [
        "AWS::CloudTrail::Trail",
        "AWS::EC2::VPC",
        "AWS::IAM::Role",
        "AWS::KMS::Key",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
    ],
)
def test_modules_are_discovered(type_: str) -> None:
    assert type_ in describers()


def test_a_type_has_one_describer() -> None:
    describers()
    with pytest.raises(ValueError, match="AWS::S3::Bucket has two describers"):
        describes("AWS::S3::Bucket")(lambda _: Description({}))


@pytest.mark.parametrize(
    ("type_", "service", "operation", "answer", "declared"),
    [
        ("AWS::S3::Bucket", "s3", "get_bucket_versioning", "NoSuchBucket", {}),
        ("AWS::S3::BucketPolicy", "s3", "get_bucket_policy", "NoSuchBucketPolicy", {"Bucket": "b"}),
        ("AWS::KMS::Key", "kms", "describe_key", "NotFoundException", {}),
        ("AWS::IAM::Role", "iam", "get_role", "NoSuchEntity", {}),
        ("AWS::Logs::LogGroup", "logs", "describe_log_groups", {"logGroups": []}, {}),
        ("AWS::CloudTrail::Trail", "cloudtrail", "get_trail", "TrailNotFoundException", {}),
        ("AWS::EC2::Subnet", "ec2", "describe_subnets", "InvalidSubnetID.NotFound", {}),
        ("AWS::EC2::Subnet", "ec2", "describe_subnets", {"Subnets": []}, {}),
        ("AWS::EC2::EIP", "ec2", "describe_addresses", {"Addresses": []}, {}),
        (
            "AWS::EC2::FlowLog",
            "ec2",
            "describe_flow_logs",
            {"FlowLogs": [{"FlowLogStatus": "DELETED"}]},
            {},
        ),
    ],
)
def test_an_absent_resource_is_not_there(
    type_: str, service: str, operation: str, answer: dict[str, Any] | str, declared: dict[str, str]
) -> None:
    with pytest.raises(NotThereError):
        Answers(service, [(operation, answer)]).describe(type_, "some-id", **declared)


def test_an_inline_policy_must_be_the_same_in_all_its_roles() -> None:
    def answer(action: str) -> tuple[str, dict[str, Any]]:
        document = f'{{"Statement": [{{"Effect": "Allow", "Action": "{action}"}}]}}'
        found = {"RoleName": "r-name", "PolicyName": "p-name", "PolicyDocument": document}
        return "get_role_policy", found

    answers = Answers("iam", [answer("s3:GetObject"), answer("s3:PutObject")])
    with pytest.raises(NotThereError, match="different policies"):
        answers.describe("AWS::IAM::Policy", "p", PolicyName="p-name", Roles=["one", "two"])


def test_a_lifecycle_is_read_in_the_shape_of_its_properties() -> None:
    rule = {
        "ID": "Move",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Transitions": [{"StorageClass": "GLACIER", "Days": 90}],
        "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "NoncurrentDays": 90}],
    }
    no_answer: dict[str, Any] = {}
    answers = Answers(
        "s3",
        [
            ("get_bucket_versioning", {"Status": "Enabled"}),
            ("get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError"),
            ("get_bucket_lifecycle_configuration", {"Rules": [rule]}),
            ("get_bucket_logging", no_answer),
            ("get_bucket_ownership_controls", "OwnershipControlsNotFoundError"),
            ("get_public_access_block", "NoSuchPublicAccessBlockConfiguration"),
            ("get_bucket_tagging", "NoSuchTagSet"),
            ("get_object_lock_configuration", "ObjectLockConfigurationNotFoundError"),
        ],
    )
    description = answers.describe("AWS::S3::Bucket", "bucket-name")
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
