"""The gate of one blue/green service: two hooks, a state machine, and their roles."""

import json
from dataclasses import dataclass

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from runbook.access.roles import GateRoles, ServiceRoles
from runbook.model.gate import Gate
from runbook.model.services import Service
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.encrypted_log_group import EncryptedLogGroup
from runbook_constructs.function_statements import Statements, allow, stand_in_the_vpc
from runbook_constructs.network import TASKS
from runbook_constructs.release_gate import statements as may
from runbook_constructs.release_gate.gate_function import GateFunction, Home
from runbook_constructs.release_gate.state_machine import STEP_SECONDS, definition
from runbook_constructs.release_gate.statements import Place

# One deployment at a time runs in a service: a hook is called once in its interval.
_CONCURRENCY = 2
# The probe's last question, and its answer to ECS, come after its own deadline.
_PROBE_SLACK_SECONDS = 30


@dataclass(frozen=True)
class Parts:
    """What the gate is given from elsewhere.

    ``migrations`` is the security group that migrations run in; ``probe`` that of the function
    that asks ``balancer`` (its DNS name) on ``test_port``; ``database`` and ``database_key`` are
    the instance's identifier and its key's ARN; ``freeze`` names the parameter; ``log_prefix``
    and ``log_key`` are for all logs of the gate.
    """

    vpc: ec2.IVpc
    migrations: ec2.ISecurityGroup
    probe: ec2.ISecurityGroup
    balancer: str
    test_port: int
    database: str
    database_key: str
    freeze: str
    log_prefix: str
    log_key: CustomerKey


class ReleaseGate(Construct):
    """Nothing serves on a schema it cannot read, nor before it answers (ROVN-MIG-1, ROVN-MIG-2).

    Functions, state machine and roles are named by convention, so that the service's stack can
    name them without a reference. ``hook_arn`` and ``probe_arn`` are what ECS calls.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        key: str,
        service: Service,
        gate: Gate,
        cluster: str,
        place: tuple[str, str],
        roles: tuple[GateRoles, ServiceRoles],
        parts: Parts,
    ) -> None:
        super().__init__(scope, id_)
        self._key, self._service, self._gate, self._parts = key, service, gate, parts
        self._roles, self._tasks = roles
        self._place = Place(*place, cluster, service.name)
        self._home = Home(self._place, parts.log_key, parts.log_prefix, service.log_retention_days)
        steps = self._steps()
        machine = self._machine(steps)
        hook = self._hook()
        hook.resource.node.add_dependency(machine)
        self.hook_arn, self.probe_arn = hook.arn, self._probe().arn
        self._invocation([self.hook_arn, self.probe_arn])

    def _steps(self) -> GateFunction:
        place, parts = self._place, self._parts
        subnets = parts.vpc.select_subnets(subnet_type=TASKS.subnet_type).subnet_ids
        passed = [self._tasks.migrations_execution, self._tasks.migrations_task]
        return GateFunction(
            self,
            "Steps",
            home=self._home,
            role_arn=self._roles.steps,
            module="steps",
            description=f"Snapshot and migrations of {self._service.name}, step by step",
            variables={
                "CLUSTER_ARN": place.cluster_arn,
                "COMMAND": "\n".join(self._service.migrations.command),
                "DATABASE": parts.database,
                "LOG_GROUP": place.migrations_log,
                "MIGRATION_SECONDS": str(self._gate.migration_minutes * 60),
                "SECURITY_GROUP": parts.migrations.security_group_id,
                "SERVICE_NAME": self._service.name,
                "SUBNETS": ",".join(subnets),
            },
            statements=[
                *may.run_migrations(place, passed),
                *may.take_snapshots(place, parts.database, parts.database_key),
            ],
            timeout_seconds=STEP_SECONDS - 30,
            concurrency=_CONCURRENCY,
        )

    def _hook(self) -> GateFunction:
        place, machine = self._place, self._roles.machine.rpartition("/")[2]
        return GateFunction(
            self,
            "Hook",
            home=self._home,
            role_arn=self._roles.hook,
            module="hook",
            description=f"Holds releases of {self._service.name} until the schema is ready",
            variables={
                "EXECUTION_ARN": place.arn("states", f"execution:{machine}"),
                "FREEZE_PARAMETER": self._parts.freeze,
                "STATE_MACHINE_ARN": place.arn("states", f"stateMachine:{machine}"),
                **self._revisions(),
            },
            statements=may.hold_releases(place, machine, self._parts.freeze),
            timeout_seconds=STEP_SECONDS,
            concurrency=_CONCURRENCY,
        )

    def _probe(self) -> GateFunction:
        parts, vpc = self._parts, self._parts.vpc
        subnets = vpc.select_subnets(subnet_type=TASKS.subnet_type).subnet_ids
        return GateFunction(
            self,
            "Probe",
            home=self._home,
            role_arn=self._roles.probe,
            module="probe",
            description=f"Asks new tasks of {self._service.name} for their version",
            variables={
                "BALANCER": parts.balancer,
                "HEALTH_PATH": self._service.health_path,
                "HOSTNAME_OF_SERVICE": self._service.ingress.hostname,
                "PROBE_SECONDS": str(self._gate.probe_seconds),
                "TEST_PORT": str(parts.test_port),
                **self._revisions(),
            },
            statements=[
                *may.read_target(self._place),
                *stand_in_the_vpc(self._place, subnets, parts.probe.security_group_id),
            ],
            timeout_seconds=self._gate.probe_seconds + _PROBE_SLACK_SECONDS,
            concurrency=_CONCURRENCY,
            vpc=(vpc, parts.probe),
        )

    def _revisions(self) -> dict[str, str]:
        return {
            "MIGRATIONS_FAMILY_ARN": self._place.migrations_family,
            "SERVICE_ARN": self._place.service_arn,
            "SERVICE_KEY": self._key,
        }

    def _machine(self, steps: GateFunction) -> sfn.CfnStateMachine:
        place, parts = self._place, self._parts
        name = self._roles.machine.rpartition("/")[2]
        log = EncryptedLogGroup(
            self,
            "MachineLog",
            name=f"{parts.log_prefix}/{name}",
            retention_days=self._service.log_retention_days,
            key=parts.log_key,
        )
        role, policy = self._role(
            "MachineRole",
            self._roles.machine,
            f"Migrations of {self._service.name}, in their order",
            iam.ServicePrincipal(
                "states.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": place.account},
                    "ArnLike": {"aws:SourceArn": place.arn("states", "stateMachine:*")},
                },
            ),
            may.work_the_machine(steps.arn),
        )
        of_machine = sfn.CfnStateMachine
        machine = of_machine(
            self,
            "Machine",
            state_machine_name=name,
            state_machine_type="STANDARD",
            role_arn=role.role_arn,
            definition_string=json.dumps(definition(steps.arn, self._gate)),
            tracing_configuration=of_machine.TracingConfigurationProperty(enabled=True),
            logging_configuration=of_machine.LoggingConfigurationProperty(
                level="ALL",
                # File names, image tags, ARNs: what happened, and nothing of anybody.
                include_execution_data=True,
                destinations=[
                    of_machine.LogDestinationProperty(
                        cloud_watch_logs_log_group=of_machine.CloudWatchLogsLogGroupProperty(
                            log_group_arn=log.log_group_arn
                        )
                    )
                ],
            ),
        )
        machine.node.add_dependency(policy, steps.resource)
        return machine

    def _invocation(self, functions: list[str]) -> None:
        """Let ECS call the two hooks."""
        self._role(
            "InvocationRole",
            self._roles.invoke,
            f"ECS, asking the gate of {self._service.name}",
            iam.ServicePrincipal("ecs.amazonaws.com"),
            [allow("CallHooks", ["lambda:InvokeFunction"], functions)],
        )

    def _role(
        self,
        id_: str,
        arn: str,
        description: str,
        assumed_by: iam.ServicePrincipal,
        statements: Statements,
    ) -> tuple[iam.Role, iam.ManagedPolicy]:
        role = iam.Role(
            self,
            id_,
            role_name=arn.rpartition("/")[2],
            description=description,
            assumed_by=assumed_by,
        )
        policy = iam.ManagedPolicy(
            role, "Policy", roles=[role], description=description, statements=statements
        )
        return role, policy
