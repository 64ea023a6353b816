"""What an alarm says arrives: alarm, topic, key, subscription, followed on live things (ALL-7).

A topic under a disabled key, a subscription that nobody confirmed, an alarm whose actions are off:
each delivers nothing, and says nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from runbook.alarms.catalogue import metric_alarms_of
from runbook.operations.account import code_of
from runbook.verification.check import checks_that
from runbook.verification.finding import Inspection
from runbook.verification.live import Live

Json = Any
MISSING = ("NotFound", "NotFoundException")
PENDING = "PendingConfirmation"
UNCONFIRMED = (PENDING, "Deleted")


@checks_that("alarm delivery", "ALL-7", "ROVN-SEV-1")
def delivery(live: Live, inspection: Inspection) -> None:
    """Want alarms with actions that are on, and topics that reach somebody."""
    topics = {topic.id for topic in live.of_type("AWS::SNS::Topic")}
    with inspection.guarding("alarms"):
        parts = _parts(live)
        for alarm in _alarms(live):
            inspection.looked += 1
            # A part of a composite tells nobody itself: the composite does.
            if alarm["AlarmName"] not in parts:
                topics |= _of_alarm(alarm, inspection)
    for topic in sorted(topics):
        with inspection.looking_at(f"topic {topic.rpartition(':')[2]}"):
            _of_topic(live, topic, inspection)


def own_alarms(live: Live) -> Callable[[str], bool]:
    """Tell names of the environment's alarms from others: by its stacks, and by how they begin."""
    of_stacks = {
        resource.id
        for type_ in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
        for resource in live.of_type(type_)
    }
    return lambda name: name in of_stacks or name.startswith(f"{live.environment.slug}-")


def _alarms(live: Live) -> Iterator[Mapping[str, Json]]:
    """Yield the alarms of the environment, in every region that it uses."""
    is_own = own_alarms(live)
    for region in live.environment.regions:
        cloudwatch = live.account.client("cloudwatch", region)
        pages = cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        for page in pages:
            for alarm in (*page.get("MetricAlarms", []), *page.get("CompositeAlarms", [])):
                if is_own(alarm["AlarmName"]):
                    yield alarm


def _parts(live: Live) -> frozenset[str]:
    alarms = metric_alarms_of(live.environment)
    return frozenset(alarm.name(live.environment.slug) for alarm in alarms if alarm.part)


def _of_alarm(alarm: Mapping[str, Json], inspection: Inspection) -> set[str]:
    """Judge an alarm itself; returns the topics that it tells."""
    where = f"alarm {alarm['AlarmName']}"
    actions = list(alarm.get("AlarmActions", []))
    if not alarm.get("ActionsEnabled"):
        fix = f"aws cloudwatch enable-alarm-actions --alarm-names {alarm['AlarmName']}"
        inspection.breach(where, "its actions are off: it rings for nobody", fix)
    if not actions:
        inspection.breach(where, "it has no action: it rings for nobody", "set the declared action")
    return {arn for arn in actions if ":sns:" in arn}


def _of_topic(live: Live, arn: str, inspection: Inspection) -> None:
    where, region = f"topic {arn.rpartition(':')[2]}", arn.split(":")[3]
    sns = live.account.client("sns", region)
    try:
        told = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    except ClientError as error:
        if code_of(error) not in MISSING:
            raise
        fix = "make it anew under the same name, or point the alarms at the one that is meant"
        inspection.breach(where, "alarms tell it, and there is no such topic", fix)
        return
    _of_key(live, where, region, told.get("KmsMasterKeyId", ""), inspection)
    subscribed = [
        each
        for page in sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
        for each in page["Subscriptions"]
    ]
    if not subscribed:
        fix = "declare a subscription of the topic; one made by hand is told as drift"
        inspection.breach(where, "nobody is subscribed to it", fix)
    for each in subscribed:
        if each["SubscriptionArn"] in UNCONFIRMED:
            # An address may hold a key, as that of PagerDuty does.
            what = f"a subscription by {each['Protocol']} is {each['SubscriptionArn']}"
            inspection.breach(where, f"{what}: nothing reaches it", "confirm it, or subscribe anew")


def _of_key(live: Live, where: str, region: str, key: str, inspection: Inspection) -> None:
    if not key:
        return  # that it must have one is a rule's matter
    told = live.account.client("kms", region).describe_key(KeyId=key)["KeyMetadata"]
    if told["KeyState"] != "Enabled":
        fix = f"aws kms enable-key --key-id {told['KeyId']}"
        inspection.breach(where, f"its key is {told['KeyState']}: nothing is delivered", fix)
