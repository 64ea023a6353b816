"""A schedule, and a function that measures ages; the catalogue alarms on what it measures."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from runbook.model.rotation import OPERATOR_SUPPLIED
from runbook.model.secret_ages import DUE_SOON, MEASURED_EVERY_HOURS, METRIC, NAMESPACE
from runbook.model.secrets import Secret
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.event_rule import EVENTBRIDGE, EventRule, rule_arn
from runbook_constructs.worker_function import WorkerFunction

# Beside the full hour, when everybody's schedules run; UTC.
SCHEDULE = f"cron(20 0/{MEASURED_EVERY_HOURS} * * ? *)"


@dataclass(frozen=True)
class Told:
    """Who hears of ages: the topic, and the key that encrypts it."""

    topic: sns.ITopic
    key: CustomerKey


class SecretAges(Construct):
    """The age of each secret as a metric, and tasks for people (ROVN-SEC-3).

    ``secrets`` are the environment file's, ``arns`` those of the secrets themselves by the same
    names. The function may look at them and never read one.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        environment_name: str,
        secrets: Mapping[str, Secret],
        arns: Mapping[str, str],
        told: Told,
        key: CustomerKey,
        dead_letters: sqs.Queue,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, id_)
        self._told = told
        function = WorkerFunction(
            self,
            "Ages",
            name=name,
            description=f"How old the secrets of {environment_name} are",
            folder=Path(__file__).parent,
            entry="handler.ages.handler",
            variables={
                "DUE_SOON": str(DUE_SOON),
                "ENVIRONMENT_NAME": environment_name,
                "EVERY_HOURS": str(MEASURED_EVERY_HOURS),
                "METRIC": METRIC,
                "NAMESPACE": NAMESPACE,
                "PLANS": json.dumps({name: _plan(secret) for name, secret in secrets.items()}),
                "TOPIC": told.topic.topic_arn,
            },
            statements=self._statements([arns[name] for name in secrets]),
            timeout_seconds=300,
            runs=1,
            log_group=f"/{environment_name}/secret-ages",
            log_retention_days=log_retention_days,
            key=key,
            dead_letters=dead_letters,
        )
        self.rule = rule_arn(self, name)
        EventRule(
            self,
            "Schedule",
            name=name,
            description=f"Every {MEASURED_EVERY_HOURS} hours",
            schedule=SCHEDULE,
            target=function.resource.attr_arn,
            dead_letters=dead_letters,
        )
        lambda_.CfnPermission(
            self,
            "Invoke",
            action="lambda:InvokeFunction",
            function_name=function.resource.attr_arn,
            principal=EVENTBRIDGE,
            source_arn=self.rule,
        )

    def _statements(self, arns: list[str]) -> list[iam.PolicyStatement]:
        return [
            iam.PolicyStatement(
                actions=["secretsmanager:DescribeSecret", "secretsmanager:ListSecretVersionIds"],
                resources=arns,
            ),
            # It knows no resource but a namespace.
            iam.PolicyStatement(
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],
                conditions={"StringEquals": {"cloudwatch:namespace": NAMESPACE}},
            ),
            iam.PolicyStatement(actions=["sns:Publish"], resources=[self._told.topic.topic_arn]),
            iam.PolicyStatement(
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=[self._told.key.key_arn],
                conditions={
                    "StringEquals": {"kms:ViaService": f"sns.{Stack.of(self).region}.amazonaws.com"}
                },
            ),
        ]


def _plan(secret: Secret) -> dict[str, str | int | bool]:
    return {
        "days": secret.rotation_days,
        "owner": secret.owner,
        "supplied": secret.mechanism == OPERATOR_SUPPLIED,
    }
