"""Each severity reaches the pager and the channels that the documents name (ROVN-SEV-1, ALL-7).

What a subscription's address is, is looked at and never told: that of PagerDuty holds a key.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from runbook.alarms.delivery import levels_by_region, slack_channels, topic_arn
from runbook.alarms.severities import Level
from runbook.operations.account import code_of
from runbook.verification.check import checks_that
from runbook.verification.checks.alarm_delivery import MISSING, UNCONFIRMED
from runbook.verification.finding import Inspection
from runbook.verification.live import Live

Json = Any
# Whom SNS sends to by https, by how the host's name ends.
_HOSTS = {"pager": "pagerduty.com", "slack": "sns-api.chatbot.amazonaws.com"}
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
        inspection.breach(where, "there is no such topic", f"make deploy ENV={_name(live)}")
        return
    for channel in level.channels:
        found = [each for each in told if _is_for(channel, each)]
        if not found:
            what = f"{channel} is not subscribed: {level.id} does not reach it"
            # An unchanged template deploys nothing: the old subscription stays gone.
            fix = "raise alerting.pager_generation by one, then make deploy"
            if channel != "pager":
                fix = f"runbook playbook {_name(live)} page-undelivered"
            inspection.breach(where, what, fix)
        elif waiting := _unconfirmed(found):
            what = f"the subscription of {channel} is {waiting}: {level.id} does not reach it"
            fix = "see whether the address is the vendor's, then raise alerting.pager_generation"
            inspection.breach(where, what, fix if channel == "pager" else "remove it and deploy")


def _is_for(channel: str, subscription: Mapping[str, str]) -> bool:
    host = urlsplit(subscription["Endpoint"]).hostname or ""
    wanted = _HOSTS[channel]
    named = host == wanted or host.endswith(f".{wanted}")
    return subscription["Protocol"] == "https" and named


def _unconfirmed(subscriptions: Iterable[Mapping[str, str]]) -> str:
    """Say why none of them is sent anything; empty when one is."""
    states = [each["SubscriptionArn"] for each in subscriptions]
    return "" if any(state not in UNCONFIRMED for state in states) else states[0]


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
        fix = f"make deploy ENV={_name(live)}"
        if found is None:
            inspection.breach(where, "no configuration has this name: it shows nothing", fix)
            continue
        workspace = live.environment.alerting.slack_workspace
        if (found["SlackTeamId"], found["SlackChannelId"]) != (workspace, channel.id):
            inspection.breach(where, "it is another channel than the environment file's", fix)
        if missing := set(channel.topics).difference(found["SnsTopicArns"]):
            names = ", ".join(sorted(missing))
            inspection.breach(where, f"it does not listen to {names}", fix)
        if not _guarded(live, found.get("GuardrailPolicyArns", [])):
            what = "its guardrail is not the declared one: who types there may do more than read"
            inspection.breach(where, what, fix)
        if (state := found.get("State", "ENABLED")) != "ENABLED":
            inspection.breach(where, f"it is {state}: it shows nothing", fix)


def _guarded(live: Live, arns: list[str]) -> bool:
    own = f"arn:aws:iam::{live.environment.account}:policy/{live.environment.slug}-slack-guardrail"
    return arns == [own]


def _name(live: Live) -> str:
    return live.environment.name
