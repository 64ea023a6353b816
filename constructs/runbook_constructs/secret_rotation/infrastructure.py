"""The rotation of one secret: a function of its own, and the schedule that calls it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3_assets as assets
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct, IDependable

from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.encrypted_log_group import EncryptedLogGroup
from runbook_constructs.function_statements import Place, stand_in_the_vpc, write_own_log
from runbook_constructs.network import TASKS
from runbook_constructs.secret_rotation.code import stage

CALLER = "secretsmanager.amazonaws.com"
_SECONDS = 120


class RotationCode(Construct):
    """What every rotation function runs, uploaded once: ``asset``."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        with TemporaryDirectory() as directory:
            stage(Path(directory))
            # Copied into the assembly here and now.
            self.asset = assets.Asset(self, "Asset", path=directory)


@dataclass(frozen=True)
class Home:
    """Where the functions stand: their code, and where their logs go, for how many days."""

    place: Place
    code: assets.Asset
    log_prefix: str
    log_key: CustomerKey
    log_retention_days: int


@dataclass(frozen=True)
class Inside:
    """A place in the VPC, behind a security group; ``rules`` are what opens it."""

    vpc: ec2.IVpc
    group: ec2.ISecurityGroup
    rules: Sequence[IDependable]


class SecretRotation(Construct):
    """A secret whose next value a function makes, at once and then by ``schedule`` (ROVN-SEC-3).

    ``name`` is the secret's in the environment file, ``secret`` its ARN, ``role_arn`` names
    function and role. ``statements`` are all that the role may do, beside writing its log and,
    where it stands ``inside`` the VPC, having its network interfaces. Secrets Manager itself tries
    again what fails, and tells when it gives up: there is no queue for that.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        secret: str,
        schedule: str,
        role_arn: str,
        home: Home,
        variables: Mapping[str, str],
        statements: Sequence[iam.PolicyStatement],
        inside: Inside | None = None,
    ) -> None:
        super().__init__(scope, id_)
        self._home, self._inside = home, inside
        self._role_name = role_arn.rpartition("/")[2]
        self._description = f"Rotates the secret {name}"
        log_group = f"{home.log_prefix}/{name}"
        logs = EncryptedLogGroup(
            self, "Log", name=log_group, retention_days=home.log_retention_days, key=home.log_key
        )
        policy = self._policy([write_own_log(home.place, log_group), *statements])
        function = self._function(variables, log_group)
        # Lambda tries the role's rights on the VPC when it makes the function.
        function.node.add_dependency(policy, logs)
        permission = lambda_.CfnPermission(
            self,
            "Caller",
            action="lambda:InvokeFunction",
            function_name=function.ref,
            principal=CALLER,
            source_account=home.place.account,
        )
        schedule_ = secretsmanager.CfnRotationSchedule(
            self,
            "Schedule",
            secret_id=secret,
            rotation_lambda_arn=function.attr_arn,
            # Users that nobody made yet, and keys: before this one nobody can log in or sign.
            rotate_immediately_on_update=True,
            rotation_rules=secretsmanager.CfnRotationSchedule.RotationRulesProperty(
                schedule_expression=schedule
            ),
        )
        schedule_.node.add_dependency(permission, *(inside.rules if inside else ()))

    def _policy(self, statements: Sequence[iam.PolicyStatement]) -> iam.ManagedPolicy:
        home, inside = self._home, self._inside
        self.role = iam.Role(
            self,
            "Role",
            role_name=self._role_name,
            description=self._description,
            # Lambda tells no source when it takes on a function's role.
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        )
        stands = (
            stand_in_the_vpc(home.place, _subnets(inside.vpc), inside.group.security_group_id)
            if inside
            else []
        )
        return iam.ManagedPolicy(
            self,
            "Policy",
            description=self._description,
            roles=[self.role],
            statements=[*statements, *stands],
        )

    def _function(self, variables: Mapping[str, str], log_group: str) -> lambda_.CfnFunction:
        code, inside = self._home.code, self._inside
        function = lambda_.CfnFunction(
            self,
            "Function",
            function_name=self._role_name,
            description=self._description,
            runtime="python3.13",
            architectures=["x86_64"],
            handler="handler.entry.handler",
            code=lambda_.CfnFunction.CodeProperty(
                s3_bucket=code.s3_bucket_name, s3_key=code.s3_object_key
            ),
            role=self.role.role_arn,
            environment=lambda_.CfnFunction.EnvironmentProperty(variables=dict(variables)),
            timeout=_SECONDS,
            memory_size=256,
            # Two at once would set two passwords of one user.
            reserved_concurrent_executions=1,
            logging_config=lambda_.CfnFunction.LoggingConfigProperty(
                log_group=log_group, log_format="Text"
            ),
            vpc_config=lambda_.CfnFunction.VpcConfigProperty(
                security_group_ids=[inside.group.security_group_id],
                subnet_ids=_subnets(inside.vpc),
            )
            if inside
            else None,
        )
        code.add_resource_metadata(function, "Code")
        return function


def _subnets(vpc: ec2.IVpc) -> list[str]:
    return vpc.select_subnets(subnet_type=TASKS.subnet_type).subnet_ids
