"""Rules and an hourly schedule, and the function that looks; the catalogue alarms on its count."""

import json
from collections.abc import Sequence
from pathlib import Path

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from runbook.access.principals import Principals
from runbook.access.reader_lists import reader_lists
from runbook.model.secret_ages import NAMESPACE
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.event_rule import EVENTBRIDGE, EventRule, rule_arn
from runbook_constructs.secret_readers.patterns import identity_pattern, resource_patterns
from runbook_constructs.worker_function import WorkerFunction

# Twice within the two hours that the alarm looks back: one late or failed look is not silence.
SCHEDULE = "cron(30 * * * ? *)"
SECONDS = 300
# Lambda takes 4096 of names and values together; the topic is one more.
LONGEST_LISTS = 3900


class SecretReaders(Construct):
    """Whoever is granted a secret outside its list pages, within minutes or the hour (ROVN-SEC-6).

    ``secrets`` are the ARNs of the environment's secrets, ``secrets_key`` that of their key;
    ``topic``, under ``topic_key``, takes the page. ``rules`` are the ARNs of what sets it
    to work.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        principals: Principals,
        secrets: Sequence[str],
        secrets_key: str,
        topic: str,
        topic_key: str,
        key: CustomerKey,
        dead_letters: sqs.Queue,
    ) -> None:
        super().__init__(scope, id_)
        environment = principals.environment
        name = principals.secret_readers.rpartition("/")[2]
        variables = {
            "ENVIRONMENT_NAME": environment.name,
            "LISTS": json.dumps(reader_lists(principals), separators=(",", ":")),
        }
        if sum(map(len, (*variables, *variables.values()))) > LONGEST_LISTS:
            raise ValueError("the lists of who reads secrets are longer than Lambda takes")
        function = WorkerFunction(
            self,
            "Watch",
            name=name,
            description=f"Looks who may read the secrets of {environment.name}",
            folder=Path(__file__).parent,
            entry="handler.watch.handler",
            variables={**variables, "SECURITY_TOPIC": topic},
            statements=_statements(secrets, secrets_key, topic, topic_key),
            timeout_seconds=SECONDS,
            # One look at a time: each sees everything, and IAM answers few calls a second.
            runs=1,
            log_group=f"/{environment.name}/secret-readers",
            log_retention_days=environment.trail.log_retention_days,
            key=key,
            dead_letters=dead_letters,
        )
        place = f"{environment.region}:{environment.account}"
        patterns = {
            "identities": identity_pattern(environment.account),
            **resource_patterns(environment.name, place, secrets_key),
        }
        self.rules = []
        for what, pattern in {**patterns, "hourly": None}.items():
            rule = f"{name}-{what}"
            EventRule(
                self,
                what.title(),
                name=rule,
                description=f"Looks who may read secrets: {what}",
                pattern=pattern,
                schedule=None if pattern else SCHEDULE,
                target=function.resource.attr_arn,
                dead_letters=dead_letters,
            )
            self.rules.append(rule_arn(self, rule))
            lambda_.CfnPermission(
                self,
                f"Invoke{what.title()}",
                action="lambda:InvokeFunction",
                function_name=function.resource.attr_arn,
                principal=EVENTBRIDGE,
                source_arn=self.rules[-1],
            )


def _statements(
    secrets: Sequence[str], secrets_key: str, topic: str, topic_key: str
) -> list[iam.PolicyStatement]:
    return [
        iam.PolicyStatement(actions=["iam:GetAccountAuthorizationDetails"], resources=["*"]),
        iam.PolicyStatement(
            actions=["secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"],
            resources=list(secrets),
        ),
        iam.PolicyStatement(
            actions=["kms:GetKeyPolicy", "kms:ListGrants"], resources=[secrets_key]
        ),
        iam.PolicyStatement(
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],
            conditions={"StringEquals": {"cloudwatch:namespace": NAMESPACE}},
        ),
        iam.PolicyStatement(actions=["sns:Publish"], resources=[topic]),
        iam.PolicyStatement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[topic_key]),
    ]
