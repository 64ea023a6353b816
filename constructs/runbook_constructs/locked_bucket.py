"""A bucket whose records nobody can change or delete before their time (ROVN-BCK-2)."""

from collections.abc import Sequence
from typing import cast

from aws_cdk import aws_s3 as s3
from constructs import Construct

from runbook.model.retention import Retention
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.private_bucket import PrivateBucket, given_but_not


class LockedBucket(PrivateBucket):
    """A bucket under Object Lock in COMPLIANCE mode: not even the account's root can shorten it.

    The default retention covers every object written without a date of its own. A writer that
    names a date or a mode of its own is refused when these promise less. In days, a date must
    promise ``retention.longest_days`` in full; simplest is to name none.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        retention: Retention,
        key: CustomerKey,
        access_logs: s3.IBucket,
        access_logs_prefix: str,
        bucket_key: bool = True,
        accepted: Sequence[str] = ("aws:kms",),
    ) -> None:
        super().__init__(
            scope,
            id_,
            key=key,
            bucket_key=bucket_key,
            accepted=accepted,
            access_logs=access_logs,
            access_logs_prefix=access_logs_prefix,
            object_lock=True,
        )
        self._lock(retention)
        self.deny(
            "DenyShorterRetention",
            ["s3:PutObject", "s3:PutObjectRetention"],
            {
                "NumericLessThan": {
                    "s3:object-lock-remaining-retention-days": str(retention.longest_days)
                }
            },
        )
        self.deny(
            "DenyWeakerMode",
            ["s3:PutObject", "s3:PutObjectRetention"],
            given_but_not("s3:object-lock-mode", "COMPLIANCE"),
        )
        self.deny(
            "DenyRemoval",
            ["s3:BypassGovernanceRetention", "s3:DeleteBucket", "s3:DeleteObjectVersion"],
        )

    def _lock(self, retention: Retention) -> None:
        """Set the lock itself: the L2 property knows days only, and years are not 365 days."""
        cfn = cast(s3.CfnBucket, self.node.default_child)
        cfn.object_lock_configuration = s3.CfnBucket.ObjectLockConfigurationProperty(
            object_lock_enabled="Enabled",
            rule=s3.CfnBucket.ObjectLockRuleProperty(
                default_retention=s3.CfnBucket.DefaultRetentionProperty(
                    mode="COMPLIANCE",
                    days=retention.retention_days,
                    years=retention.retention_years,
                )
            ),
        )
