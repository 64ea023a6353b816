"""A Fargate task definition, every revision of which is kept."""

from collections.abc import Mapping, Sequence

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

# As the image's own USER: a number, which ECS can tell from root.
USER = "10001:10001"
SCRATCH_MIB = 64


class TaskDefinition(ecs.CfnTaskDefinition):
    """Tasks on Fargate; an update registers a new revision and the old one stays (ROVN-DEP-5)."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        family: str,
        cpu: int,
        memory: int,
        execution_role: iam.IRole,
        task_role: iam.IRole,
        containers: Sequence[ecs.CfnTaskDefinition.ContainerDefinitionProperty],
    ) -> None:
        super().__init__(
            scope,
            id_,
            family=family,
            cpu=str(cpu),
            memory=str(memory),
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            runtime_platform=ecs.CfnTaskDefinition.RuntimePlatformProperty(
                cpu_architecture="X86_64", operating_system_family="LINUX"
            ),
            execution_role_arn=execution_role.role_arn,
            task_role_arn=task_role.role_arn,
            container_definitions=list(containers),
        )
        # Deleting one deregisters it, and a service cannot go back to what is not registered.
        self.apply_removal_policy(RemovalPolicy.RETAIN)


def hardened() -> ecs.CfnTaskDefinition.LinuxParametersProperty:
    """Take every capability away and give /tmp in memory, the only writable place (ROVN-IMG-2)."""
    of_task = ecs.CfnTaskDefinition
    return of_task.LinuxParametersProperty(
        capabilities=of_task.KernelCapabilitiesProperty(drop=["ALL"]),
        init_process_enabled=True,
        tmpfs=[
            of_task.TmpfsProperty(
                container_path="/tmp",  # noqa: S108 - the container's own, in memory
                size=SCRATCH_MIB,
                mount_options=["nodev", "noexec", "nosuid"],
            )
        ],
    )


def logs_to(
    scope: Construct, group: str, container: str
) -> ecs.CfnTaskDefinition.LogConfigurationProperty:
    """Send a container's output to a log group, one stream a task."""
    return ecs.CfnTaskDefinition.LogConfigurationProperty(
        log_driver="awslogs",
        options={
            "awslogs-group": group,
            "awslogs-region": Stack.of(scope).region,
            "awslogs-stream-prefix": container,
            # A slow log service must not stop the service itself.
            "mode": "non-blocking",
            "max-buffer-size": "16m",
        },
    )


def plain_variables(
    values: Mapping[str, str],
) -> list[ecs.CfnTaskDefinition.KeyValuePairProperty]:
    """List environment variables by name."""
    pair = ecs.CfnTaskDefinition.KeyValuePairProperty
    return [pair(name=name, value=values[name]) for name in sorted(values)]


def secret_variables(
    secrets: Mapping[str, Sequence[str]],
) -> list[ecs.CfnTaskDefinition.SecretProperty]:
    """List references to secrets: ARN to variables, as ``NAME`` or ``NAME:key`` (ROVN-SEC-1)."""
    references = {}
    for arn, variables in secrets.items():
        for variable in variables:
            name, _, key = variable.partition(":")
            # The two empty parts are version stage and id: the current one.
            references[name] = f"{arn}:{key}::" if key else arn
    secret = ecs.CfnTaskDefinition.SecretProperty
    return [secret(name=name, value_from=references[name]) for name in sorted(references)]
