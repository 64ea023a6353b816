"""A small application under the real packs: `python -m tests.evidence.collected.nag_small_app DIR`.

A script of its own, so that the tests do not start jsii. rovn/production has a spoiled and a sound
resource for several rules, rovn/staging an acknowledgement that leaves no record.
"""

import sys
from contextlib import suppress

from stacks.context import cdk_context
from stacks.jsii_runtime import use_pinned_node

use_pinned_node()

from aws_cdk import (  # noqa: E402
    Acknowledgment,
    App,
    CfnParameter,
    CfnResource,
    NestedStack,
    Stack,
    Stage,
    Validations,
)
from aws_cdk import aws_cloudtrail as cloudtrail  # noqa: E402
from aws_cdk import aws_dynamodb as dynamodb  # noqa: E402
from aws_cdk import aws_ec2 as ec2  # noqa: E402
from aws_cdk import aws_iam as iam  # noqa: E402
from aws_cdk import aws_kms as kms  # noqa: E402
from aws_cdk import aws_logs as logs  # noqa: E402
from aws_cdk import aws_rds as rds  # noqa: E402
from aws_cdk import aws_s3 as s3  # noqa: E402
from aws_cdk import aws_sns as sns  # noqa: E402
from aws_cdk import aws_sqs as sqs  # noqa: E402
from constructs import Construct  # noqa: E402

from policies.packs import packs  # noqa: E402

_KEY = "arn:aws:kms:us-east-2:111122223333:key/0f0e0d0c"


class OwnTopic(sns.CfnTopic):
    """A subclass in Python."""


def spoiled_and_sound(scope: Construct) -> None:
    """Make pairs: what a rule must find, and the same as the rule wants it."""
    sqs.CfnQueue(scope, "SpoiledQueue")
    sqs.CfnQueue(scope, "SoundQueue", redrive_policy={"deadLetterTargetArn": "arn"})
    sns.CfnTopic(scope, "SpoiledTopic")
    sns.CfnTopic(scope, "SoundTopic", kms_master_key_id=_KEY)
    OwnTopic(scope, "SpoiledOwnTopic")
    kms.CfnKey(scope, "SpoiledKey", key_policy={})
    kms.CfnKey(scope, "SoundKey", key_policy={}, enable_key_rotation=True)
    logs.CfnLogGroup(scope, "SpoiledLogs")
    logs.CfnLogGroup(scope, "SoundLogs", kms_key_id=_KEY, retention_in_days=30)
    key = dynamodb.CfnTable.KeySchemaProperty(attribute_name="a", key_type="HASH")
    dynamodb.CfnTable(scope, "SpoiledTable", key_schema=[key])
    recovery = dynamodb.CfnTable.PointInTimeRecoverySpecificationProperty(
        point_in_time_recovery_enabled=True
    )
    dynamodb.CfnTable(
        scope, "SoundTable", key_schema=[key], point_in_time_recovery_specification=recovery
    )
    for name, validated in {"Spoiled": None, "Sound": True}.items():
        cloudtrail.CfnTrail(
            scope,
            f"{name}Trail",
            is_logging=True,
            s3_bucket_name="trail",
            enable_log_file_validation=validated,
        )
    for name, public in {"Spoiled": True, "Sound": None}.items():
        ec2.CfnSubnet(
            scope,
            f"{name}Subnet",
            vpc_id="vpc-1",
            cidr_block="10.0.0.0/24",
            map_public_ip_on_launch=public,
        )
    ec2.CfnNetworkAcl(scope, "SpoiledAcl", vpc_id="vpc-1")
    rds.CfnDBInstance(
        scope,
        "SpoiledDatabase",
        engine="postgres",
        enable_cloudwatch_logs_exports=["postgresql"],
        publicly_accessible=True,
    )
    rds.CfnDBInstance(
        scope,
        "SoundDatabase",
        engine="postgres",
        enable_cloudwatch_logs_exports=["postgresql", "upgrade"],
        publicly_accessible=False,
        storage_encrypted=True,
    )


def policy(resource: str) -> iam.PolicyDocument:
    statement = iam.PolicyStatement(actions=["s3:GetObject"], resources=[resource])
    return iam.PolicyDocument(statements=[statement])


def others(stack: Stack) -> None:
    """Make what is no pair: a rule that throws, findings with names, what no rule is asked of."""
    address = CfnParameter(stack, "Address").value_as_string
    for name, cidr in {"Open": "0.0.0.0/0", "Closed": "10.0.0.0/8", "Unreadable": address}.items():
        ingress = ec2.CfnSecurityGroup.IngressProperty(
            ip_protocol="tcp", from_port=22, to_port=22, cidr_ip=cidr
        )
        ec2.CfnSecurityGroup(
            stack, f"{name}Group", group_description="A group", security_group_ingress=[ingress]
        )
    # Not applicable to it, as the rule says in the midst of its work.
    rds.CfnDBInstance(stack, "AuroraInstance", engine="aurora-postgresql")
    iam.CfnManagedPolicy(stack, "WideGrant", policy_document=policy("arn:aws:s3:::a/*"))
    iam.CfnManagedPolicy(stack, "NarrowGrant", policy_document=policy("arn:aws:s3:::a/b"))
    CfnResource(stack, "GenericTopic", type="AWS::SNS::Topic")
    nested = NestedStack(stack, "Nested")
    sns.CfnTopic(nested, "SpoiledNestedTopic")
    waived = s3.CfnBucket(stack, "WaivedBucket")
    acknowledged = s3.CfnBucket(stack, "AcknowledgedBucket")
    for bucket in (waived, acknowledged):
        acknowledgement = Acknowledgment(
            id="AwsSolutions::AwsSolutions-S1", reason="Nobody asks who reads it."
        )
        Validations.of(bucket).acknowledge(acknowledgement)


def main(folder: str) -> None:
    context = cdk_context() | {"aws:cdk:enable-asset-metadata": True}
    app = App(analytics_reporting=False, context=context, outdir=folder, stack_traces=False)
    stack = Stack(Stage(app, "rovn-production"), "Edge")
    spoiled_and_sound(stack)
    others(stack)
    sns.CfnTopic(Stack(Stage(app, "rovn-production-bootstrap"), "First"), "SpoiledFirstTopic")
    silenced = sns.CfnTopic(Stack(Stage(app, "rovn-staging"), "Edge"), "SilencedTopic")
    Validations.of(silenced).acknowledge(
        Acknowledgment(id="HIPAA.Security-SNSEncryptedKMS", reason="It leaves no record.")
    )
    Validations.of(app).add_plugins(*packs())
    # The findings fail it; all of them stand in the report.
    with suppress(RuntimeError):
        app.synth()


if __name__ == "__main__":
    main(sys.argv[1])
