"""How people learn that a release waits for their approval (ROVN-DEP-8)."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from runbook_constructs.customer_key import CustomerKey


class Approvals(Construct):
    """An encrypted topic that the pipelines publish to, over TLS only.

    ``policy`` names its ``publisher``, a role's ARN: SNS refuses it before that role is there.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        topic_name: str,
        publisher: str,
        key: CustomerKey,
    ) -> None:
        super().__init__(scope, id_)
        stack = Stack.of(self)
        self.topic_arn = f"arn:aws:sns:{stack.region}:{stack.account}:{topic_name}"
        topic = sns.CfnTopic(self, "Topic", topic_name=topic_name, kms_master_key_id=key.key_arn)
        self.policy = sns.CfnTopicPolicy(
            self,
            "TopicPolicy",
            topics=[topic.ref],
            policy_document=iam.PolicyDocument(
                statements=[
                    iam.PolicyStatement(
                        sid="Publish",
                        actions=["sns:Publish"],
                        principals=[iam.ArnPrincipal(publisher)],
                        resources=[self.topic_arn],
                    ),
                    iam.PolicyStatement(
                        sid="DenyPlainHttp",
                        effect=iam.Effect.DENY,
                        actions=["sns:Publish"],
                        principals=[iam.AnyPrincipal()],
                        resources=[self.topic_arn],
                        conditions={"Bool": {"aws:SecureTransport": "false"}},
                    ),
                ]
            ),
        )
