"""A function of the gate: one file of code for all, a role and a log of its own for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import IgnoreMode, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.encrypted_log_group import EncryptedLogGroup
from runbook_constructs.function_statements import write_own_log
from runbook_constructs.network import TASKS
from runbook_constructs.release_gate.statements import Place

RUNTIME = "python3.13"


@dataclass(frozen=True)
class Home:
    """Where the functions of one gate stand, and where their logs go, for how many days."""

    place: Place
    log_key: CustomerKey
    log_prefix: str
    log_retention_days: int


class GateFunction(Construct):
    """A Lambda function under a role named like itself; ``module`` is its file in ``handler/``."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        home: Home,
        role_arn: str,
        module: str,
        description: str,
        variables: Mapping[str, str],
        statements: Sequence[iam.PolicyStatement],
        timeout_seconds: int,
        concurrency: int,
        vpc: tuple[ec2.IVpc, ec2.ISecurityGroup] | None = None,
    ) -> None:
        super().__init__(scope, id_)
        name = role_arn.rpartition("/")[2]
        group_name = f"{home.log_prefix}/{name}"
        group = EncryptedLogGroup(
            self,
            "Log",
            name=group_name,
            retention_days=home.log_retention_days,
            key=home.log_key,
        )
        role = iam.Role(
            self,
            "Role",
            role_name=name,
            description=description,
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        )
        policy = iam.ManagedPolicy(
            role,
            "Policy",
            roles=[role],
            description=description,
            statements=[write_own_log(home.place, group_name), *statements],
        )
        code = _code(self)
        self.resource = lambda_.CfnFunction(
            self,
            "Function",
            function_name=name,
            description=description,
            role=role.role_arn,
            runtime=RUNTIME,
            architectures=["x86_64"],
            handler=f"handler.{module}.handler",
            code=lambda_.CfnFunction.CodeProperty(
                s3_bucket=code.s3_bucket_name, s3_key=code.s3_object_key
            ),
            environment=lambda_.CfnFunction.EnvironmentProperty(variables=dict(variables)),
            memory_size=256,
            timeout=timeout_seconds,
            reserved_concurrent_executions=concurrency,
            logging_config=lambda_.CfnFunction.LoggingConfigProperty(
                log_group=group.log_group_name
            ),
            vpc_config=_in(*vpc) if vpc else None,
        )
        # Lambda tries the role's rights on the VPC when it makes the function.
        self.resource.node.add_dependency(policy)
        self.arn = home.place.arn("lambda", f"function:{name}")


def _code(scope: GateFunction) -> assets.Asset:
    """Pack ``handler/`` and nothing beside it; the same files give the same hash."""
    stack = Stack.of(scope)
    found = stack.node.try_find_child("GateCode")
    if isinstance(found, assets.Asset):
        return found
    return assets.Asset(
        stack,
        "GateCode",
        path=str(Path(__file__).parent),
        exclude=["/*", "!/handler", "__pycache__"],
        ignore_mode=IgnoreMode.GIT,
    )


def _in(vpc: ec2.IVpc, security_group: ec2.ISecurityGroup) -> lambda_.CfnFunction.VpcConfigProperty:
    return lambda_.CfnFunction.VpcConfigProperty(
        security_group_ids=[security_group.security_group_id],
        subnet_ids=vpc.select_subnets(subnet_type=TASKS.subnet_type).subnet_ids,
    )
