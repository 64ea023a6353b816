"""Changes behind a stack's back, and exactly what the comparison must find after each."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol

ANYONE = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
EVERYTHING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
    }
)


class Account(Protocol):
    """The account that the stacks stand in."""

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3
        """Return the client of a service."""

    def physical_ids(self, type_: str) -> list[str]:
        """Return the physical ids of the stacks' resources of a type."""


def first_bucket(account: Account) -> str:
    return account.physical_ids("AWS::S3::Bucket")[0]


def drop_bucket_encryption(account: Account) -> None:
    s3 = account.client("s3")
    for bucket in account.physical_ids("AWS::S3::Bucket"):
        found = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
        default = found["Rules"][0]["ApplyServerSideEncryptionByDefault"]
        if default["SSEAlgorithm"] == "aws:kms":
            s3.delete_bucket_encryption(Bucket=bucket)
            return


def use_a_bucket_key(account: Account) -> None:
    """Change what is not declared of an encryption rule."""
    default = {"SSEAlgorithm": "AES256"}
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    account.client("s3").put_bucket_encryption(
        Bucket=first_bucket(account), ServerSideEncryptionConfiguration={"Rules": [rule]}
    )


def expire_after_a_day(account: Account) -> None:
    """Let a rule that only aborts uploads delete objects, too."""
    s3, bucket = account.client("s3"), first_bucket(account)
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    rules[0]["Expiration"] = {"Days": 1}
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={"Rules": rules},
        TransitionDefaultMinimumObjectSize="varies_by_storage_class",
    )


def tag_a_bucket(account: Account) -> None:
    tags = {"TagSet": [{"Key": "other", "Value": "tag"}]}
    account.client("s3").put_bucket_tagging(Bucket=first_bucket(account), Tagging=tags)


def open_a_bucket(account: Account) -> None:
    blocks = ("BlockPublicAcls", "IgnorePublicAcls", "RestrictPublicBuckets")
    account.client("s3").put_public_access_block(
        Bucket=first_bucket(account),
        PublicAccessBlockConfiguration=dict.fromkeys(blocks, True) | {"BlockPublicPolicy": False},
    )


def log_a_bucket_elsewhere(account: Account) -> None:
    """Give the bucket for access logs what no template declares."""
    bucket = first_bucket(account)
    target = {"TargetBucket": bucket, "TargetPrefix": "other/"}
    account.client("s3").put_bucket_logging(
        Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": target}
    )


def shorten_the_default_lock(account: Account) -> None:
    s3 = account.client("s3")
    for bucket in account.physical_ids("AWS::S3::Bucket"):
        try:
            s3.get_object_lock_configuration(Bucket=bucket)
        except s3.exceptions.ClientError:
            continue
        rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 6}}
        s3.put_object_lock_configuration(
            Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
        )
        return


def delete_a_bucket_policy(account: Account) -> None:
    account.client("s3").delete_bucket_policy(Bucket=first_bucket(account))


def trail(account: Account) -> str:
    return account.physical_ids("AWS::CloudTrail::Trail")[0]


def stop_the_trail(account: Account) -> None:
    account.client("cloudtrail").stop_logging(Name=trail(account))


def prefix_the_trail(account: Account) -> None:
    account.client("cloudtrail").update_trail(Name=trail(account), S3KeyPrefix="elsewhere")


def record_less(account: Account) -> None:
    """Narrow a selector by a member that is not declared."""
    cloudtrail = account.client("cloudtrail")
    selectors = cloudtrail.get_event_selectors(TrailName=trail(account))["AdvancedEventSelectors"]
    selectors[0]["FieldSelectors"][0]["NotEquals"] = ["Data"]
    cloudtrail.put_event_selectors(TrailName=trail(account), AdvancedEventSelectors=selectors)


def open_a_security_group(account: Account) -> None:
    group = account.physical_ids("AWS::EC2::SecurityGroup")[0]
    account.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[ANYONE])


def delete_a_nat_gateway(account: Account) -> None:
    gateway = account.physical_ids("AWS::EC2::NatGateway")[0]
    account.client("ec2").delete_nat_gateway(NatGatewayId=gateway)


def give_a_subnet_public_addresses(account: Account) -> None:
    ec2 = account.client("ec2")
    subnets = ec2.describe_subnets(SubnetIds=account.physical_ids("AWS::EC2::Subnet"))["Subnets"]
    private = next(subnet for subnet in subnets if not subnet["MapPublicIpOnLaunch"])
    ec2.modify_subnet_attribute(SubnetId=private["SubnetId"], MapPublicIpOnLaunch={"Value": True})


def route_a_subnet_to_the_internet(account: Account) -> None:
    account.client("ec2").create_route(
        RouteTableId=account.physical_ids("AWS::EC2::RouteTable")[0],
        DestinationCidrBlock="203.0.113.0/24",
        GatewayId=account.physical_ids("AWS::EC2::InternetGateway")[0],
    )


def open_an_endpoint(account: Account) -> None:
    endpoint = account.physical_ids("AWS::EC2::VPCEndpoint")[0]
    account.client("ec2").modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=EVERYTHING)


def role(account: Account) -> str:
    return account.physical_ids("AWS::IAM::Role")[0]


def make_a_role_administrator(account: Account) -> None:
    account.client("iam").attach_role_policy(
        RoleName=role(account), PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )


def give_a_role_a_policy(account: Account) -> None:
    account.client("iam").put_role_policy(
        RoleName=role(account), PolicyName="more", PolicyDocument=EVERYTHING
    )


def keep_flow_logs_for_a_day(account: Account) -> None:
    group = account.physical_ids("AWS::Logs::LogGroup")[0]
    account.client("logs").put_retention_policy(logGroupName=group, retentionInDays=1)


def key(account: Account, number: int) -> str:
    return account.physical_ids("AWS::KMS::Key")[number]


def stop_key_rotation(account: Account) -> None:
    account.client("kms").disable_key_rotation(KeyId=key(account, 0))


def open_a_key(account: Account) -> None:
    account.client("kms").put_key_policy(
        KeyId=key(account, 0), PolicyName="default", Policy=EVERYTHING
    )


def move_an_alias(account: Account) -> None:
    kms, alias = account.client("kms"), account.physical_ids("AWS::KMS::Alias")[0]
    target = kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]
    other = next(name for name in account.physical_ids("AWS::KMS::Key") if name != target)
    kms.update_alias(AliasName=alias, TargetKeyId=other)


def disable_a_key(account: Account) -> None:
    account.client("kms").disable_key(KeyId=key(account, 1))


def delete_a_key(account: Account) -> None:
    account.client("kms").schedule_key_deletion(KeyId=key(account, 2), PendingWindowInDays=7)


Change = Callable[[Account], None]
ENCRYPTION = "BucketEncryption.ServerSideEncryptionConfiguration[0]"
DEFAULT_KEY = f"{ENCRYPTION}.ServerSideEncryptionByDefault"
# Where its attributes are used, a key that is not there can no longer be told.
KEY_GONE = {
    ("AWS::KMS::Alias", ""),
    ("AWS::KMS::Key", ""),
    ("AWS::S3::Bucket", ""),
    ("AWS::S3::BucketPolicy", ""),
}

# In this order: what is gone or undescribable shows no further change.
CHANGES: list[tuple[Change, set[tuple[str, str]]]] = [
    (
        drop_bucket_encryption,
        {
            ("AWS::S3::Bucket", f"{ENCRYPTION}.BucketKeyEnabled"),
            ("AWS::S3::Bucket", f"{DEFAULT_KEY}.KMSMasterKeyID"),
            ("AWS::S3::Bucket", f"{DEFAULT_KEY}.SSEAlgorithm"),
        },
    ),
    (use_a_bucket_key, {("AWS::S3::Bucket", f"{ENCRYPTION}.BucketKeyEnabled")}),
    (expire_after_a_day, {("AWS::S3::Bucket", "LifecycleConfiguration.Rules[0].ExpirationInDays")}),
    (tag_a_bucket, {("AWS::S3::Bucket", "Tags")}),
    (open_a_bucket, {("AWS::S3::Bucket", "PublicAccessBlockConfiguration.BlockPublicPolicy")}),
    (log_a_bucket_elsewhere, {("AWS::S3::Bucket", "LoggingConfiguration")}),
    (
        shorten_the_default_lock,
        {("AWS::S3::Bucket", "ObjectLockConfiguration.Rule.DefaultRetention.Years")},
    ),
    (delete_a_bucket_policy, {("AWS::S3::BucketPolicy", "")}),
    (stop_the_trail, {("AWS::CloudTrail::Trail", "IsLogging")}),
    (prefix_the_trail, {("AWS::CloudTrail::Trail", "S3KeyPrefix")}),
    (
        record_less,
        {("AWS::CloudTrail::Trail", "AdvancedEventSelectors[0].FieldSelectors[0].NotEquals")},
    ),
    (open_a_security_group, {("AWS::EC2::SecurityGroup", "SecurityGroupIngress")}),
    (delete_a_nat_gateway, {("AWS::EC2::NatGateway", "")}),
    (give_a_subnet_public_addresses, {("AWS::EC2::Subnet", "MapPublicIpOnLaunch")}),
    (route_a_subnet_to_the_internet, {("AWS::EC2::RouteTable", "Routes")}),
    (open_an_endpoint, {("AWS::EC2::VPCEndpoint", "PolicyDocument")}),
    (make_a_role_administrator, {("AWS::IAM::Role", "ManagedPolicyArns")}),
    (give_a_role_a_policy, {("AWS::IAM::Role", "Policies")}),
    (keep_flow_logs_for_a_day, {("AWS::Logs::LogGroup", "RetentionInDays")}),
    (stop_key_rotation, {("AWS::KMS::Key", "EnableKeyRotation")}),
    (open_a_key, {("AWS::KMS::Key", "KeyPolicy")}),
    (move_an_alias, {("AWS::KMS::Alias", "TargetKeyId")}),
    # This one is exported: what writes records names it.
    (disable_a_key, KEY_GONE | {("output", ""), ("export", "")}),
    (delete_a_key, KEY_GONE),
]
