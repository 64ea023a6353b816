"""A daily schedule, and a function that may delete what is tagged and named for it, no more."""

import json
from collections.abc import Sequence
from pathlib import Path

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.event_rule import EVENTBRIDGE, EventRule, rule_arn
from runbook_constructs.worker_function import WorkerFunction

# After the night's backups, before anybody works; UTC.
SCHEDULE = "cron(30 9 * * ? *)"
TAG, PURPOSE = "runbook:purpose", "pre-deploy"


class SnapshotJanitor(Construct):
    """Snapshots taken before migrations go after ``keep_days`` (ROVN-MIG-2).

    Manual snapshots never expire by themselves. Whatever the code decides, IAM lets it delete only
    what carries the tag and a name that begins with one of ``prefixes``.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        environment_name: str,
        instance: str,
        prefixes: Sequence[str],
        keep_days: int,
        key: CustomerKey,
        dead_letters: sqs.Queue,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, id_)
        function = WorkerFunction(
            self,
            "Janitor",
            name=name,
            description=f"Removes old snapshots of migrations of {environment_name}",
            folder=Path(__file__).parent,
            entry="handler.janitor.handler",
            variables={
                "INSTANCE": instance,
                "KEEP_DAYS": str(keep_days),
                "PREFIXES": json.dumps(list(prefixes)),
            },
            statements=self._statements(instance, prefixes),
            timeout_seconds=300,
            runs=1,
            log_group=f"/{environment_name}/snapshot-janitor",
            log_retention_days=log_retention_days,
            key=key,
            dead_letters=dead_letters,
        )
        self.rule = rule_arn(self, name)
        EventRule(
            self,
            "Daily",
            name=name,
            description="Once a day, after the night's backups",
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

    def _statements(self, instance: str, prefixes: Sequence[str]) -> list[iam.PolicyStatement]:
        stack = Stack.of(self)
        rds = f"arn:aws:rds:{stack.region}:{stack.account}"
        named = [f"{rds}:snapshot:{prefix}*" for prefix in prefixes]
        return [
            iam.PolicyStatement(
                actions=["rds:DescribeDBSnapshots"],
                resources=[f"{rds}:db:{instance}", f"{rds}:snapshot:*"],
            ),
            iam.PolicyStatement(actions=["rds:DescribeDBSnapshotAttributes"], resources=named),
            iam.PolicyStatement(
                actions=["rds:DeleteDBSnapshot"],
                resources=named,
                conditions={"StringEquals": {f"aws:ResourceTag/{TAG}": PURPOSE}},
            ),
        ]
