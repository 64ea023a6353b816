"""Alarms and all that tells of them: deployed complete, changed, and each change found."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from runbook.deployed.comparison import compare
from runbook.deployed.difference import Difference
from runbook.deployed.known_differences import UNTOLD, judge, load
from sandbox.endpoint import Endpoint
from tests.sandbox.templates.watch import ADDRESS, EDGE, SUPPLIED, WATCH, changed
from tests.sandbox.test_emulated_stacks import Stack, endpoint

__all__ = ["endpoint"]  # the fixture: an emulator of this module's own

pytestmark = pytest.mark.sandbox

Place = tuple[str, str]
PAGER = "https://events.example.com/integration/0123456789abcdef/enqueue"


def differences(stack: Stack) -> list[Difference]:
    """Compare, but for what AWS tells nobody."""
    return list(judge(compare([(stack.deployed(), False)]), load(UNTOLD)).failures)


def found(stack: Stack) -> set[Place]:
    return {(each.resource, each.property.partition(".")[0]) for each in differences(stack)}


def told(of: list[Difference]) -> str:
    return "\n".join(str(each) for each in of)


@pytest.fixture(scope="module")
def supplied(endpoint: Endpoint) -> Stack:
    """Supply an address, as an operator does, after the secret is there."""
    made = Stack(endpoint, "supplied")
    assert not made.deploy(SUPPLIED)
    endpoint.client("secretsmanager").put_secret_value(SecretId=ADDRESS, SecretString=PAGER)
    return made


@pytest.fixture(scope="module")
def stack(endpoint: Endpoint, supplied: Stack) -> Stack:
    made = Stack(endpoint, "watch")
    made.deploy(WATCH)
    assert not differences(made), told(differences(made))
    return made


def test_a_copy_of_a_secret_is_read_where_it_is(endpoint: Endpoint, supplied: Stack) -> None:
    elsewhere = Endpoint(endpoint.url, endpoint.account, "us-east-1")
    made = Stack(elsewhere, "edge")
    assert not made.deploy(EDGE)
    attributes = elsewhere.client("sns").get_subscription_attributes(
        SubscriptionArn=made.physical_id("Pager")
    )["Attributes"]
    assert attributes["Endpoint"] == PAGER
    assert attributes["PendingConfirmation"] == "false"
    del supplied
    made.delete()


def other_metrics(stack: Stack) -> None:
    cloudwatch = stack.endpoint.client("cloudwatch")
    [live] = cloudwatch.describe_alarms(AlarmNames=["some-fast"])["MetricAlarms"]
    live["Metrics"][2]["Expression"] = "errors / calls"
    kept = WATCH["Resources"]["Fast"]["Properties"].keys()
    cloudwatch.put_metric_alarm(**{name: live[name] for name in kept if name in live})


def other_rule(stack: Stack) -> None:
    stack.endpoint.client("cloudwatch").put_composite_alarm(
        AlarmName="some-burn", AlarmRule='ALARM("some-fast")', ActionsEnabled=False
    )


def other_window(stack: Stack) -> None:
    stack.endpoint.client("cloudwatch").put_alarm_mute_rule(
        Name="some-night",
        Description="outside business hours",
        Rule={"Schedule": {"Duration": "P15D", "Expression": "cron(0 17 * * *)"}},
        MuteTargets={"AlarmNames": ["some-errors"]},
        ExpireDate=datetime(2030, 1, 1, tzinfo=UTC),
    )


def other_dashboard(stack: Stack) -> None:
    body = json.dumps({"widgets": [{"type": "alarm"}]})
    stack.endpoint.client("cloudwatch").put_dashboard(
        DashboardName="some-overview", DashboardBody=body
    )


def no_letters(stack: Stack) -> None:
    stack.endpoint.client("sns").set_subscription_attributes(
        SubscriptionArn=stack.physical_id("Pager"),
        AttributeName="RedrivePolicy",
        AttributeValue="",
    )


def somebody_listens(stack: Stack) -> None:
    stack.endpoint.client("sns").subscribe(
        TopicArn=stack.physical_id("Topic"),
        Protocol="https",
        Endpoint="https://elsewhere.example.com/0123456789abcdef",
    )


def other_check(stack: Stack) -> None:
    stack.endpoint.client("route53").update_health_check(
        HealthCheckId=stack.physical_id("Check"), Disabled=True
    )


def other_budget(stack: Stack) -> None:
    stack.endpoint.client("budgets").create_notification(
        AccountId=stack.endpoint.account,
        BudgetName="some-budget",
        Notification={
            "ComparisonOperator": "GREATER_THAN",
            "NotificationType": "FORECASTED",
            "Threshold": 100,
        },
        Subscribers=[{"SubscriptionType": "EMAIL", "Address": "a@example.org"}],
    )


def no_guardrail(stack: Stack) -> None:
    everything = "arn:aws:iam::aws:policy/AdministratorAccess"
    stack.endpoint.client("chatbot").update_slack_channel_configuration(
        ChatConfigurationArn=stack.physical_id("Channel"),
        SlackChannelId="C0000000000",
        GuardrailPolicyArns=[everything],
    )


def other_filter(stack: Stack) -> None:
    transformation = {"metricName": "Errors", "metricNamespace": "Some", "metricValue": "2"}
    stack.endpoint.client("logs").put_metric_filter(
        logGroupName="/some",
        filterName="errors",
        filterPattern="",
        metricTransformations=[transformation],
    )


Change = Callable[[Stack], object]
CHANGES: list[tuple[Change, set[Place]]] = [
    (other_metrics, {("Fast", "Metrics[2]")}),
    (
        other_rule,
        {
            *(("Burn", name) for name in ("ActionsEnabled", "AlarmActions", "AlarmDescription")),
            *(("Burn", name) for name in ("AlarmRule", "OKActions")),
        },
    ),
    (other_window, {("Night", name) for name in ("ExpireDate", "MuteTargets", "Rule")}),
    (other_dashboard, {("Overview", "DashboardBody")}),
    (no_letters, {("Pager", "RedrivePolicy")}),
    (somebody_listens, {("Topic", "Subscription")}),
    (other_check, {("Check", "HealthCheckConfig")}),
    (other_budget, {("Budget", "NotificationsWithSubscribers")}),
    (no_guardrail, {("Channel", "GuardrailPolicies"), ("Channel", "SlackChannelId")}),
    (other_filter, {("Filter", "FilterPattern"), ("Filter", "MetricTransformations[0]")}),
]


@pytest.mark.parametrize(
    ("change", "expected"), CHANGES, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_change_behind_the_stacks_back_is_found(
    stack: Stack, change: Change, expected: set[Place]
) -> None:
    before = found(stack)
    change(stack)
    assert found(stack) - before == expected


def test_no_difference_tells_an_address(stack: Stack) -> None:
    """Those on the network hold a key."""
    of = stack.endpoint.client("sns")
    topic = stack.physical_id("Topic")
    of.subscribe(TopicArn=topic, Protocol="https", Endpoint=PAGER.replace("0", "f"))
    text = told(differences(stack))
    assert "Subscription" in text
    assert "example.com" not in text
    assert "123456789abcdef" not in text


@pytest.fixture
def another(endpoint: Endpoint, supplied: Stack) -> Stack:
    account = Endpoint(endpoint.url, "444455556666", endpoint.region)
    address = Stack(account, "supplied")
    address.deploy(SUPPLIED)
    account.client("secretsmanager").put_secret_value(SecretId=ADDRESS, SecretString=PAGER)
    del supplied
    return Stack(account, "watch")


def test_everything_is_changed_in_place_and_deleted(another: Stack) -> None:
    another.deploy(WATCH)
    before = {name: another.physical_id(name) for name in WATCH["Resources"]}
    id_ = another.deployed().attribute("Canary", "Id")
    another.deploy(changed(), "update")
    assert not differences(another), told(differences(another))
    assert {name: another.physical_id(name) for name in before} == before
    assert another.deployed().attribute("Canary", "Id") == id_
    another.delete()
    client = another.endpoint.client
    types = ["MetricAlarm", "CompositeAlarm"]
    alarms = client("cloudwatch").describe_alarms(AlarmTypes=types)
    assert (alarms["MetricAlarms"], alarms["CompositeAlarms"]) == ([], [])
    assert client("cloudwatch").list_alarm_mute_rules()["AlarmMuteRuleSummaries"] == []
    assert client("cloudwatch").list_dashboards()["DashboardEntries"] == []
    assert client("sns").list_subscriptions()["Subscriptions"] == []
    assert client("synthetics").describe_canaries()["Canaries"] == []
    assert client("route53").list_health_checks()["HealthChecks"] == []
    assert client("budgets").describe_budgets(AccountId="444455556666")["Budgets"] == []
    channels = client("chatbot").describe_slack_channel_configurations()
    assert channels["SlackChannelConfigurations"] == []
