"""One service of one environment: the stack that a release changes."""

from dataclasses import dataclass

from aws_cdk import CfnOutput, CfnParameter
from constructs import Construct

from runbook.access.principals import Principals
from runbook.alarms.alarm import Stands
from runbook.alarms.placeholders import BALANCER, target_group
from runbook.alarms.web import deployment_alarms
from runbook.model.environment import Environment
from runbook.model.secrets import MIGRATIONS
from runbook_constructs.catalogue_alarms import CatalogueAlarms, standing
from runbook_constructs.network import Network
from runbook_constructs.sampling_rules import SamplingRules
from runbook_constructs.service_network import ServiceNetwork
from runbook_constructs.service_tasks import ServiceTasks, Surroundings
from runbook_constructs.web_service import WebService
from stacks.data_stack import DataStack
from stacks.platform_stack import PlatformStack
from stacks.release_gate_stack import ReleaseGateStack
from stacks.runbook_stack import RunbookStack
from stacks.secrets_stack import SecretsStack

# The one parameter, and the only thing of the stack that a release changes.
IMAGE_TAG = "ImageTag"


@dataclass(frozen=True)
class Neighbours:
    """The stacks a service stands on."""

    network: Network
    data: DataStack
    secrets: SecretsStack
    platform: PlatformStack
    gate: ReleaseGateStack


class ServiceStack(RunbookStack):
    """Tasks, colours, alarms, scaling and traces of one service (ROVN-DEP-3, -4, -5, -7).

    It can be rebuilt at any time; what must last stands elsewhere.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: Environment,
        service: str,
        on: Neighbours,
    ) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part=service,
            description=f"Service {environment.services[service].name}",
            stateful=False,
        )
        self._environment, self._name, self._on = environment, service, on
        model, vpc = environment.services[service], on.network.vpc
        roles = Principals(environment).service_roles(service)
        network = ServiceNetwork(
            self,
            "Network",
            name=model.name,
            port=model.port,
            vpc=vpc,
            balancer=on.platform.ingress.security_group,
            database=on.data.database.security_group,
        )
        tasks = ServiceTasks(
            self,
            "Tasks",
            key=service,
            service=model,
            roles=roles,
            image_tag=self._image_tag().value_as_string,
            surroundings=self._surroundings(),
            logs=on.platform.logs[service],
        )
        web = WebService(
            self,
            "Service",
            key=service,
            service=model,
            cluster=on.platform.cluster,
            task_definition=tasks.app,
            traffic_role=roles.traffic,
            hooks=on.gate.hooks.get(service),
            alarms=deployment_alarms(environment, service),
            vpc=vpc,
            security_group=network.app,
            ingress=on.platform.ingress,
        )
        colours = {"blue": web.colours.blue, "green": web.colours.green}
        # What metrics call them, by their placeholders.
        self.target_groups = {
            target_group(service, colour): group.target_group_full_name
            for colour, group in colours.items()
            if group
        }
        # Open before the first task starts, and until the last has stopped.
        web.resource.node.add_dependency(*network.rules)
        # ECS refuses a deployment that names an alarm which is not there.
        web.resource.node.add_dependency(self._add_alarms())
        SamplingRules(self, "Sampling", service=service, tracing=model.tracing)
        CfnOutput(
            self,
            "MigrationsTaskDefinition",
            value=tasks.migrations.ref,
            description="To run migrations with",
        )

    def _add_alarms(self) -> CatalogueAlarms:
        balancer = self._on.platform.ingress.balancer
        return CatalogueAlarms(
            self,
            "Alarms",
            environment=self._environment,
            alarms=standing(self._environment, Stands.SERVICE, self._name),
            known={
                BALANCER: balancer.load_balancer_full_name,
                **self.target_groups,
            },
        )

    def _image_tag(self) -> CfnParameter:
        images = self._environment.images
        return CfnParameter(
            self,
            IMAGE_TAG,
            type="String",
            description="Tag of the image to run; a release is a change of it, and of nothing else",
            allowed_pattern=images.tag_pattern,
            constraint_description=f"a tag such as {images.tag_example}",
        )

    def _surroundings(self) -> Surroundings:
        environment, secrets = self._environment, self._on.secrets.secrets
        database = self._on.data.database.instance
        return Surroundings(
            secrets={
                secrets[name].ref: variables
                for name, variables in environment.secrets_of(self._name).items()
            },
            migration_secrets={
                secrets[name].ref: variables
                for name, variables in environment.secrets_of(self._name + MIGRATIONS).items()
            },
            secrets_key=self._on.secrets.key,
            variables={
                "DATABASE_HOST": database.db_instance_endpoint_address,
                "DATABASE_NAME": environment.database.database_name,
                "DATABASE_PORT": database.db_instance_endpoint_port,
                "DATABASE_SSLMODE": "require",
                "ENVIRONMENT_NAME": environment.name,
            },
            migration_variables=self._roles_in_database(),
            bedrock_endpoint=self._on.network.endpoint_ids.get("bedrock-runtime"),
        )

    def _roles_in_database(self) -> dict[str, str]:
        """Say as whom migrations act, and whom they let use what they make.

        Users take turns, so neither the migrations' nor the application's can own or be granted.
        """
        tasks = {
            "DATABASE_APPLICATION_ROLE": self._name,
            "DATABASE_OWNER_ROLE": self._name + MIGRATIONS,
        }
        roles = {v: self._environment.database_role_of(task) for v, task in tasks.items()}
        return {variable: role for variable, role in roles.items() if role}
