"""A channel in Slack that shows what topics say, and from which nobody can do anything."""

from collections.abc import Sequence

from aws_cdk import aws_chatbot as chatbot
from aws_cdk import aws_iam as iam
from constructs import Construct

from runbook.alarms.delivery import SlackChannel

CHATBOT = "chatbot.amazonaws.com"
# What a message about an alarm is drawn from. CloudWatch tells of composite alarms to nobody whose
# right is narrower than everything; a graph knows no resource.
READS = ("cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "cloudwatch:GetMetricWidgetImage")


class SlackChannels(Construct):
    """Configurations of channels in ``workspace``, with one role and one guardrail for all.

    What somebody may do from Slack is what both allow, and both are one policy that reads alarms
    and their graphs. Without a guardrail AWS takes AdministratorAccess.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        role_name: str,
        policy_name: str,
        workspace: str,
        channels: Sequence[SlackChannel],
    ) -> None:
        super().__init__(scope, id_)
        role = iam.Role(
            self,
            "Role",
            role_name=role_name,
            description="Draws what alarms say in Slack",
            assumed_by=iam.ServicePrincipal(CHATBOT),
        )
        guardrail = iam.ManagedPolicy(
            self,
            "Guardrail",
            managed_policy_name=policy_name,
            description="The most that anybody can do from a channel in Slack",
            roles=[role],
            statements=[iam.PolicyStatement(actions=list(READS), resources=["*"])],
        )
        for channel in channels:
            chatbot.CfnSlackChannelConfiguration(
                self,
                channel.name.rpartition("-")[2].title(),
                configuration_name=channel.name,
                slack_workspace_id=workspace,
                slack_channel_id=channel.id,
                iam_role_arn=role.role_arn,
                guardrail_policies=[guardrail.managed_policy_arn],
                sns_topic_arns=list(channel.topics),
                # Messages that it cannot show leave no other trace.
                logging_level="ERROR",
                # Whoever is in the channel has the channel's role, which can read graphs.
                user_role_required=False,
            )
