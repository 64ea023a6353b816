"""Amazon Q Developer in chat applications, formerly AWS Chatbot."""

from __future__ import annotations

from runbook.deployed.description import (
    Description,
    NotThereError,
    Part,
    Resource,
    describes,
    present,
    selected,
)
from runbook.deployed.secret_text import SecretText

# Who is subscribed to a topic that a channel listens to; as every address on the network, never
# told.
ENDPOINT = "https://global.sns-api.chatbot.amazonaws.com"


@describes("AWS::Chatbot::SlackChannelConfiguration")
def slack_channel(resource: Resource) -> Description:
    """Read a channel, what it listens to, and the most that can be done from it."""
    chatbot, arn = resource.client("chatbot"), resource.physical_id
    found = chatbot.describe_slack_channel_configurations(ChatConfigurationArn=arn)
    if not found.get("SlackChannelConfigurations"):
        raise NotThereError(f"no channel {arn}")
    [live] = found["SlackChannelConfigurations"]
    tags = chatbot.list_tags_for_resource(ResourceARN=arn).get("Tags", [])
    properties = {
        **selected(
            live,
            "ConfigurationName",
            "IamRoleArn",
            "LoggingLevel",
            "SlackChannelId",
            "SnsTopicArns",
        ),
        "GuardrailPolicies": live.get("GuardrailPolicyArns"),
        "SlackWorkspaceId": live.get("SlackTeamId"),
        "Tags": [{"Key": tag["TagKey"], "Value": tag["TagValue"]} for tag in tags],
        "UserRoleRequired": live.get("UserAuthorizationRequired"),
    }
    subscribed = {"Endpoint": SecretText.of(ENDPOINT), "Protocol": "https"}
    return Description(
        present(properties),
        {"Arn": arn},
        unordered=frozenset({"GuardrailPolicies", "SnsTopicArns"}),
        closed=frozenset({"GuardrailPolicies", "SnsTopicArns"}),
        parts=[
            Part("AWS::SNS::Topic", topic, "Subscription", subscribed)
            for topic in live.get("SnsTopicArns", [])
        ],
    )
