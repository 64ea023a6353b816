"""The sandbox as a whole: one environment, deployed, compared, tampered with, and ended."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloud_assembly import SynthesizedStack, read_stacks, single_place
from sandbox.comparison import Difference, compare
from sandbox.deployed_stack import read_deployed
from sandbox.endpoint import Endpoint
from sandbox.known_differences import judge, load
from sandbox.tampering import ATTEMPTS
from tests.assembly import ROOT
from tests.sandbox.loopback import free_port, listens

pytestmark = pytest.mark.sandbox

ENVIRONMENT = "rovn/production"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=ROOT,
        env=os.environ | {"SANDBOX_FOLDER": str(folder), "COLUMNS": "120"},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )


def test_the_demo_passes_and_leaves_nothing_running(tmp_path: Path, port: int) -> None:
    done = run(tmp_path, "demo", "--environment", ENVIRONMENT, "--port", str(port))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    counts = re.search(
        r"Compared +(\d+) stacks, (\d+) resources of \d+ types, (\d+) properties", done.stdout
    )
    assert counts, done.stdout
    stacks = read_stacks(tmp_path / "cdk.out")
    resources = [resource for stack in stacks for resource in stack.template["Resources"].values()]
    properties = sum(len(resource.get("Properties", {})) for resource in resources)
    assert [int(count) for count in counts.groups()] == [len(stacks), len(resources), properties]
    assert "0 other differences" in done.stdout
    for attempt in ATTEMPTS:
        outcome = "denied" if attempt.refusals else "permitted, harmless"
        assert re.search(rf"{re.escape(attempt.name)} +{outcome}", done.stdout), attempt.name
    for phase in ("synth", "start", "bootstrap", "deploy", "describe", "tamper"):
        assert re.search(rf"Seconds .*{phase} \d", done.stdout)
    for heading in ("MiB resident", "Not proved here", "make sandbox"):
        assert heading in done.stdout
    assert not listens(port)
    assert not (tmp_path / "tmp").exists()


class Running:
    """A sandbox that `up` left running."""

    def __init__(self, folder: Path, port: int, region: str = "") -> None:
        self.folder = folder
        self.port = port
        self.stacks: list[SynthesizedStack] = read_stacks(folder / "cdk.out")
        account, primary = single_place(self.stacks)
        self.endpoint = Endpoint(f"http://127.0.0.1:{port}", account, region or primary)

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3
        return self.endpoint.client(service)

    def place(self, stack: SynthesizedStack) -> Endpoint:
        return Endpoint(self.endpoint.url, stack.account, stack.region)

    def physical_ids(self, type_: str) -> list[str]:
        return [
            resource["PhysicalResourceId"]
            for stack in self.stacks
            for resource in self.place(stack)
            .client("cloudformation")
            .describe_stack_resources(StackName=stack.name)["StackResources"]
            if resource["ResourceType"] == type_
        ]

    def failures(self) -> list[Difference]:
        deployed = [
            (
                read_deployed(self.place(stack), stack.name, stack.template),
                stack.termination_protection,
            )
            for stack in self.stacks
        ]
        return list(judge(compare(deployed), load()).failures)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("running")
    port = free_port()
    done = run(folder, "up", "--environment", ENVIRONMENT, "--port", str(port))
    try:
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        assert f"export AWS_ENDPOINT_URL=http://127.0.0.1:{port}" in done.stdout
        yield Running(folder, port)
    finally:
        done = run(folder, "down")
    assert f"on port {port} is ended" in done.stdout
    assert not listens(port)


def test_it_is_running_and_says_so(running: Running) -> None:
    state = json.loads((running.folder / "state.json").read_text("utf-8"))
    assert state["port"] == running.port
    done = run(running.folder, "status")
    assert done.returncode == 0
    assert f"is running on http://127.0.0.1:{running.port}, process {state['pid']}" in done.stdout


def test_a_demo_beside_it_is_refused(running: Running) -> None:
    done = run(running.folder, "demo", "--environment", ENVIRONMENT, "--port", str(running.port))
    assert done.returncode == 1
    assert "cannot be used" in done.stderr
    assert listens(running.port)


def test_a_second_up_deploys_into_it(running: Running) -> None:
    arguments = ["up", "--environment", ENVIRONMENT, "--port"]
    done = run(running.folder, *arguments, str(running.port))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is running: deploying into it" in done.stdout
    assert running.failures() == []
    done = run(running.folder, *arguments, str(running.port + 1))
    assert done.returncode == 1
    assert f"is running on port {running.port}" in done.stderr


def test_moto_answers_for_what_ministack_lacks(running: Running) -> None:
    assert running.client("codepipeline").list_pipelines()["pipelines"] == []
    application = running.client("codedeploy").create_application(applicationName="a")
    assert application["applicationId"]


def drop_bucket_encryption(running: Running) -> None:
    s3 = running.client("s3")
    for bucket in running.physical_ids("AWS::S3::Bucket"):
        s3.put_bucket_encryption(
            Bucket=bucket,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
        )


def tag_a_bucket(running: Running) -> None:
    bucket = running.physical_ids("AWS::S3::Bucket")[0]
    tags = {"TagSet": [{"Key": "other", "Value": "tag"}]}
    running.client("s3").put_bucket_tagging(Bucket=bucket, Tagging=tags)


def shorten_the_default_lock(running: Running) -> None:
    s3 = running.client("s3")
    for bucket in running.physical_ids("AWS::S3::Bucket"):
        if s3.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled":
            rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 6}}
            s3.put_object_lock_configuration(
                Bucket=bucket,
                ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule},
            )


def open_a_bucket_policy(running: Running) -> None:
    bucket = running.physical_ids("AWS::S3::Bucket")[0]
    running.client("s3").delete_bucket_policy(Bucket=bucket)


def stop_key_rotation(running: Running) -> None:
    key = running.physical_ids("AWS::KMS::Key")[0]
    running.client("kms").disable_key_rotation(KeyId=key)


def stop_the_trail(running: Running) -> None:
    running.client("cloudtrail").stop_logging(
        Name=running.physical_ids("AWS::CloudTrail::Trail")[0]
    )


def open_a_security_group(running: Running) -> None:
    anyone = {
        "IpProtocol": "tcp",
        "FromPort": 22,
        "ToPort": 22,
        "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
    }
    group = running.physical_ids("AWS::EC2::SecurityGroup")[0]
    running.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[anyone])


def delete_a_nat_gateway(running: Running) -> None:
    gateway = running.physical_ids("AWS::EC2::NatGateway")[0]
    running.client("ec2").delete_nat_gateway(NatGatewayId=gateway)


def keep_flow_logs_for_a_day(running: Running) -> None:
    group = running.physical_ids("AWS::Logs::LogGroup")[0]
    running.client("logs").put_retention_policy(logGroupName=group, retentionInDays=1)


@pytest.mark.parametrize(
    ("change", "type_", "property_"),
    [
        (drop_bucket_encryption, "AWS::S3::Bucket", "BucketEncryption"),
        (tag_a_bucket, "AWS::S3::Bucket", "Tags"),
        (
            shorten_the_default_lock,
            "AWS::S3::Bucket",
            "ObjectLockConfiguration.Rule.DefaultRetention",
        ),
        (open_a_bucket_policy, "AWS::S3::BucketPolicy", ""),
        (stop_key_rotation, "AWS::KMS::Key", "EnableKeyRotation"),
        (stop_the_trail, "AWS::CloudTrail::Trail", "IsLogging"),
        (open_a_security_group, "AWS::EC2::SecurityGroup", "SecurityGroupIngress"),
        (delete_a_nat_gateway, "AWS::EC2::NatGateway", ""),
        (keep_flow_logs_for_a_day, "AWS::Logs::LogGroup", "RetentionInDays"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_change_behind_the_stacks_back_is_found(
    running: Running, change: Callable[[Running], None], type_: str, property_: str
) -> None:
    change(running)
    found = [(difference.type, difference.property) for difference in running.failures()]
    assert any(
        type_ == found_type and found_property.startswith(property_)
        for found_type, found_property in found
    ), found
