"""What services need of our keys when they act as themselves, as data.

A service that a key refuses says nothing to anybody: the alarm is not sent, the log file is
not written.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.lookups.references import find, reference
from policies.templates.scope import Resource
from policies.templates.values import known

# What takes messages, under the key of its property KmsMasterKeyId.
MAILBOXES = ("AWS::SNS::Topic", "AWS::SQS::Queue")
_SENDING = ("kms:Decrypt", "kms:GenerateDataKey")


@dataclass(frozen=True)
class Sender:
    """A type of resource that sends to topics or queues: where it names them, and who sends.

    ``arn`` is what the call carries as ``aws:SourceArn``, with the property ``name`` in it;
    without, a condition on source or account refuses the call.
    """

    principal: str
    to: tuple[str, ...]
    arn: str = ""
    name: str = ""


_ACTIONS = ("AlarmActions.*", "InsufficientDataActions.*", "OKActions.*")
_ALARM = Sender(
    "cloudwatch.amazonaws.com",
    _ACTIONS,
    arn="arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
    name="AlarmName",
)
SENDERS: Mapping[str, Sender] = {
    "AWS::Backup::BackupVault": Sender("backup.amazonaws.com", ("Notifications.SNSTopicArn",)),
    "AWS::Budgets::Budget": Sender(
        "budgets.amazonaws.com",
        ("NotificationsWithSubscribers.*.Subscribers.*.Address",),
        arn="arn:aws:budgets::{account}:budget/{name}",
        name="Budget.BudgetName",
    ),
    "AWS::CE::AnomalySubscription": Sender("costalerts.amazonaws.com", ("Subscribers.*.Address",)),
    "AWS::CloudWatch::Alarm": _ALARM,
    "AWS::CloudWatch::CompositeAlarm": _ALARM,
    "AWS::CodeStarNotifications::NotificationRule": Sender(
        "codestar-notifications.amazonaws.com", ("Targets.*.TargetAddress",)
    ),
    "AWS::Events::Rule": Sender("events.amazonaws.com", ("Targets.*.Arn",)),
    "AWS::RDS::EventSubscription": Sender("events.rds.amazonaws.com", ("SnsTopicArn",)),
    "AWS::S3::Bucket": Sender(
        "s3.amazonaws.com",
        (
            "NotificationConfiguration.QueueConfigurations.*.Queue",
            "NotificationConfiguration.TopicConfigurations.*.Topic",
        ),
    ),
    "AWS::SNS::Subscription": Sender("sns.amazonaws.com", ("Endpoint",)),
}
TRAIL = "AWS::CloudTrail::Trail"
_TRAIL_ARN = "arn:aws:cloudtrail:{region}:{account}:trail/{name}"
_TRAIL_CONTEXT = "kms:EncryptionContext:aws:cloudtrail:arn"


@dataclass(frozen=True)
class Use:
    """One use of one key: ``wanted`` maps each action to the condition keys of the call.

    ``key`` is what the property says that names the key of ``holder``.
    """

    holder: Resource
    key: Any
    principal: str
    wanted: Mapping[str, Mapping[str, str]]


def uses(consumer: Resource) -> Iterator[Use]:
    """List the uses of keys that a resource makes as a service of its own."""
    if consumer.type == TRAIL:
        yield from _of_trail(consumer)
    sender = SENDERS.get(consumer.type)
    if sender is None:
        return
    carried = carried_by(consumer, sender.arn, sender.name) if sender.arn else {}
    for path in sender.to:
        for value in values_at(consumer.properties, path.split(".")):
            mailbox = find(value, consumer.stack.scope, *MAILBOXES)
            key = mailbox.at("KmsMasterKeyId") if mailbox else None
            if mailbox and key is not None:
                yield Use(mailbox, key, sender.principal, dict.fromkeys(_SENDING, carried))


def _of_trail(trail: Resource) -> Iterator[Use]:
    key = trail.at("KMSKeyId")
    if key is None:
        return
    carried = carried_by(trail, _TRAIL_ARN, "TrailName")
    wanted = {
        "kms:DescribeKey": carried,
        "kms:GenerateDataKey": {**carried, _TRAIL_CONTEXT: carried["aws:SourceArn"]},
    }
    yield Use(trail, key, "cloudtrail.amazonaws.com", wanted)


def carried_by(consumer: Resource, arn: str, name: str) -> dict[str, str]:
    """Give the condition keys that a call for ``consumer`` carries, as its ``Sender`` says."""
    account, region = (
        known(consumer.stack.ref(f"AWS::{what}")) for what in ("AccountId", "Region")
    )
    called = consumer.at(name, reference(consumer))
    source = arn.format(account=account, region=region, name=called)
    return {"aws:SourceAccount": account, "aws:SourceArn": source}


def values_at(value: Any, steps: list[str]) -> Iterator[Any]:  # noqa: ANN401 - JSON is any value
    """Give all values at a path; ``*`` stands for every item of a list."""
    value = known(value)
    if not steps:
        yield value
    elif steps[0] == "*" and isinstance(value, list):
        for item in value:
            yield from values_at(item, steps[1:])
    elif isinstance(value, dict) and steps[0] in value:
        yield from values_at(value[steps[0]], steps[1:])
