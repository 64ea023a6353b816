"""Each severity reaches the pager and the channels that the documents name (ROVN-SEV-1, ALL-7).

What a subscription's address is, is looked at and never told: that of PagerDuty holds a key.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from runbook.access.principals import Principals
from runbook.alarms.delivery import (
    SlackChannel,
    levels_by_region,
    pager_secret,
    slack_channels,
    topic_arn,
)
from runbook.alarms.severities import Level
from runbook.operations.account import code_of
from runbook.verification.check import checks_that
from runbook.verification.checks.alarm_delivery import MISSING, PENDING, UNCONFIRMED
from runbook.verification.finding import Inspection
from runbook.verification.live import Live

Json = Any
# Whom SNS sends to by https, by how the host's name ends.
_HOSTS = {"pager": "pagerduty.com", "slack": "sns-api.chatbot.amazonaws.com"}
_SLACK_ADDRESS = f"https://global.{_HOSTS['slack']}"
# Its configurations are the account's, whatever region tells of them.
_SLACK_REGION = "us-east-2"


@checks_that("severities", "ROVN-SEV-1", "ALL-7")
def severities(live: Live, inspection: Inspection) -> None:
    """Want a confirmed subscription for each channel of each severity, in every region."""
    for region, levels in levels_by_region(live.environment).items():
        for level in levels:
            where = f"topic {topic_arn(live.environment, region, level.id)}"
            with inspection.looking_at(where):
                _of_level(live, region, level, where, inspection)
    with inspection.looking_at("channels in Slack"):
        _of_slack(live, inspection)


def _of_level(live: Live, region: str, level: Level, where: str, inspection: Inspection) -> None:
    sns = live.account.client("sns", region)
    pages = sns.get_paginator("list_subscriptions_by_topic")
    arn = topic_arn(live.environment, region, level.id)
    try:
        told = [each for page in pages.paginate(TopicArn=arn) for each in page["Subscriptions"]]
    except ClientError as error:
        if code_of(error) not in MISSING:
            raise
        inspection.breach(where, "there is no such topic", _topic_anew(live, region, arn))
        return
    for channel in level.channels:
        found = [each for each in told if _is_for(channel, each)]
        if not found:
            what = f"{channel} is not subscribed: {level.id} does not reach it"
            inspection.breach(where, what, _subscribe_anew(live, channel, region, arn))
        elif waiting := _unconfirmed(found):
            what = f"the subscription of {channel} is {waiting}: {level.id} does not reach it"
            again = _confirm if waiting == PENDING else _subscribe_anew
            inspection.breach(where, what, again(live, channel, region, arn))


def _is_for(channel: str, subscription: Mapping[str, str]) -> bool:
    host = urlsplit(subscription["Endpoint"]).hostname or ""
    wanted = _HOSTS[channel]
    named = host == wanted or host.endswith(f".{wanted}")
    return subscription["Protocol"] == "https" and named


def _unconfirmed(subscriptions: Iterable[Mapping[str, str]]) -> str:
    """Say why none of them is sent anything; empty when one is.

    One that waits comes before one that is gone: a new subscription beside it would be the same.
    """
    states = [each["SubscriptionArn"] for each in subscriptions]
    if any(state not in UNCONFIRMED for state in states):
        return ""
    return PENDING if PENDING in states else states[0]


def _topic_anew(live: Live, region: str, arn: str) -> str:
    """CloudFormation makes no resource again whose template stays as it is."""
    name, key = arn.rpartition(":")[2], f"alias/{live.environment.slug}/alerts"
    made = f"aws sns create-topic --region {region} --name {name}"
    return (
        f"{_deploy(live)} where its stack was never deployed. Where it stands: {made} --attributes "
        f"KmsMasterKeyId={key}, give it its policy (aws sns set-topic-attributes, as the template "
        "has it), then subscribe its channels anew as the next run says"
    )


def _confirm(live: Live, channel: str, region: str, arn: str) -> str:
    """SNS asks once more whoever is subscribed again; a second subscription there is never."""
    address = (
        f"the address in {pager_secret(live.environment)}" if channel == "pager" else _SLACK_ADDRESS
    )
    asked = f"aws sns subscribe --region {region} --topic-arn {arn} --protocol https"
    again = f"{asked} --notification-endpoint with {address} has SNS send the confirmation again"
    if channel != "pager":
        return f"{again}; {_listen(live, arn)}"
    return (
        f"{again}, which PagerDuty answers while the integration stands there; "
        "raise alerting.pager_generation with a new address only (docs/decisions/0038)"
    )


def _subscribe_anew(live: Live, channel: str, region: str, arn: str) -> str:
    """Say how to subscribe where nobody is: nothing is left there that a clean-up could remove."""
    if channel == "pager":
        return (
            f"raise alerting.pager_generation, and {_deploy(live)}; an address that SNS lists as "
            "Deleted it may refuse for 72 hours: runbook rotate another one"
        )
    asked = f"aws sns subscribe --region {region} --topic-arn {arn} --protocol https"
    return f"{asked} --notification-endpoint {_SLACK_ADDRESS}; {_listen(live, arn)}"


def _listen(live: Live, arn: str) -> str:
    """Name the configuration that the topic has to be in for Slack to answer."""
    names = (each.name for each in slack_channels(live.environment) if arn in each.topics)
    return f"the configuration {' and '.join(names)} has to name the topic"


def _deploy(live: Live) -> str:
    return f"make deploy ENV={_name(live)}"


def _of_slack(live: Live, inspection: Inspection) -> None:
    """Want the file's channels, with their topics and a guardrail."""
    chatbot = live.account.client("chatbot", _SLACK_REGION)
    pages = chatbot.get_paginator("describe_slack_channel_configurations").paginate()
    told = {
        each["ConfigurationName"]: each
        for page in pages
        for each in page["SlackChannelConfigurations"]
    }
    for channel in slack_channels(live.environment):
        where, found = f"channel {channel.name}", told.get(channel.name)
        if found is None:
            what = "no configuration has this name: it shows nothing"
            inspection.breach(where, what, _configure(live, channel))
            continue
        for what, fix in _of_channel(live, channel, found):
            inspection.breach(where, what, fix)


def _of_channel(
    live: Live, channel: SlackChannel, found: Mapping[str, Json]
) -> Iterator[tuple[str, str]]:
    """Find what a configuration has otherwise, each with what mends it."""
    if found["SlackTeamId"] != live.environment.alerting.slack_workspace:
        # No update takes another workspace.
        gone = "aws chatbot delete-slack-channel-configuration --chat-configuration-arn"
        anew = f"{gone} {found['ChatConfigurationArn']}, then {_create(live, channel)}"
        yield "it is a channel of another workspace than the environment file's", anew
    update = _update(live, channel, found["ChatConfigurationArn"])
    if found["SlackChannelId"] != channel.id:
        yield "it is another channel than the environment file's", update
    if missing := set(channel.topics).difference(found["SnsTopicArns"]):
        topics = " ".join(channel.topics)
        names = ", ".join(sorted(missing))
        yield f"it does not listen to {names}", f"{update} --sns-topic-arns {topics}"
    if not _guarded(live, found.get("GuardrailPolicyArns", [])):
        what = "its guardrail is not the declared one: who types there may do more than read"
        yield what, f"{update} --guardrail-policy-arns {_guardrail(live)}"
    if (state := found.get("State", "ENABLED")) != "ENABLED":
        why = "see its StateReason, and authorize the workspace again in the console of Amazon Q "
        yield f"it is {state}: it shows nothing", f"{why}Developer in chat applications"


def _configure(live: Live, channel: SlackChannel) -> str:
    created = _create(live, channel)
    return f"{_deploy(live)} where its stack was never deployed. Where it stands: {created}"


def _create(live: Live, channel: SlackChannel) -> str:
    """Under its own name it gets the ARN that CloudFormation knows it by."""
    environment = live.environment
    return (
        f"aws chatbot create-slack-channel-configuration --region {_SLACK_REGION} "
        f"--configuration-name {channel.name} "
        f"--slack-team-id {environment.alerting.slack_workspace} "
        f"--slack-channel-id {channel.id} --iam-role-arn {Principals(environment).slack} "
        f"--guardrail-policy-arns {_guardrail(live)} --logging-level ERROR "
        f"--sns-topic-arns {' '.join(channel.topics)}"
    )


def _update(live: Live, channel: SlackChannel, arn: str) -> str:
    return (
        f"{_deploy(live)} where the environment file has changed. What was changed by hand: "
        f"aws chatbot update-slack-channel-configuration --region {_SLACK_REGION} "
        f"--chat-configuration-arn {arn} --slack-channel-id {channel.id}"
    )


def _guarded(live: Live, arns: list[str]) -> bool:
    return arns == [_guardrail(live)]


def _guardrail(live: Live) -> str:
    return f"arn:aws:iam::{live.environment.account}:policy/{live.environment.slug}-slack-guardrail"


def _name(live: Live) -> str:
    return live.environment.name
