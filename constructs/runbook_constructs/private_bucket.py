"""A bucket that is private, encrypted, versioned and retained."""

from collections.abc import Sequence
from typing import Any, cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from runbook_constructs.customer_key import CustomerKey

Conditions = dict[str, dict[str, Any]]


class PrivateBucket(s3.Bucket):
    """A bucket nobody reaches in public or without TLS 1.2, and no stack deletes.

    With ``key`` it takes objects under that key only, and ``accepted`` names the encryptions a
    writer may ask for; without, S3 encrypts with its own key, which is all that the delivery of
    access logs can write to. ``unnamed_key`` takes objects, too, whose writer asks for KMS and
    names no key, which means the account's aws/s3. ``access_logs`` is the bucket that records each
    request, under ``access_logs_prefix``. ``name`` is for a bucket that policies name before it
    exists.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str | None = None,
        key: CustomerKey | None = None,
        bucket_key: bool = True,
        accepted: Sequence[str] = ("aws:kms",),
        unnamed_key: bool = False,
        access_logs: s3.IBucket | None = None,
        access_logs_prefix: str | None = None,
        lifecycle_rules: Sequence[s3.LifecycleRule] = (),
        object_lock: bool = False,
    ) -> None:
        super().__init__(
            scope,
            id_,
            bucket_name=name,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            bucket_key_enabled=bucket_key if key else None,
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            enforce_ssl=True,
            lifecycle_rules=[_abandoned_uploads(), *lifecycle_rules],
            minimum_tls_version=1.2,
            object_lock_enabled=object_lock or None,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=RemovalPolicy.RETAIN,
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix=access_logs_prefix,
            # S3's default leaves objects under 128 KB where they are, whatever a rule says.
            transition_default_minimum_object_size=(
                s3.TransitionDefaultMinimumObjectSize.VARIES_BY_STORAGE_CLASS
            ),
            versioned=True,
        )
        # A bucket that outlives its stack without its policy would be open to every IAM policy.
        cast(s3.BucketPolicy, self.policy).apply_removal_policy(RemovalPolicy.RETAIN)
        if key:
            self._deny_writes_under_other_keys(key, accepted, unnamed_key=unnamed_key)

    def _deny_writes_under_other_keys(
        self, key: CustomerKey, accepted: Sequence[str], *, unnamed_key: bool
    ) -> None:
        """Refuse what a record could be made unreadable with; no header means our own key."""
        encryption = "s3:x-amz-server-side-encryption"
        key_id = f"{encryption}-aws-kms-key-id"
        for sid, conditions in (
            ("DenyOtherEncryption", given_but_not(encryption, *accepted)),
            ("DenyOtherKey", given_but_not(key_id, key.key_arn)),
            # KMS asked for without a key means the account's aws/s3, not the bucket's.
            (
                "DenyUnnamedKey",
                {"StringEquals": {encryption: "aws:kms"}, "Null": {key_id: "true"}},
            ),
            (
                "DenyCustomerProvidedKey",
                {"Null": {f"{encryption}-customer-algorithm": "false"}},
            ),
        ):
            if sid != "DenyUnnamedKey" or not unnamed_key:
                self.deny(sid, ["s3:PutObject"], conditions)

    def deny(self, sid: str, actions: Sequence[str], conditions: Conditions | None = None) -> None:
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


def _abandoned_uploads() -> s3.LifecycleRule:
    return s3.LifecycleRule(
        id="AbortAbandonedUploads", abort_incomplete_multipart_upload_after=Duration.days(7)
    )


def expire_after(days: int) -> s3.LifecycleRule:
    """Delete objects ``days`` after they were written, and their older versions with them."""
    return s3.LifecycleRule(
        id="Expire",
        expiration=Duration.days(days),
        noncurrent_version_expiration=Duration.days(1),
    )


def given_but_not(key: str, *values: str) -> Conditions:
    """Hold when the request carries ``key`` with a value other than these.

    ``StringNotEquals`` alone would hold for requests without it, too.
    """
    return {
        "Null": {key: "false"},
        "StringNotEquals": {key: values[0] if len(values) == 1 else list(values)},
    }
