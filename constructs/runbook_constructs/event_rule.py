"""An EventBridge rule and its one target, with somewhere for what could not be delivered."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

# EventBridge's own limits: for the pattern of a rule, and for its targets.
LONGEST_PATTERN, MOST_TARGETS = 2048, 5
EVENTBRIDGE = "events.amazonaws.com"


class EventRule(events.CfnRule):
    """A rule by ``pattern`` or ``schedule`` that sends to ``target``, for a day, then gives up.

    What it gives up waits in ``dead_letters``. Its name is physical: policies of queues, topics and
    keys name it before it exists. ``messages`` are sent instead of the event, each by itself;
    ``role_arn`` is who sends, where the target asks for a role.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        description: str,
        target: str,
        dead_letters: sqs.IQueue,
        pattern: Mapping[str, Any] | None = None,
        schedule: str | None = None,
        messages: Sequence[events.CfnRule.InputTransformerProperty | None] = (None,),
        role_arn: str | None = None,
    ) -> None:
        if len(messages) > MOST_TARGETS:
            raise ValueError(f"{name} sends {len(messages)} messages, a rule {MOST_TARGETS}")
        if pattern and len(json.dumps(pattern, separators=(",", ":"))) > LONGEST_PATTERN:
            raise ValueError(f"the pattern of {name} is longer than EventBridge takes")
        super().__init__(
            scope,
            id_,
            name=name,
            description=description,
            event_pattern=pattern,
            schedule_expression=schedule,
            state="ENABLED",
            targets=[
                events.CfnRule.TargetProperty(
                    id=f"target-{number}" if number else "target",
                    arn=target,
                    role_arn=role_arn,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(
                        arn=dead_letters.queue_arn
                    ),
                    input_transformer=message,
                    retry_policy=events.CfnRule.RetryPolicyProperty(
                        maximum_event_age_in_seconds=86_400, maximum_retry_attempts=185
                    ),
                )
                for number, message in enumerate(messages)
            ],
        )


def rule_arn(scope: Construct, name: str) -> str:
    """Write the ARN of a rule of this stack's region on the default bus."""
    stack = Stack.of(scope)
    return f"arn:aws:events:{stack.region}:{stack.account}:rule/{name}"


def let_in(queue: sqs.Queue, rules: list[str]) -> None:
    """Let these rules, by their ARNs, send to the queue."""
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            sid="SendByRules",
            actions=["sqs:SendMessage"],
            principals=[iam.ServicePrincipal(EVENTBRIDGE)],
            resources=[queue.queue_arn],
            conditions={"ArnEquals": {"aws:SourceArn": rules}},
        )
    )
