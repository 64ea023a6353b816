"""Types that the adapters add or complete: created, updated in place, replaced and deleted."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from runbook.deployed.comparison import compare
from runbook.deployed.deployed_stack import DeployedStack, read_deployed
from runbook.deployed.description import NotThereError, Resource, describers
from runbook.deployed.difference import Difference
from runbook.deployed.intrinsics import UnresolvableError
from sandbox import emulator_process
from sandbox.endpoint import Endpoint
from sandbox.workplace import Workplace
from tests.assembly import ROOT
from tests.sandbox.adapted_types import TEMPLATE
from tests.sandbox.loopback import free_port

pytestmark = pytest.mark.sandbox


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

    def deploy(
        self, template: dict[str, Any], kind: str = "create", **parameters: str
    ) -> list[Difference]:
        self.template = template
        getattr(self.cloudformation, f"{kind}_stack")(
            StackName=self.name,
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in parameters.items()
            ],
        )
        self._wait(f"stack_{kind}_complete")
        return compare([(self.deployed(), False)]).differences

    def deployed(self) -> DeployedStack:
        return read_deployed(self.endpoint, self.name, self.template)

    def delete(self) -> None:
        self.cloudformation.delete_stack(StackName=self.name)
        self._wait("stack_delete_complete")

    def physical_id(self, logical_id: str) -> str:
        deployed = read_deployed(self.endpoint, self.name, self.template)
        return str(deployed.resources[logical_id][1])

    def _wait(self, state: str) -> None:
        patience = {"Delay": 1, "MaxAttempts": 120}
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
    with pytest.raises(WaiterError, match="DELETE_FAILED"):
        stack._wait("stack_delete_complete")
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


def test_an_export_of_another_name_or_value_is_found(endpoint: Endpoint) -> None:
    stack = Stack(endpoint, "exporter")
    template = copy.deepcopy(
        {"Resources": {"Address": TEMPLATE["Resources"]["Address"]}, "Outputs": TEMPLATE["Outputs"]}
    )
    template["Outputs"]["Address"]["Export"]["Name"] = {"Fn::Sub": "${AWS::StackName}-address"}
    assert stack.deploy(template) == []
    template["Outputs"]["Address"]["Export"]["Name"] = "another-name"
    deployed = read_deployed(endpoint, stack.name, template)
    found = compare([(deployed, False)]).differences
    assert [(difference.resource, difference.type) for difference in found] == [
        ("another-name", "export"),
        ("exporter-address", "export"),
    ]


def test_a_bucket_read_from_another_region_is_not_there(endpoint: Endpoint) -> None:
    s3 = endpoint.client("s3")
    s3.create_bucket(
        Bucket="in-us-east-2", CreateBucketConfiguration={"LocationConstraint": "us-east-2"}
    )
    elsewhere = Endpoint(endpoint.url, endpoint.account, "us-east-1")
    describe = describers()["AWS::S3::Bucket"]

    def declared(name: str) -> None:
        raise UnresolvableError(name)

    properties = describe(
        Resource("AWS::S3::Bucket", "in-us-east-2", endpoint, declared)
    ).properties
    assert properties["BucketName"] == "in-us-east-2"
    with pytest.raises(NotThereError, match="in-us-east-2 is in us-east-2, not in us-east-1"):
        describe(Resource("AWS::S3::Bucket", "in-us-east-2", elsewhere, declared))


def test_a_role_with_policies_of_its_own_and_of_the_stack(endpoint: Endpoint) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}],
    }
    role = copy.deepcopy(TEMPLATE["Resources"]["Role"])
    role["Properties"]["Policies"] = [
        {"PolicyName": name, "PolicyDocument": document} for name in ("two", "one")
    ]
    policy = {"PolicyName": "three", "PolicyDocument": document, "Roles": [{"Ref": "Role"}]}
    stack = Stack(endpoint, "policies")
    resources = {"Role": role, "Policy": {"Type": "AWS::IAM::Policy", "Properties": policy}}
    assert stack.deploy({"Resources": resources}) == []
    endpoint.client("iam").put_role_policy(
        RoleName=stack.physical_id("Role"), PolicyName="four", PolicyDocument=json.dumps(document)
    )
    deployed = read_deployed(endpoint, stack.name, stack.template)
    [difference] = compare([(deployed, False)]).differences
    assert (difference.type, difference.property) == ("AWS::IAM::Role", "Policies")
