"""key-grants-services (ROVN-ALM-6, ROVN-AUD-1)."""

import pytest

from policies.rules.key_grants_services import RULE
from tests.policies.rules.harness import OPEN, Json, Real, properties, template, verdicts

TOPIC = {"Ref": "Topic"}
HERE = "111122223333"
SENDERS: dict[str, tuple[str, Json]] = {
    "AWS::Backup::BackupVault": ("backup", {"Notifications": {"SNSTopicArn": TOPIC}}),
    "AWS::Budgets::Budget": (
        "budgets",
        {"NotificationsWithSubscribers": [{"Subscribers": [{"Address": TOPIC}]}]},
    ),
    "AWS::CE::AnomalySubscription": ("costalerts", {"Subscribers": [{"Address": TOPIC}]}),
    "AWS::CloudWatch::Alarm": ("cloudwatch", {"AlarmActions": [TOPIC]}),
    "AWS::CloudWatch::CompositeAlarm": ("cloudwatch", {"OKActions": [TOPIC]}),
    "AWS::CodeStarNotifications::NotificationRule": (
        "codestar-notifications",
        {"Targets": [{"TargetAddress": TOPIC}]},
    ),
    "AWS::Events::Rule": ("events", {"Targets": [{"Arn": {"Ref": "Other"}}, {"Arn": TOPIC}]}),
    "AWS::RDS::EventSubscription": ("events.rds", {"SnsTopicArn": TOPIC}),
    "AWS::S3::Bucket": (
        "s3",
        {"NotificationConfiguration": {"TopicConfigurations": [{"Topic": TOPIC}]}},
    ),
}
SENDING = ["kms:Decrypt", "kms:GenerateDataKey*"]


def grant(service: str, actions: object, condition: Json | None = None) -> Json:
    return {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": actions,
        "Resource": "*",
    } | ({"Condition": condition} if condition else {})


def resources(consumer: Json, *statements: Json, key: object = None) -> Json:
    under = {"KmsMasterKeyId": key or {"Ref": "Key"}}
    policy = {"Statement": list(statements)}
    return {
        "Sender": consumer,
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}},
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": under},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": under},
        "Other": {"Type": "AWS::SNS::Topic"},
    }


def said(consumer: Json, *statements: Json, key: object = None) -> str:
    given = resources(consumer, *statements, key=key)
    return verdicts(RULE, template("alarms", given))["Sender"]


@pytest.mark.parametrize("kind", SENDERS)
def test_each_sender_needs_its_grant(kind: str) -> None:
    service, body = SENDERS[kind]
    consumer = {"Type": kind, "Properties": body}
    assert said(consumer, grant(service, SENDING)) == "pass"
    assert said(consumer, grant("others", SENDING)) == (
        f"Key does not let {service}.amazonaws.com call kms:Decrypt, kms:GenerateDataKey for it"
    )
    assert said(consumer, grant(service, "kms:GenerateDataKey")) == (
        f"Key does not let {service}.amazonaws.com call kms:Decrypt for it"
    )


def test_a_subscribed_queue_needs_one_too() -> None:
    consumer = {
        "Type": "AWS::SNS::Subscription",
        "Properties": {"Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]}},
    }
    assert said(consumer, grant("sns", SENDING)) == "pass"
    assert said(consumer).startswith("Key does not let sns.amazonaws.com call")


def alarm(**properties: object) -> Json:
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmActions": [TOPIC], **properties}}


OF_ACCOUNT = {"StringEquals": {"aws:SourceAccount": HERE}}
OF_ALARMS = {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:us-east-2:{HERE}:alarm:*"}}
OF_ONE = {"ArnEquals": {"aws:SourceArn": f"arn:aws:cloudwatch:us-east-2:{HERE}:alarm:cpu"}}


def test_conditions_that_the_call_meets_pass() -> None:
    for condition in (OF_ACCOUNT, OF_ALARMS, OF_ACCOUNT | OF_ALARMS):
        assert said(alarm(), grant("cloudwatch", SENDING, condition)) == "pass"
    assert said(alarm(AlarmName="cpu"), grant("cloudwatch", SENDING, OF_ONE)) == "pass"
    assert said(alarm(AlarmName="disk"), grant("cloudwatch", SENDING, OF_ONE)) != "pass"


def test_eventbridge_carries_no_source() -> None:
    consumer = {"Type": "AWS::Events::Rule", "Properties": SENDERS["AWS::Events::Rule"][1]}
    assert said(consumer, grant("events", SENDING, OF_ACCOUNT)) == (
        "Key does not let events.amazonaws.com call kms:Decrypt, kms:GenerateDataKey for it"
    )


def test_a_key_of_aws_lets_nobody_in() -> None:
    assert said(alarm(), key="alias/aws/sns") == (
        "Topic is under no key of this environment and region: nothing here lets "
        "cloudwatch.amazonaws.com use it"
    )


def test_every_topic_is_looked_at() -> None:
    under_aws = {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": "alias/aws/sns"}}
    given = resources(alarm(AlarmActions=[{"Ref": "Other"}, TOPIC])) | {"Other": under_aws}
    assert verdicts(RULE, template("alarms", given))["Sender"] == (
        "Other is under no key of this environment and region: nothing here lets "
        "cloudwatch.amazonaws.com use it; Key does not let cloudwatch.amazonaws.com call "
        "kms:Decrypt, kms:GenerateDataKey for it"
    )


TRAIL = f"arn:aws:cloudtrail:us-east-2:{HERE}:trail/records"
CONTEXT = "kms:EncryptionContext:aws:cloudtrail:arn"


def trail() -> Json:
    return {
        "Type": "AWS::CloudTrail::Trail",
        "Properties": {"TrailName": "records", "KMSKeyId": {"Fn::GetAtt": ["Key", "Arn"]}},
    }


def test_a_trail_needs_to_encrypt_and_to_describe() -> None:
    source = {"StringEquals": {"aws:SourceArn": TRAIL}}
    encrypt = grant(
        "cloudtrail",
        "kms:GenerateDataKey*",
        {"StringEquals": {"aws:SourceArn": TRAIL}, "StringLike": {CONTEXT: f"{TRAIL[:-2]}*"}},
    )
    describe = grant("cloudtrail", "kms:DescribeKey", source)
    assert said(trail(), encrypt, describe) == "pass"
    assert said(trail(), describe) == (
        "Key does not let cloudtrail.amazonaws.com call kms:GenerateDataKey for it"
    )
    assert said(trail(), encrypt) == (
        "Key does not let cloudtrail.amazonaws.com call kms:DescribeKey for it"
    )


def test_an_open_value_fails() -> None:
    assert "${SomeParameter} is open" in said(alarm(AlarmActions=[OPEN]))
    assert "${SomeParameter} is open" in said(alarm(), key=OPEN)
    assert "${SomeParameter} is open" in said(alarm(), grant("cloudwatch", OPEN))


def test_who_sends_under_no_key_is_not_looked_at() -> None:
    assert said(alarm(AlarmActions=[{"Ref": "Other"}])) == "not_applicable"
    assert said(alarm(AlarmActions=[])) == "not_applicable"


def test_only_this_rule_sees_a_trail_that_cannot_write(real: Real) -> None:
    def spoil(body: Json) -> None:
        statements = properties(body, "AWS::KMS::Key", "TrailKey")["KeyPolicy"]["Statement"]
        (encrypt,) = (s for s in statements if s.get("Sid") == "EncryptTrail")
        encrypt["Condition"]["StringEquals"]["aws:SourceArn"] += "-old"

    assert real.caught("audit", spoil) == {("key-grants-services", "AuditTrail")}
