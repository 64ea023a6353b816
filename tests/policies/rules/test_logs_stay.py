"""logs-stay (ROVN-LOG-1)."""

import pytest

from policies.rules.logs_stay import RULE
from tests.policies.rules.harness import OPEN, Json, Real, template, verdicts

HERE = "arn:aws:logs:us-east-2:111122223333:destination:own"
SHORT = "arn:aws:firehose:us-east-2:111122223333:deliverystream/own"
STRANGE = "arn:aws:logs:us-east-2:999988887777:destination:theirs"
NOT_OURS = "not a place in account 111122223333"


def said(kind: str, **given: object) -> str:
    stream = {"Type": "AWS::Kinesis::Stream"}
    resources = {"Thing": {"Type": kind, "Properties": given}, "Stream": stream}
    return verdicts(RULE, template("platform", resources))["Thing"]


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("AWS::Logs::SubscriptionFilter", "DestinationArn"),
        ("AWS::Logs::Destination", "TargetArn"),
        ("AWS::Logs::DeliveryDestination", "DestinationResourceArn"),
        ("AWS::Logs::Delivery", "DeliveryDestinationArn"),
    ],
)
def test_logs_go_to_the_same_account_alone(kind: str, key: str) -> None:
    assert said(kind, **{key: HERE}) == said(kind, **{key: SHORT}) == "pass"
    assert said(kind, **{key: {"Fn::GetAtt": ["Stream", "Arn"]}}) == "pass"
    assert said(kind, **{key: STRANGE}) == f"{key} is {STRANGE}, {NOT_OURS}"
    assert said(kind, **{key: "elsewhere"}) == f"{key} is elsewhere, {NOT_OURS}"
    assert said(kind) == f"{key} is None, {NOT_OURS}"
    assert said(kind, **{key: OPEN}).startswith(f"{key}: ${{SomeParameter}} is open")


def test_no_account_sends_all_of_its_groups() -> None:
    policy = "AWS::Logs::AccountPolicy"
    assert said(policy, PolicyType="DATA_PROTECTION_POLICY") == "pass"
    assert said(policy, PolicyType="SUBSCRIPTION_FILTER_POLICY") == (
        "it sends every log group of the account on, whatever stands in it"
    )


def test_where_nothing_is_sent_there_is_nothing_to_look_at() -> None:
    found = verdicts(RULE, template("platform", {"Bucket": {"Type": "AWS::S3::Bucket"}}))
    assert found == {None: "rovn/production has nothing that the rule looks at"}


def test_only_this_rule_sees_a_subscription_of_strangers(real: Real) -> None:
    def spoil(body: Json) -> None:
        body["Resources"]["Leak"] = {
            "Type": "AWS::Logs::SubscriptionFilter",
            "Properties": {
                "DestinationArn": STRANGE,
                "FilterPattern": "",
                "LogGroupName": "/ecs/rovn-passport-api",
            },
        }

    assert real.caught("platform", spoil) == {("logs-stay", "Leak")}
