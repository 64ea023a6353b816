"""A function of ours that works behind a queue or a schedule: role, logs, limits, code."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3_assets as assets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.encrypted_log_group import EncryptedLogGroup

# What lies beside the handler and does not run in the function. What Python leaves behind would
# make another asset of the same code.
NOT_DEPLOYED = ["infrastructure.py", "patterns.py", "__init__.py", "__pycache__", "*.pyc"]


class WorkerFunction(Construct):
    """A Python function with a role and a log group of its own, ``runs`` at a time.

    ``name`` names function and role; ``folder`` is the construct's, its ``handler`` package is what
    runs. ``statements`` are all that the role may do, beside writing its log and sending what
    failed to ``dead_letters``.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        description: str,
        folder: Path,
        entry: str,
        variables: Mapping[str, str],
        statements: Sequence[iam.PolicyStatement],
        timeout_seconds: int,
        runs: int,
        log_group: str,
        log_retention_days: int,
        key: CustomerKey,
        dead_letters: sqs.Queue,
    ) -> None:
        super().__init__(scope, id_)
        self.name = name
        logs = EncryptedLogGroup(
            self, "Log", name=log_group, retention_days=log_retention_days, key=key
        )
        self.role = iam.Role(
            self,
            "Role",
            role_name=name,
            description=description,
            # Lambda tells no source when it takes on a function's role.
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        )
        self.policy = iam.ManagedPolicy(
            self,
            "Policy",
            description=description,
            roles=[self.role],
            statements=[
                *statements,
                _write_log(self, log_group),
                *_send_dead_letters(dead_letters, key),
            ],
        )
        code = assets.Asset(self, "Code", path=str(folder), exclude=NOT_DEPLOYED)
        self.resource = lambda_.CfnFunction(
            self,
            "Function",
            function_name=name,
            description=description,
            runtime="python3.13",
            architectures=["x86_64"],
            handler=entry,
            code=lambda_.CfnFunction.CodeProperty(
                s3_bucket=code.s3_bucket_name, s3_key=code.s3_object_key
            ),
            role=self.role.role_arn,
            environment=lambda_.CfnFunction.EnvironmentProperty(variables=dict(variables)),
            timeout=timeout_seconds,
            memory_size=256,
            reserved_concurrent_executions=runs,
            dead_letter_config=lambda_.CfnFunction.DeadLetterConfigProperty(
                target_arn=dead_letters.queue_arn
            ),
            logging_config=lambda_.CfnFunction.LoggingConfigProperty(
                log_group=log_group, log_format="Text"
            ),
        )
        code.add_resource_metadata(self.resource, "Code")
        # With its first run it needs all of them, and Lambda asks for the queue's when it is made.
        self.resource.node.add_dependency(self.policy, logs)


def _write_log(scope: Construct, group: str) -> iam.PolicyStatement:
    """Let it write streams of this group; Lambda names them."""
    stack = Stack.of(scope)
    arn = f"arn:aws:logs:{stack.region}:{stack.account}:log-group:{group}:log-stream:*"
    return iam.PolicyStatement(
        actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[arn]
    )


def _send_dead_letters(queue: sqs.Queue, key: CustomerKey) -> list[iam.PolicyStatement]:
    return [
        iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[queue.queue_arn]),
        iam.PolicyStatement(
            actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[key.key_arn]
        ),
    ]
