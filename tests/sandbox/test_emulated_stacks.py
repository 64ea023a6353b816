"""Types that the adapters add or complete: created, updated in place, replaced and deleted."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import emulator_process
from sandbox.comparison import Difference, compare
from sandbox.deployed_stack import read_deployed
from sandbox.endpoint import Endpoint
from sandbox.workplace import Workplace
from tests.assembly import ROOT
from tests.sandbox.loopback import free_port

pytestmark = pytest.mark.sandbox

TAGS = [{"Key": "owner", "Value": "ops"}, {"Key": "tier", "Value": "phi"}]
LOCK = {"Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}}
TEMPLATE: dict[str, Any] = {
    "Parameters": {"Stage": {"Type": "String", "Default": "production"}},
    "Mappings": {"Days": {"production": {"flow": "60"}}},
    "Conditions": {"IsProduction": {"Fn::Equals": [{"Ref": "Stage"}, "production"]}},
    "Resources": {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Subnet": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {
                "VpcId": {"Ref": "Vpc"},
                "CidrBlock": {"Fn::Join": ["", ["10.0.", "1", ".0/24"]]},
                "AvailabilityZone": {"Fn::Sub": "${AWS::Region}a"},
            },
        },
        "Address": {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc", "Tags": TAGS}},
        "Nat": {
            "Type": "AWS::EC2::NatGateway",
            "Properties": {
                "AllocationId": {"Fn::GetAtt": "Address.AllocationId"},
                "SubnetId": {"Ref": "Subnet"},
                "Tags": TAGS,
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                }
            },
        },
        "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}},
        "FlowLog": {
            "Type": "AWS::EC2::FlowLog",
            "Properties": {
                "ResourceId": {"Ref": "Vpc"},
                "ResourceType": "VPC",
                "TrafficType": {"Fn::If": ["IsProduction", "ALL", "REJECT"]},
                "LogGroupName": {"Ref": "Group"},
                "DeliverLogsPermissionArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "MaxAggregationInterval": {"Fn::FindInMap": ["Days", {"Ref": "Stage"}, "flow"]},
                "Tags": TAGS,
            },
        },
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "VersioningConfiguration": {"Status": "Enabled"},
                "LoggingConfiguration": {
                    "DestinationBucketName": {"Ref": "Logs"},
                    "LogFilePrefix": "bucket/",
                },
                "LifecycleConfiguration": {
                    "TransitionDefaultMinimumObjectSize": "varies_by_storage_class",
                    "Rules": [
                        {
                            "Id": "All",
                            "Status": "Enabled",
                            "Prefix": "a/",
                            "ExpirationInDays": 30,
                            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3},
                            "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 5}],
                            "NoncurrentVersionExpiration": {
                                "NoncurrentDays": 9,
                                "NewerNoncurrentVersions": 2,
                            },
                            "NoncurrentVersionTransitions": [
                                {"StorageClass": "GLACIER", "TransitionInDays": 4}
                            ],
                        }
                    ],
                },
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                "Tags": TAGS,
            },
        },
        "Locked": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "ObjectLockEnabled": True,
                "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", **LOCK},
                "VersioningConfiguration": {"Status": "Enabled"},
            },
        },
        "Logs": {"Type": "AWS::S3::Bucket"},
        "Trail": {
            "Type": "AWS::CloudTrail::Trail",
            "Properties": {
                "IsLogging": True,
                "IsMultiRegionTrail": True,
                "EnableLogFileValidation": True,
                "S3BucketName": {"Ref": "Logs"},
                "AdvancedEventSelectors": [
                    {
                        "Name": "Data",
                        "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}],
                    }
                ],
                "Tags": TAGS,
            },
        },
    },
    "Outputs": {
        "Address": {
            "Value": {"Fn::GetAtt": ["Address", "PublicIp"]},
            "Export": {"Name": "the-address"},
        }
    },
}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    workplace = Workplace(ROOT, tmp_path_factory.mktemp("emulator"))
    emulator = emulator_process.start(workplace, free_port(), keep_running=False)
    try:
        emulator.wait_until_ready()
        yield Endpoint(emulator.url, "111122223333", "us-east-2")
    finally:
        emulator.stop()


class Stack:
    """A stack in the emulator, deployed by CloudFormation's own calls."""

    def __init__(self, endpoint: Endpoint, name: str) -> None:
        self.endpoint = endpoint
        self.name = name
        self.cloudformation = endpoint.client("cloudformation")
        self.template: dict[str, Any] = {}

    def deploy(self, template: dict[str, Any], kind: str = "create") -> list[Difference]:
        self.template = template
        call = getattr(self.cloudformation, f"{kind}_stack")
        capabilities = ["CAPABILITY_IAM"]
        call(StackName=self.name, TemplateBody=json.dumps(template), Capabilities=capabilities)
        self._wait(f"stack_{kind}_complete")
        deployed = read_deployed(self.endpoint, self.name, template)
        return compare([(deployed, False)]).differences

    def delete(self) -> None:
        self.cloudformation.delete_stack(StackName=self.name)
        self._wait("stack_delete_complete")

    def physical_id(self, logical_id: str) -> str:
        deployed = read_deployed(self.endpoint, self.name, self.template)
        return str(deployed.resources[logical_id][1])

    def _wait(self, state: str) -> None:
        patience = {"Delay": 1, "MaxAttempts": 20}
        self.cloudformation.get_waiter(state).wait(StackName=self.name, WaiterConfig=patience)


def changed() -> dict[str, Any]:
    """Return the template with other tags, less of the bucket, and more of the others."""
    template = copy.deepcopy(TEMPLATE)
    resources = template["Resources"]
    for name in ("Address", "Nat", "FlowLog", "Bucket", "Trail"):
        resources[name]["Properties"]["Tags"] = [{"Key": "owner", "Value": "security"}]
    for name in ("LifecycleConfiguration", "LoggingConfiguration", "OwnershipControls"):
        del resources["Bucket"]["Properties"][name]
    resources["Trail"]["Properties"] |= {"IsLogging": False, "IsMultiRegionTrail": False}
    resources["Locked"]["Properties"]["ObjectLockConfiguration"] = {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 7}},
    }
    return template


def test_a_stacks_whole_life(endpoint: Endpoint) -> None:
    stack = Stack(endpoint, "life")
    assert stack.deploy(TEMPLATE) == []
    before = {name: stack.physical_id(name) for name in TEMPLATE["Resources"]}

    assert stack.deploy(changed(), "update") == []
    assert {name: stack.physical_id(name) for name in before} == before, "all in place"
    s3, bucket = endpoint.client("s3"), before["Bucket"]
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
    with pytest.raises(s3.exceptions.ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)

    other = changed()
    other["Resources"]["FlowLog"]["Properties"]["TrafficType"] = "REJECT"
    assert stack.deploy(other, "update") == []
    assert stack.physical_id("FlowLog") != before["FlowLog"], "replaced"
    flow_logs = endpoint.client("ec2").describe_flow_logs()["FlowLogs"]
    assert [entry["FlowLogId"] for entry in flow_logs] == [stack.physical_id("FlowLog")]

    stack.delete()
    ec2 = endpoint.client("ec2")
    assert ec2.describe_addresses()["Addresses"] == []
    assert ec2.describe_flow_logs()["FlowLogs"] == []
    assert endpoint.client("cloudtrail").describe_trails()["trailList"] == []
    assert bucket not in [entry["Name"] for entry in s3.list_buckets()["Buckets"]]


def test_a_bucket_with_a_version_in_it_is_not_deleted(endpoint: Endpoint) -> None:
    stack = Stack(endpoint, "kept")
    template = {"Resources": {"Locked": TEMPLATE["Resources"]["Locked"]}}
    assert stack.deploy(template) == []
    bucket = stack.physical_id("Locked")
    s3 = endpoint.client("s3")
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"v")["VersionId"]
    stack.cloudformation.delete_stack(StackName=stack.name)
    stack._wait("stack_exists")
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=version)["Body"].read() == b"v"
    [found] = stack.cloudformation.describe_stacks(StackName=stack.name)["Stacks"]
    assert found["StackStatus"] == "DELETE_FAILED"


def test_a_reader_of_anothers_export(endpoint: Endpoint, tmp_path: Path) -> None:
    giver, taker = Stack(endpoint, "giver"), Stack(endpoint, "taker")
    resources = {"Address": TEMPLATE["Resources"]["Address"]}
    giver.deploy({"Resources": resources, "Outputs": TEMPLATE["Outputs"]})
    address = {"Fn::ImportValue": "the-address"}
    group = {"GroupDescription": {"Fn::Sub": ["for ${Address}", {"Address": address}]}}
    template = {"Resources": {"Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": group}}}
    assert taker.deploy(template) == []
