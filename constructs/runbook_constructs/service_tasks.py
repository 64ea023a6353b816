"""The two kinds of tasks of a service: the ones that serve, and the one that migrates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms
from constructs import Construct

from runbook.access.roles import ServiceRoles
from runbook.model.services import Service
from runbook_constructs import task_statements as may
from runbook_constructs.collector import ENDPOINT, collector_configuration, collector_container
from runbook_constructs.collector import NAME as COLLECTOR_CONTAINER
from runbook_constructs.registry import COLLECTOR, COLLECTOR_TAG, image_uri
from runbook_constructs.service_logs import ServiceLogs
from runbook_constructs.task_definition import (
    USER,
    TaskDefinition,
    hardened,
    logs_to,
    plain_variables,
    secret_variables,
)
from runbook_constructs.task_role import TaskRole

MIGRATIONS_CONTAINER = "migrations"
# In the app revision: which revision migrates the schema for it (ROVN-MIG-1).
MIGRATIONS_LABEL = "runbook.migrations-task-definition"


@dataclass(frozen=True)
class Surroundings:
    """What tasks are given from elsewhere.

    ``secrets`` and ``migration_secrets`` map ARNs to variables, as ``NAME`` or ``NAME:key``;
    ``secrets_key`` encrypts them; ``variables`` say where the database is and in which
    environment this is, ``migration_variables`` as which roles migrations act there;
    ``bedrock_endpoint`` is the id of the VPC endpoint, which the model demands where there are
    fallback models.
    """

    secrets: Mapping[str, Sequence[str]]
    migration_secrets: Mapping[str, Sequence[str]]
    secrets_key: kms.IKey
    variables: Mapping[str, str]
    migration_variables: Mapping[str, str]
    bedrock_endpoint: str | None


class ServiceTasks(Construct):
    """Task definitions of one service, from one image (ROVN-MIG-1, ROVN-SEC-1, ROVN-SEC-2).

    ``image_tag`` is the only thing of it that a release changes. Each kind has roles and secrets of
    its own: what serves requests cannot change the schema.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        key: str,
        service: Service,
        roles: ServiceRoles,
        image_tag: str,
        surroundings: Surroundings,
        logs: ServiceLogs,
    ) -> None:
        super().__init__(scope, id_)
        self._key, self._service, self._roles = key, service, roles
        self._image = image_uri(self, service.name, image_tag)
        self._given = surroundings
        self._logs = logs
        self.migrations = self._migrations()
        self.app = self._app()

    def _app(self) -> TaskDefinition:
        service = self._service
        execution = TaskRole(
            self,
            "ExecutionRole",
            arn=self._roles.execution,
            description=f"Starts tasks of {service.name}: images, logs, secrets",
            statements=[
                *may.pull_images(self, [service.name, COLLECTOR]),
                may.mirror_image(self, COLLECTOR),
                may.write_logs(
                    self, {self._logs.app: self._key, self._logs.collector: COLLECTOR_CONTAINER}
                ),
                *may.read_secrets(list(self._given.secrets), self._given.secrets_key),
            ],
        )
        models = (
            may.invoke_models(self, service.fallback_models, self._given.bedrock_endpoint)
            if self._given.bedrock_endpoint
            else []
        )
        task = TaskRole(
            self,
            "TaskRole",
            arn=self._roles.task,
            description=f"What {service.name} itself may do",
            statements=[may.send_traces(), *models],
        )
        collector = collector_container(
            image=image_uri(self, COLLECTOR, COLLECTOR_TAG),
            configuration=collector_configuration(service.tracing, Stack.of(self).region),
            user=USER,
            linux_parameters=hardened(),
            log_configuration=logs_to(self, self._logs.collector, COLLECTOR_CONTAINER),
        )
        return self._definition(
            "App",
            family=service.name,
            size=(service.cpu, service.memory),
            roles=(execution, task),
            containers=[self._app_container(), collector],
        )

    def _app_container(self) -> ecs.CfnTaskDefinition.ContainerDefinitionProperty:
        service, of_task = self._service, ecs.CfnTaskDefinition
        return of_task.ContainerDefinitionProperty(
            name=self._key,
            image=self._image,
            essential=True,
            user=USER,
            privileged=False,
            readonly_root_filesystem=True,
            linux_parameters=hardened(),
            docker_labels={MIGRATIONS_LABEL: self.migrations.ref},
            environment=plain_variables(
                {
                    **self._given.variables,
                    **service.variables,
                    **_fallback(service, Stack.of(self).region),
                    "DATABASE_POOL_SIZE": str(service.pool_size),
                    "OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT,
                    "PORT": str(service.port),
                }
            ),
            secrets=secret_variables(self._given.secrets),
            port_mappings=[
                of_task.PortMappingProperty(container_port=service.port, protocol="tcp")
            ],
            health_check=of_task.HealthCheckProperty(
                command=["CMD", *service.health_command],
                interval=10,
                timeout=5,
                retries=3,
                start_period=30,
            ),
            stop_timeout=service.stop_timeout_seconds,
            log_configuration=logs_to(self, self._logs.app, self._key),
        )

    def _migrations(self) -> TaskDefinition:
        service, migrations = self._service, self._service.migrations
        execution = TaskRole(
            self,
            "MigrationsExecutionRole",
            arn=self._roles.migrations_execution,
            description=f"Starts migrations of {service.name}: image, logs, secrets",
            statements=[
                *may.pull_images(self, [service.name]),
                may.write_logs(self, {self._logs.migrations: MIGRATIONS_CONTAINER}),
                *may.read_secrets(list(self._given.migration_secrets), self._given.secrets_key),
            ],
        )
        task = TaskRole(
            self,
            "MigrationsTaskRole",
            arn=self._roles.migrations_task,
            description=f"What migrations of {service.name} may do in AWS: nothing",
            statements=[],
        )
        of_task = ecs.CfnTaskDefinition
        container = of_task.ContainerDefinitionProperty(
            name=MIGRATIONS_CONTAINER,
            image=self._image,
            command=list(migrations.command),
            essential=True,
            user=USER,
            privileged=False,
            readonly_root_filesystem=True,
            linux_parameters=hardened(),
            environment=plain_variables(
                {**self._given.variables, **self._given.migration_variables}
            ),
            secrets=secret_variables(self._given.migration_secrets),
            # ECS gives at most two minutes to end a statement that runs.
            stop_timeout=120,
            log_configuration=logs_to(self, self._logs.migrations, MIGRATIONS_CONTAINER),
        )
        return self._definition(
            "Migrations",
            family=f"{service.name}-migrations",
            size=(migrations.cpu, migrations.memory),
            roles=(execution, task),
            containers=[container],
        )

    def _definition(
        self,
        id_: str,
        *,
        family: str,
        size: tuple[int, int],
        roles: tuple[TaskRole, TaskRole],
        containers: Sequence[ecs.CfnTaskDefinition.ContainerDefinitionProperty],
    ) -> TaskDefinition:
        cpu, memory = size
        execution, task = roles
        definition = TaskDefinition(
            self,
            id_,
            family=family,
            cpu=cpu,
            memory=memory,
            execution_role=execution,
            task_role=task,
            containers=containers,
        )
        # On the roles it depends already; what they may do is in their policies.
        definition.node.add_dependency(*(role.policy for role in roles if role.policy))
        return definition


def _fallback(service: Service, region: str) -> dict[str, str]:
    """Name the inference profile that the service asks when its provider is down (ROVN-ALM-8)."""
    if not service.fallback_models:
        return {}
    model = service.fallback_models[0]
    profile = f"{model.profile}.{model.model_id}"
    return {"AI_FALLBACK_MODEL": profile, "AI_FALLBACK_REGION": region}
