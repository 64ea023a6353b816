"""Rules over CloudTrail's events, and the topic that those who are on call listen to."""

from aws_cdk import Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from runbook.chat_messages import notification
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.deployment_detector.patterns import Guarded, patterns
from runbook_constructs.event_rule import EVENTBRIDGE, EventRule, rule_arn
from runbook_constructs.event_watch.messages import CALL, SAID_OF_CALL, WHO, transformer


class DeploymentDetector(Construct):
    """Whoever takes the gate away, or goes past it, pages (ROVN-MIG-1, ALL-3).

    ``topic`` takes the page; who is subscribed comes with the routes of severities. ``key``
    encrypts it and lets EventBridge send.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        environment_name: str,
        guarded: Guarded,
        key: CustomerKey,
        dead_letters: sqs.Queue,
    ) -> None:
        super().__init__(scope, id_)
        self.topic = sns.Topic(
            self,
            "Topic",
            topic_name=f"{guarded.slug}-security",
            display_name=f"Security of {environment_name}",
            master_key=key,
            enforce_ssl=True,
        )
        self.topic.add_to_resource_policy(_publish(self, self.topic))
        self.rules = []
        for what, pattern in patterns(guarded).items():
            rule = f"{name}-{what}"
            EventRule(
                self,
                what.title().replace("-", ""),
                name=rule,
                description=f"Pages: past the release gate by {what.replace('-', ' ')}",
                pattern=pattern,
                target=self.topic.topic_arn,
                dead_letters=dead_letters,
                messages=[_message(environment_name, what)],
            )
            self.rules.append(rule_arn(self, rule))


def _publish(scope: Construct, topic: sns.Topic) -> iam.PolicyStatement:
    """Let EventBridge publish.

    It tells topics no source, as it tells their key none: a condition that asks for one would
    silence the page. This one holds where none is told, and for this account where one is.
    """
    return iam.PolicyStatement(
        sid="PublishByRules",
        actions=["sns:Publish"],
        principals=[iam.ServicePrincipal(EVENTBRIDGE)],
        resources=[topic.topic_arn],
        conditions={"StringEqualsIfExists": {"aws:SourceAccount": Stack.of(scope).account}},
    )


def _message(environment: str, what: str) -> events.CfnRule.InputTransformerProperty:
    """Write a page that says who did what, and not what else stood in the call."""
    message = notification(
        f"{environment}: past the release gate ({what})",
        SAID_OF_CALL,
        [
            "If nobody announced it: freeze releases",
            "Then find the event in the trail",
        ],
        about=f"detector-{what}",
    )
    return transformer(message, WHO | CALL)
