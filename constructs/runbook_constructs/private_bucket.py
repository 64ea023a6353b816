"""A bucket that is private, encrypted, versioned and retained."""

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from runbook_constructs.customer_key import CustomerKey

ABANDONED_UPLOAD = s3.LifecycleRule(
    id="AbortAbandonedUploads", abort_incomplete_multipart_upload_after=Duration.days(7)
)


class PrivateBucket(s3.Bucket):
    """A bucket nobody reaches in public or without TLS 1.2, and no stack deletes.

    With ``key`` it takes objects under that kind of encryption only; without, S3 encrypts with
    its own key, which is all that the delivery of access logs can write to. ``access_logs`` is
    the bucket that records each request, under ``access_logs_prefix``.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        key: CustomerKey | None = None,
        bucket_key: bool = True,
        access_logs: s3.IBucket | None = None,
        access_logs_prefix: str | None = None,
        lifecycle_rules: Sequence[s3.LifecycleRule] = (),
        object_lock: bool = False,
    ) -> None:
        super().__init__(
            scope,
            id_,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            bucket_key_enabled=bucket_key if key else None,
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            enforce_ssl=True,
            lifecycle_rules=[ABANDONED_UPLOAD, *lifecycle_rules],
            minimum_tls_version=1.2,
            object_lock_enabled=object_lock or None,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=RemovalPolicy.RETAIN,
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix=access_logs_prefix,
            versioned=True,
        )
        if key:
            self.deny(
                "DenyOtherEncryption",
                ["s3:PutObject"],
                {
                    "Null": {"s3:x-amz-server-side-encryption": "false"},
                    "StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"},
                },
            )

    def deny(
        self, sid: str, actions: Sequence[str], conditions: dict[str, dict[str, str]] | None = None
    ) -> None:
        """Deny everybody these actions on the bucket and its objects."""
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid,
                effect=iam.Effect.DENY,
                actions=list(actions),
                principals=[iam.AnyPrincipal()],
                resources=[self.bucket_arn, self.arn_for_objects("*")],
                conditions=conditions,
            )
        )
