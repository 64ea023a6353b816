"""Who is muted when, and what tries the pager: what the stack may do, and what it stands behind."""

from collections.abc import Iterator
from typing import Any

import pytest

from runbook.alarms.mute_rules import mute_rules, muted_alarms
from runbook.alarms.paging import DEAD_LETTERS, NAMESPACE
from runbook.model.environment import Environment
from tests.access.evaluation import decides
from tests.assembly import Assembly, plain

ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
SPACE = "cloudwatch:namespace"


@pytest.fixture
def stack(environment: Environment) -> str:
    return f"{environment.slug}-paging"


def stacks(assembly: Assembly) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """List every stack's name, its artifact's id, and the artifact."""
    for manifest in assembly.manifests():
        for id_, artifact in manifest["artifacts"].items():
            if artifact["type"] == "aws:cloudformation:stack":
                yield artifact["properties"]["stackName"], id_, artifact


def where_alarms_stand(assembly: Assembly) -> dict[str, str]:
    """Map the name of each alarm of any template to its stack."""
    return {
        resource["Properties"]["AlarmName"]: name
        for name, _, _ in stacks(assembly)
        for resource in assembly.template(name)["Resources"].values()
        if resource["Type"] in ALARMS
    }


@pytest.mark.clause("ROVN-SEV-1")
def test_each_alarm_that_is_muted_stands_before_its_rule(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    """CloudWatch takes no rule for an alarm that is not there."""
    needed, ids = {}, {}
    for name, id_, artifact in stacks(assembly):
        needed[name], ids[name] = set(artifact.get("dependencies", [])), id_
    stands = where_alarms_stand(assembly)
    for alarm in muted_alarms(environment, environment.region):
        assert ids[stands[alarm]] in needed[stack], alarm


@pytest.mark.clause("ROVN-SEV-1")
def test_rules_are_in_the_zone_of_the_business(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    found = [
        r["Properties"] for r in assembly.of_type(stack, "AWS::CloudWatch::AlarmMuteRule").values()
    ]
    assert [rule["Name"] for rule in found] == [rule.name for rule in mute_rules(environment)]
    for rule in found:
        assert rule["Rule"]["Schedule"]["Timezone"] == environment.alerting.time_zone
        assert rule["Name"].startswith(f"{environment.slug}-")


@pytest.mark.clause("ALL-7")
def test_the_function_rings_by_its_metric_and_by_nothing_else(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    document = plain(
        assembly.named(stack, "AWS::IAM::ManagedPolicy", "TestPagePagingPolicy")["Properties"][
            "PolicyDocument"
        ]
    )
    place = f"{environment.region}:{environment.account}"
    alarm = f"arn:aws:cloudwatch:{place}:alarm:{environment.slug}-test-page"
    history = "cloudwatch:DescribeAlarmHistory"
    assert decides(document, "cloudwatch:PutMetricData", "*", {SPACE: NAMESPACE}) == "Allow"
    assert decides(document, "cloudwatch:PutMetricData", "*", {SPACE: "AWS/RDS"}) is None
    assert decides(document, "cloudwatch:PutMetricData", "*", {}) is None
    assert decides(document, history, alarm, {}) == "Allow"
    assert decides(document, history, f"{alarm}-missed", {}) is None
    for action in ("cloudwatch:SetAlarmState", "cloudwatch:DisableAlarmActions", "sns:Publish"):
        assert decides(document, action, alarm, {}) is None


def test_what_it_could_not_do_waits_where_an_alarm_looks(
    assembly: Assembly, environment: Environment, stack: str
) -> None:
    (queue,) = assembly.of_type(stack, "AWS::SQS::Queue").values()
    name = queue["Properties"]["QueueName"].removeprefix(f"{environment.slug}-")
    assert name in DEAD_LETTERS
