"""Topics of severities: who may publish to them, and the pager that is subscribed."""

from collections.abc import Sequence, Set
from typing import Any

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from runbook.alarms.paging import topic
from runbook.alarms.severities import Level
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.event_rule import EVENTBRIDGE

# SNS gives up after an hour at the latest: 3 at once, 2 after 5 s each, then up to a minute apart.
RETRIES = {
    "minDelayTarget": 5,
    "maxDelayTarget": 60,
    "numRetries": 45,
    "numNoDelayRetries": 3,
    "numMinDelayRetries": 2,
    "numMaxDelayRetries": 20,
    "backoffFunction": "exponential",
}


class AlertTopics(Construct):
    """A topic for each of ``levels``, encrypted under ``key`` and open to its publishers alone.

    CloudWatch's alarms of the environment called ``slug`` publish to every one, Budgets to the
    levels in ``budgets``, EventBridge to those that ``allow_rules`` names. A level with a pager is
    subscribed with ``pager``, a dynamic reference to its address. CloudFormation reads it once:
    ``generation`` is in the subscription's logical id, so raising it subscribes anew. Pages that
    were not taken wait in ``dead_letters``, the name of a queue.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        slug: str,
        environment_name: str,
        levels: Sequence[Level],
        key: CustomerKey,
        pager: str,
        generation: int,
        dead_letters: str,
        budgets: Set[str] = frozenset(),
    ) -> None:
        super().__init__(scope, id_)
        self._slug, self._key, self._ruled = slug, key, set[str]()
        key.allow_alarms(f"{slug}-")
        if budgets:
            key.allow_budgets()
        self.topics = {}
        for level in levels:
            made = sns.Topic(
                self,
                level.id.title().replace("-", ""),
                topic_name=topic(slug, level.id),
                display_name=f"{level.title} of {environment_name}",
                master_key=key,
                enforce_ssl=True,
            )
            made.add_to_resource_policy(self._by_alarms(made))
            if level.id in budgets:
                made.add_to_resource_policy(self._by_budgets(made))
            self.topics[level.id] = made
        paged = [level.id for level in levels if "pager" in level.channels]
        if paged:
            queue = self._undelivered(dead_letters, paged)
            for each in paged:
                self._subscribe(self.topics[each], pager, generation, queue)

    def allow_rules(self, *levels: str) -> None:
        """Let EventBridge publish to these levels; only where a rule sends is it let in."""
        if not self._ruled:
            self._key.allow_events()
        for level in levels:
            if level not in self._ruled:
                made = self.topics[level]
                made.add_to_resource_policy(self._by_rules(made))
            self._ruled.add(level)

    def _by_alarms(self, to: sns.Topic) -> iam.PolicyStatement:
        """Let the environment's alarms publish: CloudWatch tells account and alarm."""
        stack = Stack.of(self)
        arns = f"arn:aws:cloudwatch:{stack.region}:{stack.account}:alarm:{self._slug}-*"
        return _publish(
            "PublishByAlarms",
            "cloudwatch.amazonaws.com",
            to,
            {
                "StringEquals": {"aws:SourceAccount": stack.account},
                "ArnLike": {"aws:SourceArn": arns},
            },
        )

    def _by_rules(self, to: sns.Topic) -> iam.PolicyStatement:
        """Let EventBridge publish, which tells topics no source (deployment_detector)."""
        account = Stack.of(self).account
        only = {"StringEqualsIfExists": {"aws:SourceAccount": account}}
        return _publish("PublishByRules", EVENTBRIDGE, to, only)

    def _by_budgets(self, to: sns.Topic) -> iam.PolicyStatement:
        """Let the account's budgets publish, as AWS writes it: they have no region."""
        account = Stack.of(self).account
        return _publish(
            "PublishByBudgets",
            "budgets.amazonaws.com",
            to,
            {
                "StringEquals": {"aws:SourceAccount": account},
                "ArnLike": {"aws:SourceArn": f"arn:aws:budgets::{account}:*"},
            },
        )

    def _undelivered(self, name: str, levels: Sequence[str]) -> sqs.Queue:
        stack = Stack.of(self)
        # By name: the topics are under the key, which cannot wait for them.
        named = [topic(self._slug, level) for level in levels]
        arns = [f"arn:aws:sns:{stack.region}:{stack.account}:{each}" for each in named]
        self._key.allow_topics(arns)
        queue = sqs.Queue(
            self,
            "DeadLetters",
            queue_name=name,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=self._key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            # A create that is rolled back must free the name for the next try.
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        queue.add_to_resource_policy(
            iam.PolicyStatement(
                sid="SendByTopics",
                actions=["sqs:SendMessage"],
                principals=[iam.ServicePrincipal("sns.amazonaws.com")],
                resources=[queue.queue_arn],
                conditions={"ArnEquals": {"aws:SourceArn": arns}},
            )
        )
        return queue

    def _subscribe(self, to: sns.Topic, pager: str, generation: int, queue: sqs.Queue) -> None:
        sns.CfnSubscription(
            to,
            f"Pager{generation}",
            topic_arn=to.topic_arn,
            protocol="https",
            endpoint=pager,
            # The pager reads SNS's envelope: its subject says whether the alarm rings or ends.
            raw_message_delivery=False,
            delivery_policy={"healthyRetryPolicy": dict(RETRIES)},
            redrive_policy={"deadLetterTargetArn": queue.queue_arn},
        )


def _publish(
    sid: str, service: str, to: sns.Topic, conditions: dict[str, Any]
) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid=sid,
        actions=["sns:Publish"],
        principals=[iam.ServicePrincipal(service)],
        resources=[to.topic_arn],
        conditions=conditions,
    )
