"""A log group under a customer-managed key that really lets CloudWatch Logs write to it."""

from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from runbook_constructs.customer_key import CustomerKey


class EncryptedLogGroup(logs.LogGroup):
    """A retained log group; the grant in the key's policy comes with it.

    The name is physical, because the key's policy has to name the group before it exists.
    ``granted`` says that it lets the group in already: a name that is known at the deploy only has
    a pattern there.
    ``retention_days`` is any value CloudWatch Logs offers, more than the CDK's enum knows.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        retention_days: int,
        key: CustomerKey,
        granted: bool = False,
        data_protection_policy: logs.DataProtectionPolicy | None = None,
    ) -> None:
        super().__init__(
            scope,
            id_,
            data_protection_policy=data_protection_policy,
            encryption_key=key,
            log_group_name=name,
            # A create that is rolled back must free the name for the next try.
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        cast(logs.CfnLogGroup, self.node.default_child).retention_in_days = retention_days
        if not granted:
            key.allow_log_group(name)
