"""A customer-managed KMS key that says exactly who may do what with it."""

import re
from collections.abc import Sequence

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

# Neither ScheduleKeyDeletion nor DisableKey: without its key a locked record is as good as
# deleted, so destroying one takes a reviewed change of the policy first.
ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
USE = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)


class CustomerKey(kms.Key):
    """A key with yearly rotation, retained for good, and no ``kms:*`` in its policy.

    The account's administrators may administer it. Whoever an IAM policy of the account allows
    may use it, through the services in ``via`` only (short names, such as ``s3``); with
    ``lends_to_services`` these may keep a grant for their own resources, as a database's storage
    needs. A service that uses it as itself is let in by name: ``allow_log_group``,
    ``allow_trail``, ``allow_events``, ``allow_alarms``, ``allow_budgets``, ``allow_topics``.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        alias: str,
        description: str,
        via: Sequence[str] = (),
        lends_to_services: bool = False,
    ) -> None:
        stack = Stack.of(scope)
        statements = [_administration()]
        if via:
            statements.append(_use(stack, via))
        if lends_to_services:
            statements.append(_lend(stack, via))
        super().__init__(
            scope,
            id_,
            alias=alias,
            description=description,
            enable_key_rotation=True,
            policy=iam.PolicyDocument(statements=statements),
            removal_policy=RemovalPolicy.RETAIN,
        )

    def allow_log_group(self, name: str) -> None:
        """Let CloudWatch Logs encrypt this one log group; without it nothing can be written."""
        stack = Stack.of(self)
        arn = f"arn:aws:logs:{stack.region}:{stack.account}:log-group:{name}"
        self.add_to_resource_policy(
            iam.PolicyStatement(
                # One statement a group: IAM wants each Sid once, of letters and digits.
                sid="Encrypt" + "".join(re.findall("[A-Za-z0-9]+", name.title())),
                actions=list(USE),
                principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
                resources=["*"],
                conditions={"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": arn}},
            )
        )

    def allow_events(self) -> None:
        """Let EventBridge send to encrypted queues and topics; it knows no condition here."""
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid="SendEvents",
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                resources=["*"],
            )
        )

    def allow_key_pairs(self, role: str, spec: str) -> None:
        """Let one role have key pairs made; what is encrypted under it, nobody decrypts."""
        stack = Stack.of(self)
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid="MakeKeyPairs",
                actions=["kms:GenerateDataKeyPair"],
                principals=[iam.AccountRootPrincipal()],
                resources=["*"],
                # Not the role itself: a key's policy takes none that is not there yet.
                conditions={
                    "ArnEquals": {"aws:PrincipalArn": role},
                    "StringEquals": {
                        "kms:CallerAccount": stack.account,
                        "kms:DataKeyPairSpec": spec,
                    },
                },
            )
        )

    def allow_alarms(self, prefix: str) -> None:
        """Let alarms whose names begin so send to encrypted topics; else they send nothing."""
        stack = Stack.of(self)
        arns = f"arn:aws:cloudwatch:{stack.region}:{stack.account}:alarm:{prefix}*"
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid="SendAlarms",
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                resources=["*"],
                conditions={
                    "StringEquals": {"aws:SourceAccount": stack.account},
                    "ArnLike": {"aws:SourceArn": arns},
                },
            )
        )

    def allow_budgets(self) -> None:
        """Let the account's budgets send to encrypted topics; they have no region."""
        account = Stack.of(self).account
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid="SendBudgets",
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                principals=[iam.ServicePrincipal("budgets.amazonaws.com")],
                resources=["*"],
                conditions={
                    "StringEquals": {"aws:SourceAccount": account},
                    "ArnLike": {"aws:SourceArn": f"arn:aws:budgets::{account}:*"},
                },
            )
        )

    def allow_topics(self, arns: Sequence[str]) -> None:
        """Let these topics put what nobody took into encrypted queues."""
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid="SendFromTopics",
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                principals=[iam.ServicePrincipal("sns.amazonaws.com")],
                resources=["*"],
                conditions={"ArnEquals": {"aws:SourceArn": list(arns)}},
            )
        )

    def allow_trail(self, arn: str) -> None:
        """Let CloudTrail encrypt the log files of this one trail."""
        cloudtrail = iam.ServicePrincipal("cloudtrail.amazonaws.com")
        only_for_trail = {"StringEquals": {"aws:SourceArn": arn}}
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid="EncryptTrail",
                actions=["kms:GenerateDataKey"],
                principals=[cloudtrail],
                resources=["*"],
                conditions={
                    "StringEquals": {
                        "aws:SourceArn": arn,
                        "kms:EncryptionContext:aws:cloudtrail:arn": arn,
                    }
                },
            )
        )
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid="DescribeForTrail",
                actions=["kms:DescribeKey"],
                principals=[cloudtrail],
                resources=["*"],
                conditions=only_for_trail,
            )
        )


def _administration() -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid="Administer",
        actions=list(ADMINISTRATION),
        principals=[iam.AccountRootPrincipal()],
        resources=["*"],
    )


def _use(stack: Stack, via: Sequence[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid="UseThroughServices",
        actions=list(USE),
        principals=[iam.AccountRootPrincipal()],
        resources=["*"],
        conditions={"StringEquals": _through(stack, via)},
    )


def _lend(stack: Stack, via: Sequence[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid="LendToServices",
        actions=["kms:CreateGrant"],
        principals=[iam.AccountRootPrincipal()],
        resources=["*"],
        conditions={
            "Bool": {"kms:GrantIsForAWSResource": "true"},
            "StringEquals": _through(stack, via),
        },
    )


def _through(stack: Stack, via: Sequence[str]) -> dict[str, str | list[str]]:
    return {
        "kms:CallerAccount": stack.account,
        "kms:ViaService": [f"{service}.{stack.region}.amazonaws.com" for service in via],
    }
