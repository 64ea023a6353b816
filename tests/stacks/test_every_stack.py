"""What holds for a kind of resource in whichever stack it stands."""

from collections.abc import Iterator
from typing import Any

import pytest

from runbook.model.environment import Environment
from tests.assembly import Assembly, Resource, plain

IN_THE_NETWORK = ("AWS::EC2::SecurityGroup", "AWS::ElasticLoadBalancingV2::TargetGroup")
NOBODY = "255.255.255.255/32"
NOT_ATTACHED = ("-approve-releases", "-boundary")


@pytest.fixture
def resources(assembly: Assembly, environment: Environment) -> list[tuple[str, str, Resource]]:
    """List part of the environment, construct and resource, of every stack."""
    prefix = f"{environment.slug}-"
    return [
        (stack.removeprefix(prefix), logical_id[:-8], resource)
        for stack, template in assembly.templates.items()
        if stack.startswith(prefix)
        for logical_id, resource in template["Resources"].items()
    ]


def of_type(
    resources: list[tuple[str, str, Resource]], kind: str
) -> Iterator[tuple[str, str, Resource]]:
    found = [entry for entry in resources if entry[2]["Type"] == kind]
    assert found, f"no {kind}: this test is void"
    yield from found


def test_every_bucket_is_private_versioned_encrypted_tls_only_and_retained(
    resources: list[tuple[str, str, Resource]],
) -> None:
    policies = {}
    for _, _, policy in of_type(resources, "AWS::S3::BucketPolicy"):
        # What a bucket denies everybody has to outlive the stack, as the bucket does.
        assert policy["DeletionPolicy"] == policy["UpdateReplacePolicy"] == "Retain"
        properties = plain(policy["Properties"])
        policies[properties["Bucket"]] = properties["PolicyDocument"]
    for _, name, bucket in of_type(resources, "AWS::S3::Bucket"):
        assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == "Retain"
        properties = bucket["Properties"]
        assert properties["PublicAccessBlockConfiguration"] == {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        }
        ownership = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        assert properties["OwnershipControls"] == ownership
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
        (encryption,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        algorithm = encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"]
        # Access logs of S3 and of load balancers cannot be delivered under a key of ours.
        by_s3 = name in ("AccessLogs", "BalancerLogs")
        assert algorithm == ("AES256" if by_s3 else "aws:kms")
        abandoned = properties["LifecycleConfiguration"]["Rules"][0]
        assert abandoned["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
        policy = policies[f"<{name}>"]
        assert policy["Version"] == "2012-10-17"
        for condition in (
            {"Bool": {"aws:SecureTransport": "false"}},
            {"NumericLessThan": {"s3:TlsVersion": 1.2}},
        ):
            assert {
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Action": "s3:*",
                "Resource": [f"<{name}.Arn>", f"<{name}.Arn>/*"],
                "Condition": condition,
            } in policy["Statement"]


def test_logs_about_requests_expire_and_their_older_versions_too(
    environment: Environment, resources: list[tuple[str, str, Resource]]
) -> None:
    expiring = {}
    for part, name, bucket in of_type(resources, "AWS::S3::Bucket"):
        for rule in bucket["Properties"]["LifecycleConfiguration"]["Rules"]:
            if "ExpirationInDays" in rule:
                expiring[part, name] = rule
    days = environment.buckets.access_logs.expire_after_days
    expected = {
        "Id": "Expire",
        "Status": "Enabled",
        "ExpirationInDays": days,
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
    }
    artifacts = expected | {"ExpirationInDays": environment.delivery.artifact_days}
    assert expiring == {
        ("audit", "AccessLogs"): expected,
        ("canary", "AccessLogs"): expected,
        # What a run left: long enough to look into what the last month's alarms were about.
        ("canary", "Artifacts"): expected | {"ExpirationInDays": 31},
        ("delivery", "AccessLogs"): expected,
        ("delivery", "Artifacts"): artifacts,
        ("platform", "BalancerLogs"): expected,
    }


@pytest.mark.clause("ROVN-LOG-1")
def test_every_log_group_is_encrypted_has_a_retention_and_outlives_its_stack(
    resources: list[tuple[str, str, Resource]],
) -> None:
    for _, name, group in of_type(resources, "AWS::Logs::LogGroup"):
        # A create that is rolled back must free the name for the next try.
        assert group["DeletionPolicy"] == "RetainExceptOnCreate", name
        assert group["UpdateReplacePolicy"] == "Retain"
        assert plain(group["Properties"]["KmsKeyId"]).endswith("Key.Arn>")
        assert group["Properties"]["RetentionInDays"] >= 30


def test_every_security_group_and_target_group_stands_in_the_vpc(
    resources: list[tuple[str, str, Resource]],
) -> None:
    for kind in IN_THE_NETWORK:
        for part, name, resource in of_type(resources, kind):
            vpc = plain(resource["Properties"]["VpcId"])
            own = "<NetworkVpc>" if part == "network" else "ExportsOutputRefNetworkVpc"
            assert own in vpc, name


def test_nothing_goes_out_but_what_is_named(resources: list[tuple[str, str, Resource]]) -> None:
    """EC2 allows everything out of a group that names nothing."""
    out = {
        "NetworkApp": [443],
        "PassportApiMigrationsGroup": [443],
        "PassportApiProbeGroup": [8443, 443],
    }
    for _, name, group in of_type(resources, "AWS::EC2::SecurityGroup"):
        egress = group["Properties"]["SecurityGroupEgress"]
        if name in out:
            assert [(e["FromPort"], e["ToPort"]) for e in egress] == [(p, p) for p in out[name]]
            assert {(e["CidrIp"], e["IpProtocol"]) for e in egress} == {("0.0.0.0/0", "tcp")}
        else:
            assert [(e["CidrIp"], e["IpProtocol"]) for e in egress] == [(NOBODY, "icmp")]


def test_the_balancer_faces_the_internet_from_every_public_subnet(
    environment: Environment, resources: list[tuple[str, str, Resource]]
) -> None:
    ((_, _, balancer),) = of_type(resources, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    properties = plain(balancer["Properties"])
    assert (properties["Scheme"], properties["Type"]) == ("internet-facing", "application")
    assert len(properties["Subnets"]) == len(environment.availability_zones)
    assert all("PublicSubnet" in subnet for subnet in properties["Subnets"])


def test_the_web_acl_is_logged_and_keeps_no_samples(
    resources: list[tuple[str, str, Resource]],
) -> None:
    """Samples hold whole requests, for whoever opens the console."""
    ((_, _, acl),) = of_type(resources, "AWS::WAFv2::WebACL")
    assert acl["Properties"]["VisibilityConfig"]["SampledRequestsEnabled"] is False
    ((_, _, logging),) = of_type(resources, "AWS::WAFv2::LoggingConfiguration")
    assert plain(logging["Properties"]["ResourceArn"]) == "<WebAcl.Arn>"


def test_every_opening_is_tcp_on_one_port(resources: list[tuple[str, str, Resource]]) -> None:
    rules: list[dict[str, Any]] = [
        rule["Properties"]
        for kind in ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress")
        for _, _, rule in of_type(resources, kind)
    ]
    for _, _, group in of_type(resources, "AWS::EC2::SecurityGroup"):
        rules += group["Properties"].get("SecurityGroupIngress", [])
    for rule in rules:
        assert rule["IpProtocol"] == "tcp"
        assert rule["FromPort"] == rule["ToPort"]


def test_every_role_is_taken_by_one_principal(resources: list[tuple[str, str, Resource]]) -> None:
    for part, name, role in of_type(resources, "AWS::IAM::Role"):
        document = plain(role["Properties"]["AssumeRolePolicyDocument"])
        assert document["Version"] == "2012-10-17"
        (trust,) = document["Statement"]
        assert trust["Effect"] == "Allow"
        (kind,) = trust["Principal"]
        federated = part == "access"
        assert kind == ("Federated" if federated else "Service"), name
        action = "sts:AssumeRoleWithWebIdentity" if federated else "sts:AssumeRole"
        assert trust["Action"] == action


def test_every_policy_allows_is_dated_and_reaches_its_role(
    resources: list[tuple[str, str, Resource]],
) -> None:
    """``2008-10-17`` knows no variables, and a policy that denies all stops what it is for."""
    roles = {(part, name) for part, name, _ in of_type(resources, "AWS::IAM::Role")}
    for part, name, policy in of_type(resources, "AWS::IAM::ManagedPolicy"):
        named = policy["Properties"].get("ManagedPolicyName", "")
        if part in ("bootstrap", "execution") or named.endswith(NOT_ATTACHED):
            # For CloudFormation and for people, attached by administrators; and a boundary.
            continue
        document = policy["Properties"]["PolicyDocument"]
        assert document["Version"] == "2012-10-17"
        assert {statement["Effect"] for statement in document["Statement"]} == {"Allow"}
        (role,) = plain(policy["Properties"]["Roles"])
        assert (part, role.strip("<>")) in roles, name
