"""A canary of Synthetics: its code, its schedule, and a log group that it may not make itself."""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import IgnoreMode, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as assets
from aws_cdk import aws_synthetics as synthetics
from constructs import Construct

from runbook.alarms.canary import (
    RESULT_DAYS,
    RUNTIME,
    SCHEDULE,
    TIMEOUT_SECONDS,
)
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.encrypted_log_group import EncryptedLogGroup
from runbook_constructs.function_statements import Place, Statements, allow

HANDLER = "health_canary.handler"
# Below it, Synthetics puts region, canary and time of the run.
FOLDER = "canary"
# The least that Synthetics takes; it opens no browser.
MEMORY_MB = 960


class Canary(Construct):
    """One canary that asks a service twice a minute, from the moment it stands (ROVN-HLT-3).

    ``variables`` are what its code is told, ``bucket`` where its runs leave what they saw. The
    canary's id ends the name of its log group; its role may not make one, as Lambda would do it
    without key and retention. ``key`` has to let groups in whose names begin so.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        group_prefix: str,
        variables: Mapping[str, str],
        role: iam.IRole,
        bucket: s3.IBucket,
        key: CustomerKey,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, id_)
        code = assets.Asset(
            self,
            "Code",
            path=str(Path(__file__).parent / "handler"),
            exclude=["__init__.py", "__pycache__"],
            ignore_mode=IgnoreMode.GIT,
        )
        self.resource = synthetics.CfnCanary(
            self,
            "Canary",
            name=name,
            runtime_version=RUNTIME,
            schedule=synthetics.CfnCanary.ScheduleProperty(
                expression=SCHEDULE,
                # For good.
                duration_in_seconds="0",
                # A second try would hide the first, and overlap with the next run.
                retry_config=synthetics.CfnCanary.RetryConfigProperty(max_retries=0),
            ),
            start_canary_after_creation=True,
            code=synthetics.CfnCanary.CodeProperty(
                handler=HANDLER, s3_bucket=code.s3_bucket_name, s3_key=code.s3_object_key
            ),
            run_config=synthetics.CfnCanary.RunConfigProperty(
                active_tracing=False,
                environment_variables=dict(variables),
                memory_in_mb=MEMORY_MB,
                timeout_in_seconds=TIMEOUT_SECONDS,
            ),
            execution_role_arn=role.role_arn,
            artifact_s3_location=f"s3://{bucket.bucket_name}/{FOLDER}",
            success_retention_period=RESULT_DAYS,
            failure_retention_period=RESULT_DAYS,
            provisioned_resource_cleanup="AUTOMATIC",
        )
        code.add_resource_metadata(self.resource, "Code.S3Key")
        EncryptedLogGroup(
            self,
            "Log",
            name=f"{group_prefix}-{self.resource.attr_id}",
            granted=True,
            retention_days=log_retention_days,
            key=key,
        )


def canary_statements(
    stack: Stack, groups: str, bucket: s3.IBucket, key: CustomerKey
) -> Statements:
    """List what canaries may do: leave artifacts, write to ``groups``, tell how a run ended."""
    place = Place(stack.region, stack.account)
    streams = [place.arn("logs", f"log-group:{groups}:log-stream:*")]
    results = iam.PolicyStatement(
        sid="TellResults",
        actions=["cloudwatch:PutMetricData"],
        resources=["*"],
        conditions={"StringEquals": {"cloudwatch:namespace": "CloudWatchSynthetics"}},
    )
    return [
        allow("LeaveArtifacts", ["s3:PutObject"], [bucket.arn_for_objects(f"{FOLDER}/*")]),
        allow("FindBucket", ["s3:GetBucketLocation"], [bucket.bucket_arn]),
        # Its library looks for the bucket's region so, AWS says.
        allow("ListBuckets", ["s3:ListAllMyBuckets"], ["*"]),
        allow("EncryptArtifacts", ["kms:Decrypt", "kms:GenerateDataKey"], [key.key_arn]),
        results,
        allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], streams),
    ]
