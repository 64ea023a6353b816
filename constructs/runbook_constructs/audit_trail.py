"""The record of who did what in the account, and of every touch of the audit records."""

from aws_cdk import Stack
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.encrypted_log_group import EncryptedLogGroup
from runbook_constructs.locked_bucket import LockedBucket

# What a tamperer has to call. CloudTrail's own deliveries (PutObject) are not among them, or the
# trail would record itself without end.
TAMPER_EVENTS = (
    "DeleteObject",
    "DeleteObjects",
    "PutObjectLegalHold",
    "PutObjectRetention",
)


class AuditTrail(Construct):
    """A multi-region trail with log file validation, delivered under lock (ROVN-ALM-6).

    It records management events, every data event on ``watched``, and tampering with ``bucket``,
    where its own log files go. The same events go to the log group ``log_group_name``, where they
    can be searched and alarmed on. ``key`` encrypts both.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        bucket: LockedBucket,
        key: CustomerKey,
        watched: s3.IBucket,
        log_group_name: str,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, id_)
        stack = Stack.of(self)
        self.arn = f"arn:aws:cloudtrail:{stack.region}:{stack.account}:trail/{name}"
        key.allow_trail(self.arn)
        self._allow_delivery(bucket, stack.account)
        events = EncryptedLogGroup(
            self, "Events", name=log_group_name, retention_days=log_retention_days, key=key
        )
        role = iam.Role(
            self,
            "DeliveryRole",
            description="Lets CloudTrail write to the log group of this trail",
            # CloudTrail's documentation: this role "doesn't support" aws:SourceArn.
            assumed_by=iam.ServicePrincipal("cloudtrail.amazonaws.com"),
        )
        delivery = self._delivery_policy(role, log_group_name)
        trail = cloudtrail.CfnTrail(
            self,
            "Trail",
            trail_name=name,
            s3_bucket_name=bucket.bucket_name,
            kms_key_id=key.key_arn,
            cloud_watch_logs_log_group_arn=events.log_group_arn,
            cloud_watch_logs_role_arn=role.role_arn,
            is_logging=True,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            advanced_event_selectors=[
                _selector("Management events", eventCategory=["Management"]),
                _objects("Data events of the audit bucket", watched),
                _objects("Tampering with the trail's own bucket", bucket, list(TAMPER_EVENTS)),
            ],
        )
        # Without these policies bucket and role refuse the trail, and the trail its creation.
        trail.node.add_dependency(bucket.policy, delivery)

    def _delivery_policy(self, role: iam.IRole, log_group: str) -> iam.ManagedPolicy:
        """Let it write streams that begin as CloudTrail's do; it numbers them when they are many.

        The group's own ARN would not do: it ends in a wildcard over all its streams.
        """
        stack = Stack.of(self)
        group = f"arn:aws:logs:{stack.region}:{stack.account}:log-group:{log_group}"
        return iam.ManagedPolicy(
            self,
            "DeliveryPolicy",
            description="Lets the trail write to its log group",
            roles=[role],
            statements=[
                iam.PolicyStatement(
                    actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                    resources=[f"{group}:log-stream:{stack.account}_CloudTrail_{stack.region}*"],
                )
            ],
        )

    def _allow_delivery(self, bucket: LockedBucket, account: str) -> None:
        principal = iam.ServicePrincipal("cloudtrail.amazonaws.com")
        of_this_trail = {"aws:SourceArn": self.arn}
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="CheckAcl",
                actions=["s3:GetBucketAcl"],
                principals=[principal],
                resources=[bucket.bucket_arn],
                conditions={"StringEquals": of_this_trail},
            )
        )
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Deliver",
                actions=["s3:PutObject"],
                principals=[principal],
                resources=[bucket.arn_for_objects(f"AWSLogs/{account}/*")],
                conditions={
                    "StringEquals": {**of_this_trail, "s3:x-amz-acl": "bucket-owner-full-control"}
                },
            )
        )


Selector = cloudtrail.CfnTrail.AdvancedEventSelectorProperty
FieldSelector = cloudtrail.CfnTrail.AdvancedFieldSelectorProperty


def _selector(name: str, **equals: list[str]) -> Selector:
    return Selector(
        name=name,
        field_selectors=[
            FieldSelector(field=field, equal_to=values) for field, values in equals.items()
        ],
    )


def _objects(name: str, bucket: s3.IBucket, events: list[str] | None = None) -> Selector:
    """Select data events on the bucket's objects: all of them, or those named."""
    fields = [
        FieldSelector(field="eventCategory", equal_to=["Data"]),
        FieldSelector(field="resources.type", equal_to=["AWS::S3::Object"]),
        FieldSelector(field="resources.ARN", starts_with=[bucket.arn_for_objects("")]),
    ]
    if events:
        fields.append(FieldSelector(field="eventName", equal_to=events))
    return Selector(name=name, field_selectors=fields)
