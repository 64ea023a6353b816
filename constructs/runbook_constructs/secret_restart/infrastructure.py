"""Rules that hear of new values, and the state machine that they start: one run a service."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from runbook.access.principals import Principals
from runbook.access.restart_names import restart_machine, restart_rule, restart_rules
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.encrypted_log_group import EncryptedLogGroup
from runbook_constructs.event_rule import EVENTBRIDGE, EventRule, rule_arn
from runbook_constructs.function_statements import Statements, allow
from runbook_constructs.release_gate.statements import log_and_trace
from runbook_constructs.secret_restart.patterns import Watched, pattern
from runbook_constructs.secret_restart.state_machine import definition


@dataclass(frozen=True)
class Consumed:
    """A secret and who reads it, by the physical names of the services."""

    secret: Watched
    services: Sequence[str]


class SecretRestart(Construct):
    """Whoever reads a secret gets new tasks once it has a new value (ROVN-SEC-3).

    ECS gives a task its secrets when it starts, and never again. ``consumed`` maps each secret's
    name in the environment file to its readers; a migration is a task of its own, and needs none.
    ``rules`` are the ARNs of those that listen.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        principals: Principals,
        consumed: Mapping[str, Consumed],
        key: CustomerKey,
        dead_letters: sqs.Queue,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, id_)
        self._principals, self._place = principals, Stack.of(self)
        services = sorted({name for one in consumed.values() for name in one.services})
        self._machine(services, key, log_retention_days)
        starter = self._starter()
        self.rules = []
        for name, one in consumed.items():
            rule = restart_rule(principals, name)
            EventRule(
                self,
                name.title().replace("-", ""),
                name=rule,
                description=f"Restarts who reads {name}: it has a new value",
                pattern=pattern(one.secret),
                target=restart_machine(principals),
                messages=[_input(name, service) for service in one.services],
                role_arn=starter.role_arn,
                dead_letters=dead_letters,
            )
            self.rules.append(rule_arn(self, rule))

    def _machine(self, services: Sequence[str], key: CustomerKey, retention_days: int) -> None:
        environment = self._principals.environment
        name = self._principals.secret_restart.rpartition("/")[2]
        log = EncryptedLogGroup(
            self,
            "Log",
            name=f"/{environment.name}/secret-restart",
            retention_days=retention_days,
            key=key,
        )
        account, region = self._place.account, self._place.region
        role, policy = self._role(
            "Role",
            self._principals.secret_restart,
            f"New tasks after rotations of {environment.name}",
            iam.ServicePrincipal(
                "states.amazonaws.com",
                conditions={
                    "StringEquals": {"aws:SourceAccount": account},
                    "ArnLike": {
                        "aws:SourceArn": f"arn:aws:states:{region}:{account}:stateMachine:*"
                    },
                },
            ),
            [self._restart(services), *log_and_trace()],
        )
        of_machine = sfn.CfnStateMachine
        machine = of_machine(
            self,
            "Machine",
            state_machine_name=name,
            state_machine_type="STANDARD",
            role_arn=role.role_arn,
            definition_string=json.dumps(definition(environment.slug)),
            tracing_configuration=of_machine.TracingConfigurationProperty(enabled=True),
            logging_configuration=of_machine.LoggingConfigurationProperty(
                level="ALL",
                # Names of a service and a secret, times, ARNs of deployments.
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
        machine.node.add_dependency(policy)

    def _restart(self, services: Sequence[str]) -> iam.PolicyStatement:
        """Let it look at these services' deployments, and ask for new tasks.

        With a task definition the call would be a deploy: IAM refuses it (ROVN-DEP-3).
        """
        place, slug = self._place, self._principals.environment.slug
        arn = f"arn:aws:ecs:{place.region}:{place.account}:service/{slug}"
        return iam.PolicyStatement(
            sid="RestartServices",
            actions=["ecs:ListServiceDeployments", "ecs:UpdateService"],
            resources=[f"{arn}/{service}" for service in services],
            conditions={"Null": {"ecs:task-definition": "true"}},
        )

    def _starter(self) -> iam.Role:
        """Let EventBridge start the machine, for these rules alone."""
        role, _ = self._role(
            "EventsRole",
            self._principals.secret_restart_events,
            f"EventBridge, telling of new values of {self._principals.environment.name}",
            iam.ServicePrincipal(
                EVENTBRIDGE,
                conditions={
                    "StringEquals": {"aws:SourceAccount": self._place.account},
                    "ArnLike": {"aws:SourceArn": restart_rules(self._principals)},
                },
            ),
            [allow("Start", ["states:StartExecution"], [restart_machine(self._principals)])],
        )
        return role

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


def _input(secret: str, service: str) -> events.CfnRule.InputTransformerProperty:
    """Write what one run is given.

    EventBridge's own time of the event is after the new value's, and the same however often it
    delivers: what began before it does not count.
    """
    return events.CfnRule.InputTransformerProperty(
        input_template=json.dumps(
            {
                "secret": secret,
                "service": service,
                "rotated": "<aws.events.event.ingestion-time>",
            }
        )
    )
