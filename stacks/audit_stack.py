"""What is kept as evidence: audit records, source receipts, the trail."""

from collections.abc import Mapping, Sequence

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from runbook.access.delivery_names import EVIDENCE, RELEASE_BUNDLES
from runbook.access.principals import Principals
from runbook.access.roles import TRAIL
from runbook.model.environment import Environment
from runbook_constructs.audit_trail import AuditTrail
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.locked_bucket import LockedBucket
from runbook_constructs.private_bucket import PrivateBucket, expire_after
from stacks.runbook_stack import RunbookStack


class AuditStack(RunbookStack):
    """Audit and trail buckets under lock, receipts, access logs (ROVN-BCK-2, ROVN-BCK-3)."""

    def __init__(self, scope: Construct, id_: str, *, environment: Environment) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="audit",
            description="Audit records, source receipts and trail",
            stateful=True,
        )
        buckets = environment.buckets
        self.access_logs = PrivateBucket(
            self,
            "AccessLogs",
            lifecycle_rules=[expire_after(buckets.access_logs.expire_after_days)],
        )
        self.audit_key = self._key("AuditKey", environment, "audit", "Audit records")
        self.audit_bucket = LockedBucket(
            self,
            "AuditRecords",
            retention=buckets.audit,
            key=self.audit_key,
            access_logs=self.access_logs,
            access_logs_prefix="audit/",
        )
        self.receipts_bucket = PrivateBucket(
            self,
            "SourceReceipts",
            key=self._key("ReceiptsKey", environment, "receipts", "Source receipts"),
            access_logs=self.access_logs,
            access_logs_prefix="receipts/",
            lifecycle_rules=[_to_glacier(buckets.receipts.glacier_after_days)],
        )
        principals = Principals(environment)
        self._keep("releases", "Record", "Recorders", principals.may_write_records)
        self._keep(EVIDENCE, "Bundle", "Publishers", principals.may_publish_evidence)
        self._only("Judges", RELEASE_BUNDLES, principals.may_publish_release_evidence)
        self._add_trail(environment)
        for name, bucket in (
            ("AuditRecordsBucket", self.audit_bucket),
            ("SourceReceiptsBucket", self.receipts_bucket),
        ):
            CfnOutput(self, name, value=bucket.bucket_name)

    def _keep(self, folder: str, what: str, who: str, writers: Sequence[str]) -> None:
        """Let these alone write there, and nobody hide it by a delete marker (ROVN-AUD-1)."""
        self._only(who, f"{folder}/*", writers)
        self._deny(f"NobodyHidesA{what}", "s3:DeleteObject", f"{folder}/*")

    def _only(self, who: str, objects: str, writers: Sequence[str]) -> None:
        others = {"ArnNotEquals": {"aws:PrincipalArn": list(writers)}}
        self._deny(f"Only{who}Write", "s3:PutObject", objects, others)

    def _deny(
        self, sid: str, action: str, objects: str, conditions: Mapping[str, object] | None = None
    ) -> None:
        self.audit_bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid,
                effect=iam.Effect.DENY,
                actions=[action],
                principals=[iam.AnyPrincipal()],
                resources=[self.audit_bucket.arn_for_objects(objects)],
                conditions=conditions,
            )
        )

    def _add_trail(self, environment: Environment) -> None:
        self.trail_name = f"{environment.slug}-audit"
        self.trail_key = self._key("TrailKey", environment, "trail", "Log files of the trail")
        self.trail_bucket = LockedBucket(
            self,
            "TrailRecords",
            retention=environment.buckets.audit,
            key=self.trail_key,
            # CloudTrail encrypts under a context of its own, which a bucket key would replace.
            bucket_key=False,
            # Log files come under the key, their digests under S3's own.
            accepted=["aws:kms", "AES256"],
            access_logs=self.access_logs,
            access_logs_prefix="trail/",
        )
        AuditTrail(
            self,
            "AuditTrail",
            name=self.trail_name,
            bucket=self.trail_bucket,
            key=self.trail_key,
            watched=self.audit_bucket,
            log_group_name=f"/{environment.name}/trail",
            log_retention_days=environment.trail.log_retention_days,
            role_name=Principals(environment).named(TRAIL),
        )

    def _key(self, id_: str, environment: Environment, name: str, what: str) -> CustomerKey:
        return CustomerKey(
            self,
            id_,
            alias=f"alias/{environment.slug}/{name}",
            description=f"{what} of {environment.name}",
            via=["s3"],
        )


def _to_glacier(days: int) -> s3.LifecycleRule:
    """Move a version to Glacier after ``days`` as the current one, or as one superseded."""
    return s3.LifecycleRule(
        id="MoveToGlacier",
        transitions=[
            s3.Transition(
                storage_class=s3.StorageClass.GLACIER, transition_after=Duration.days(days)
            )
        ],
        noncurrent_version_transitions=[
            s3.NoncurrentVersionTransition(
                storage_class=s3.StorageClass.GLACIER, transition_after=Duration.days(days)
            )
        ],
    )
