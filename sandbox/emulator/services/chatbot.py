"""Amazon Q Developer in chat applications: channels of Slack, which neither emulator has.

Such a configuration subscribes itself to its topics; nobody is on the other side of it.
"""

from __future__ import annotations

import json
from typing import Any

from sandbox.emulator.client import client
from sandbox.emulator.own_calls import Caller, Members, RefusedError, answers
from sandbox.emulator.resource_types import ADDED, AddedType, Created, Properties

# Where its subscriptions go, in every region.
ENDPOINT = "https://global.sns-api.chatbot.amazonaws.com"
# By property of a template: the member of the API.
SPELLED = {
    "ConfigurationName": "ConfigurationName",
    "GuardrailPolicies": "GuardrailPolicyArns",
    "IamRoleArn": "IamRoleArn",
    "LoggingLevel": "LoggingLevel",
    "SlackChannelId": "SlackChannelId",
    "SlackWorkspaceId": "SlackTeamId",
    "SnsTopicArns": "SnsTopicArns",
    "UserRoleRequired": "UserAuthorizationRequired",
}
REPLACING = ("ConfigurationName", "SlackWorkspaceId")

# By their ARN: configurations and tags, of all accounts.
CHANNELS: dict[str, Members] = {}
TAGS: dict[str, dict[str, str]] = {}


# --- AWS::Chatbot::SlackChannelConfiguration ---


def _members(properties: Properties) -> dict[str, Any]:
    unknown = properties.keys() - SPELLED.keys() - {"Tags"}
    if unknown:
        raise ValueError(f"this sandbox does not know {', '.join(sorted(unknown))} of a channel")
    members = {SPELLED[name]: value for name, value in properties.items() if name in SPELLED}
    if "UserAuthorizationRequired" in members:
        required = str(members["UserAuthorizationRequired"]).lower() == "true"
        members["UserAuthorizationRequired"] = required
    return members


def create_channel(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Create the configuration; Ref gives its ARN."""
    tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in properties.get("Tags", [])]
    made = client("chatbot").create_slack_channel_configuration(**_members(properties), Tags=tags)
    arn = made["ChannelConfiguration"]["ChatConfigurationArn"]
    _listen(arn, [], properties.get("SnsTopicArns", []))
    return arn, {"Arn": arn}


def update_channel(
    arn: str, old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Change it in place; of another name or workspace it is another one."""
    if any(old.get(name) != new.get(name) for name in REPLACING):
        return create_channel(logical_id, new, stack)
    chatbot = client("chatbot")
    changed = {
        k: v for k, v in _members(new).items() if k not in ("ConfigurationName", "SlackTeamId")
    }
    chatbot.update_slack_channel_configuration(ChatConfigurationArn=arn, **changed)
    _listen(arn, old.get("SnsTopicArns", []), new.get("SnsTopicArns", []))
    kept = {tag["Key"]: tag["Value"] for tag in new.get("Tags", [])}
    dropped = [tag["Key"] for tag in old.get("Tags", []) if tag["Key"] not in kept]
    if dropped:
        chatbot.untag_resource(ResourceARN=arn, TagKeys=dropped)
    if kept:
        tags = [{"TagKey": key, "TagValue": value} for key, value in kept.items()]
        chatbot.tag_resource(ResourceARN=arn, Tags=tags)
    return arn, {"Arn": arn}


def delete_channel(arn: str, properties: Properties) -> None:
    """Delete it, and let it listen to nothing."""
    client("chatbot").delete_slack_channel_configuration(ChatConfigurationArn=arn)
    _listen(arn, properties.get("SnsTopicArns", []), [])


ADDED["AWS::Chatbot::SlackChannelConfiguration"] = AddedType(
    create_channel, update_channel, delete_channel
)


def _listen(arn: str, old: list[str], new: list[str]) -> None:
    """Subscribe to topics, of any region, and leave those to which no configuration listens."""
    for topic in set(new) - set(old):
        client("sns", topic.split(":")[3]).subscribe(
            TopicArn=topic, Protocol="https", Endpoint=ENDPOINT
        )
    others = {
        topic
        for other, channel in CHANNELS.items()
        if other != arn
        for topic in channel["SnsTopicArns"]
    }
    for topic in set(old) - set(new) - others:
        sns = client("sns", topic.split(":")[3])
        for each in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]:
            if each["Endpoint"] == ENDPOINT:
                sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])


# --- Its calls ---


@answers("chatbot", "create-slack-channel-configuration")
def create(caller: Caller, request: Members) -> Members:
    """Keep a new configuration; names are unique in an account."""
    name = request["ConfigurationName"]
    arn = f"arn:aws:chatbot::{caller.account}:chat-configuration/slack-channel/{name}"
    if arn in CHANNELS:
        raise RefusedError("ConflictException", f"{name} already exists")
    TAGS[arn] = {tag["TagKey"]: tag["TagValue"] for tag in request.get("Tags", [])}
    kept = {name: value for name, value in request.items() if name != "Tags"}
    # AWS's own policy stands where nobody gives a guardrail.
    default = {
        "GuardrailPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"],
        "LoggingLevel": "NONE",
        "SnsTopicArns": [],
        "UserAuthorizationRequired": False,
    }
    CHANNELS[arn] = default | kept | {"ChatConfigurationArn": arn, "State": "ENABLED"}
    return {"ChannelConfiguration": CHANNELS[arn]}


@answers("chatbot", "update-slack-channel-configuration")
def update(_caller: Caller, request: Members) -> Members:
    """Change what the request gives, and leave the rest."""
    channel = CHANNELS[_found(request, "ChatConfigurationArn")]
    channel.update(request)
    return {"ChannelConfiguration": channel}


@answers("chatbot", "delete-slack-channel-configuration")
def delete(_caller: Caller, request: Members) -> Members:
    """Forget a configuration and its tags."""
    arn = _found(request, "ChatConfigurationArn")
    del CHANNELS[arn], TAGS[arn]
    return {}


@answers("chatbot", "describe-slack-channel-configurations")
def describe(caller: Caller, request: Members) -> Members:
    """Tell one configuration, or all of the account."""
    if request.get("ChatConfigurationArn"):
        found = [CHANNELS[_found(request, "ChatConfigurationArn")]]
    else:
        own = f"arn:aws:chatbot::{caller.account}:"
        found = [channel for arn, channel in CHANNELS.items() if arn.startswith(own)]
    return {"SlackChannelConfigurations": found}


@answers("chatbot", "list-tags-for-resource")
def list_tags(_caller: Caller, request: Members) -> Members:
    """Tell the tags."""
    tags = TAGS[_found(request, "ResourceARN")]
    return {"Tags": [{"TagKey": key, "TagValue": value} for key, value in tags.items()]}


@answers("chatbot", "tag-resource")
def tag(_caller: Caller, request: Members) -> Members:
    """Add tags."""
    added = {tag["TagKey"]: tag["TagValue"] for tag in request["Tags"]}
    TAGS[_found(request, "ResourceARN")].update(added)
    return {}


@answers("chatbot", "untag-resource")
def untag(_caller: Caller, request: Members) -> Members:
    """Remove tags."""
    for key in request["TagKeys"]:
        TAGS[_found(request, "ResourceARN")].pop(key, None)
    return {}


def _found(request: Members, member: str) -> str:
    arn: str = request[member]
    if arn not in CHANNELS:
        raise RefusedError("ResourceNotFoundException", f"there is no {arn}")
    return arn


def listening(topic: str) -> list[str]:
    """List the channels, by their ids in Slack, that a topic's messages are shown in."""
    return [each["SlackChannelId"] for each in CHANNELS.values() if topic in each["SnsTopicArns"]]


def topic_of(payload: str) -> str:
    """Return the topic that a message over HTTPS comes from."""
    return str(json.loads(payload)["TopicArn"])
