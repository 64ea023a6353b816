"""Two schedules, and a function that may ring one alarm and look what became of it."""

import json
from pathlib import Path

from aws_cdk import Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from runbook.alarms.paging import NAMESPACE, SINCE_TEST, TEST_PAGE_METRIC
from runbook.alarms.test_page import COUNT, RING, Schedules
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.event_rule import EVENTBRIDGE, EventRule, rule_arn
from runbook_constructs.worker_function import WorkerFunction


class TestPage(Construct):
    """The pager is rung once a month by ``alarm``, the name of one, and days are counted (ALL-7).

    ``topic`` is the ARN that the alarm tells: a page counts as delivered when
    SNS handed it to as many subscribers as it has ``channels``.
    """

    # pytest takes a class of this name for tests.
    __test__ = False

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        environment_name: str,
        alarm: str,
        topic: str,
        channels: int,
        schedules: Schedules,
        key: CustomerKey,
        dead_letters: sqs.Queue,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, id_)
        function = WorkerFunction(
            self,
            "Paging",
            name=name,
            description=f"Tries the pager of {environment_name} each month, counts the days since",
            folder=Path(__file__).parent,
            entry="handler.page.handler",
            variables={
                "ALARM": alarm,
                "CHANNELS": str(channels),
                "DAYS_METRIC": SINCE_TEST,
                "ENVIRONMENT_NAME": environment_name,
                "NAMESPACE": NAMESPACE,
                "PAGE_METRIC": TEST_PAGE_METRIC,
                "TOPIC": topic,
            },
            statements=self._statements(alarm),
            timeout_seconds=120,
            runs=1,
            log_group=f"/{environment_name}/paging",
            log_retention_days=log_retention_days,
            key=key,
            dead_letters=dead_letters,
        )
        self.rules = []
        for task, schedule, when in (
            (
                RING,
                schedules.ring,
                "On business days: rings the pager until a page of the month arrives",
            ),
            (COUNT, schedules.count, "Each day: how many since the last test page"),
        ):
            rule = f"{name}-{task}"
            self.rules.append(rule_arn(self, rule))
            EventRule(
                self,
                task.title(),
                name=rule,
                description=when,
                schedule=schedule,
                target=function.resource.attr_arn,
                dead_letters=dead_letters,
                messages=[_task(task)],
            )
            lambda_.CfnPermission(
                self,
                f"{task.title()}Invokes",
                action="lambda:InvokeFunction",
                function_name=function.resource.attr_arn,
                principal=EVENTBRIDGE,
                source_arn=self.rules[-1],
            )

    def _statements(self, alarm: str) -> list[iam.PolicyStatement]:
        stack = Stack.of(self)
        return [
            # It knows no resource but a namespace.
            iam.PolicyStatement(
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],
                conditions={"StringEquals": {"cloudwatch:namespace": NAMESPACE}},
            ),
            iam.PolicyStatement(
                actions=["cloudwatch:DescribeAlarmHistory"],
                resources=[f"arn:aws:cloudwatch:{stack.region}:{stack.account}:alarm:{alarm}"],
            ),
            iam.PolicyStatement(actions=["cloudwatch:GetMetricStatistics"], resources=["*"]),
        ]


def _task(task: str) -> events.CfnRule.InputTransformerProperty:
    """Say what to do, and for which time: the same however often EventBridge delivers it."""
    return events.CfnRule.InputTransformerProperty(
        input_paths_map={"time": "$.time"},
        input_template=json.dumps({"task": task, "time": "<time>"}),
    )
