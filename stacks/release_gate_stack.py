"""What every release passes before it serves: freeze, migrations, probe."""

import json

from aws_cdk import CfnOutput
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from runbook.access.guard_rails import FUNCTION_BOUNDARY
from runbook.access.principals import Principals
from runbook.model.environment import Environment
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.release_gate.infrastructure import Parts, ReleaseGate
from runbook_constructs.service_network import HTTPS, MigrationsNetwork
from runbook_constructs.web_service import Hooks
from stacks.data_stack import DataStack
from stacks.platform_stack import PlatformStack
from stacks.runbook_stack import RunbookStack


class ReleaseGateStack(RunbookStack):
    """The freeze, and for each service the network of its migrations and its gate (ROVN-MIG-1).

    It stands before the services, whose hooks call it. ``migrations`` has each service's network;
    ``hooks`` what ECS is told to call, for the services that are released blue/green. Stateful,
    because it keeps the log of who was let through and why.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: Environment,
        vpc: ec2.IVpc,
        data: DataStack,
        platform: PlatformStack,
    ) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="release-gate",
            description="What releases wait for",
            stateful=True,
            boundary=FUNCTION_BOUNDARY,
        )
        self._environment, self._vpc = environment, vpc
        self._data, self._platform = data, platform
        self._principals = Principals(environment)
        self.migrations = {
            name: MigrationsNetwork(
                self,
                f"{_pascal(name)}Migrations",
                name=service.name,
                vpc=vpc,
                database=data.database.security_group,
            )
            for name, service in environment.services.items()
        }
        for name, network in self.migrations.items():
            CfnOutput(
                self,
                f"{_pascal(name)}MigrationsSecurityGroup",
                value=network.group.security_group_id,
                description="To run migrations in",
            )
        self._freeze = _freeze_parameter(self, environment)
        self.hooks: dict[str, Hooks] = {}
        if self._principals.gated:
            self._add_gates(self._principals.gated)

    def _add_gates(self, names: tuple[str, ...]) -> None:
        slug = self._environment.slug
        logs_key = CustomerKey(
            self,
            "LogsKey",
            alias=f"alias/{slug}/release-gate-logs",
            description=f"Logs of the release gates of {self._environment.name}",
        )
        for name in names:
            self._add_gate(name, logs_key)

    def _add_gate(self, name: str, logs_key: CustomerKey) -> None:
        environment = self._environment
        service = environment.services[name]
        if service.gate is None:
            raise ValueError(f"{name} is blue/green and has no gate")
        roles = self._principals.gate_roles(name)
        gate = ReleaseGate(
            self,
            f"{_pascal(name)}Gate",
            key=name,
            service=service,
            gate=service.gate,
            cluster=environment.slug,
            place=(environment.region, environment.account),
            roles=(roles, self._principals.service_roles(name)),
            parts=Parts(
                vpc=self._vpc,
                migrations=self.migrations[name].group,
                probe=self._probe_group(name, environment.load_balancer.test_port),
                balancer=self._platform.ingress.balancer.load_balancer_dns_name,
                test_port=environment.load_balancer.test_port,
                database=self._data.database.name,
                database_key=self._data.database.key.key_arn,
                freeze=self._freeze,
                log_prefix=f"/{environment.name}/release-gate",
                log_key=logs_key,
            ),
        )
        gate.node.add_dependency(*self.migrations[name].rules)
        self.hooks[name] = Hooks(gate.hook_arn, gate.probe_arn, roles.invoke)

    def _probe_group(self, name: str, test_port: int) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self,
            f"{_pascal(name)}ProbeGroup",
            vpc=self._vpc,
            description=f"The probe of {name}",
            allow_all_outbound=False,
        )
        # The balancer faces the internet: its addresses change, and none is private.
        for port, why in ((test_port, "The test listener"), (HTTPS, "HTTPS to AWS")):
            group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(port), why)
        return group


def _freeze_parameter(scope: Construct, environment: Environment) -> str:
    """Make the parameter, open; who freezes releases writes another value beside this stack.

    CloudFormation writes the first value again with every change of the resource, be it a word of
    its description or a tag: such a change lifts a freeze. So nothing here ever changes.
    """
    name = f"/{environment.name}/release-freeze"
    open_ = {"frozen": False, "by": "", "reason": "", "since": ""}
    ssm.CfnParameter(
        scope,
        "ReleaseFreeze",
        name=name,
        type="String",
        value=json.dumps(open_),
        description="Whether releases are frozen; rollbacks never are",
    )
    return name


def _pascal(name: str) -> str:
    return name.title().replace("-", "")
