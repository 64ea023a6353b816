"""Describers are found by themselves, and read an absent resource as not there."""

from __future__ import annotations

from typing import Any

import pytest

from runbook.deployed.description import Description, NotThereError, Part, describers, describes
from tests.deployed.answers import Answers, undeclared


@pytest.mark.parametrize(
    "type_",
    [
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWS::CertificateManager::Certificate",
        "AWS::CloudTrail::Trail",
        "AWS::EC2::VPC",
        "AWS::ECR::Repository",
        "AWS::ECS::Service",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "AWS::IAM::Role",
        "AWS::KMS::Key",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::WAFv2::WebACL",
        "AWS::XRay::SamplingRule",
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
        ("AWS::S3::Bucket", "s3", "get_bucket_location", "NoSuchBucket", {}),
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
        ("AWS::EC2::PrefixList", "ec2", "describe_managed_prefix_lists", {"PrefixLists": []}, {}),
        (
            "AWS::EC2::SecurityGroupIngress",
            "ec2",
            "describe_security_group_rules",
            "InvalidSecurityGroupRuleId.NotFound",
            {},
        ),
        (
            "AWS::EC2::SecurityGroupIngress",
            "ec2",
            "describe_security_group_rules",
            {"SecurityGroupRules": [{"IsEgress": True}]},
            {},
        ),
        ("AWS::IAM::User", "iam", "get_user", "NoSuchEntity", {}),
        (
            "AWS::Logs::MetricFilter",
            "logs",
            "describe_metric_filters",
            {"metricFilters": [{"filterName": "some-id-too"}]},
            {"LogGroupName": "g"},
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


def key(state: str, **declared: object) -> Description:
    """Describe a key in a state."""
    arn = "arn:aws:kms:us-test-1:111122223333:key/k"
    metadata = {
        "KeyId": "k",
        "Arn": arn,
        "Description": "",
        "Enabled": state == "Enabled",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyState": state,
        "KeyUsage": "ENCRYPT_DECRYPT",
        "Origin": "AWS_KMS",
    }
    answers: list[tuple[str, dict[str, Any] | str]] = [
        ("describe_key", {"KeyMetadata": metadata}),
        ("get_key_rotation_status", {"KeyRotationEnabled": False}),
        ("get_key_policy", {"Policy": "{}"}),
        ("list_resource_tags", {"Tags": []}),
    ]
    return Answers("kms", answers).describe("AWS::KMS::Key", "k", **declared)


@pytest.mark.parametrize(
    ("state", "declared"),
    [
        ("Disabled", {}),
        ("Disabled", {"Enabled": True}),
        ("PendingDeletion", {}),
        ("PendingDeletion", {"Enabled": False}),
        ("Unavailable", {}),
    ],
)
def test_a_key_that_cannot_be_used_is_not_there(state: str, declared: dict[str, object]) -> None:
    with pytest.raises(NotThereError, match=f"k is {state}"):
        key(state, **declared)


def test_a_key_may_be_disabled_where_the_template_says_so() -> None:
    assert key("Enabled").properties["Enabled"] is True
    assert key("Disabled", Enabled="false").properties["Enabled"] is False


def test_routes_and_inline_policies_are_parts() -> None:
    table = {
        "RouteTableId": "rtb-1",
        "Routes": [
            {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"},
            {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"},
        ],
    }
    answers = Answers("ec2", [("describe_route_tables", {"RouteTables": [table]})])
    [part] = answers.describe("AWS::EC2::Route", "rtb-1|0.0.0.0/0").parts
    assert part == Part(
        "AWS::EC2::RouteTable", "rtb-1", "Routes", {"DestinationCidrBlock": "0.0.0.0/0"}
    )
    routes = answers.describe("AWS::EC2::RouteTable", "rtb-1").properties["Routes"]
    assert routes == [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}]
    gateway = {"VpcEndpointId": "vpce-1", "RouteTableIds": ["rtb-1"]}
    endpoints = Answers("ec2", [("describe_vpc_endpoints", {"VpcEndpoints": [gateway]})])
    [part] = endpoints.describe("AWS::EC2::VPCEndpoint", "vpce-1").parts
    assert part == Part("AWS::EC2::RouteTable", "rtb-1", "Routes", {"GatewayId": "vpce-1"})
    found = {"RoleName": "r", "PolicyName": "p", "PolicyDocument": "{}"}
    policy = Answers("iam", [("get_role_policy", found)]).describe(
        "AWS::IAM::Policy", "p", PolicyName="p", Roles=["r"]
    )
    assert policy.parts == [Part("AWS::IAM::Role", "r", "Policies", {"PolicyName": "p"})]


RULE = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
ALL = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


@pytest.mark.parametrize(
    ("ingress", "egress", "paths"),
    [
        ([], [ALL], []),
        ([], [], []),
        ([RULE], [ALL], ["SecurityGroupIngress"]),
        ([], [ALL, RULE], ["SecurityGroupEgress"]),
    ],
)
def test_what_a_security_group_has_undeclared(
    ingress: list[Any], egress: list[Any], paths: list[str]
) -> None:
    group = {
        "Description": "d",
        "GroupName": "g",
        "VpcId": "vpc-1",
        "IpPermissions": ingress,
        "IpPermissionsEgress": egress,
    }
    answers = Answers("ec2", [("describe_security_groups", {"SecurityGroups": [group]})])
    assert undeclared(answers.describe("AWS::EC2::SecurityGroup", "sg-1"), {}) == paths
