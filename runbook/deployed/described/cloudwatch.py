"""Amazon CloudWatch."""

from __future__ import annotations

import json
from typing import Any

from runbook.deployed.description import (
    Description,
    NotThereError,
    Resource,
    describes,
    present,
    selected,
)

ACTIONS = ("AlarmActions", "InsufficientDataActions", "OKActions")
READ = (
    "ActionsEnabled",
    "AlarmDescription",
    "AlarmName",
    "ComparisonOperator",
    "DatapointsToAlarm",
    "Dimensions",
    "EvaluateLowSampleCountPercentile",
    "EvaluationPeriods",
    "ExtendedStatistic",
    "MetricName",
    "Metrics",
    "Namespace",
    "Period",
    "Statistic",
    "Threshold",
    "ThresholdMetricId",
    "TreatMissingData",
    "Unit",
)
READ_COMPOSITE = (
    "ActionsEnabled",
    "ActionsSuppressor",
    "ActionsSuppressorExtensionPeriod",
    "ActionsSuppressorWaitPeriod",
    "AlarmDescription",
    "AlarmName",
    "AlarmRule",
)
READ_MUTE = ("Description", "ExpireDate", "MuteTargets", "Name", "Rule", "StartDate")


@describes("AWS::CloudWatch::Alarm")
def alarm(resource: Resource) -> Description:
    """Read an alarm: what it measures, when it is one, and whom it tells."""
    cloudwatch, name = resource.client("cloudwatch"), resource.physical_id
    found = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm"])
    if not found.get("MetricAlarms"):
        raise NotThereError(f"no alarm {name}")
    [live] = found["MetricAlarms"]
    tags = cloudwatch.list_tags_for_resource(ResourceARN=live["AlarmArn"])["Tags"]
    # Absent and empty are one to CloudWatch.
    lists = {each: live.get(each) or None for each in ("Dimensions", "Metrics")}
    properties = {**selected(live, *READ), **_actions(live), **lists, "Tags": tags}
    return Description(
        present(properties),
        {"Arn": live["AlarmArn"]},
        unordered=frozenset({*ACTIONS, "Dimensions"}),
        closed=frozenset({*ACTIONS, "ActionsEnabled", "Dimensions", "DatapointsToAlarm"}),
        defaults={"ActionsEnabled": True},
    )


@describes("AWS::CloudWatch::CompositeAlarm")
def composite_alarm(resource: Resource) -> Description:
    """Read a composite alarm: its rule, and whom it tells."""
    cloudwatch, name = resource.client("cloudwatch"), resource.physical_id
    found = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])
    if not found.get("CompositeAlarms"):
        raise NotThereError(f"no composite alarm {name}")
    [live] = found["CompositeAlarms"]
    tags = cloudwatch.list_tags_for_resource(ResourceARN=live["AlarmArn"])["Tags"]
    properties = {**selected(live, *READ_COMPOSITE), **_actions(live), "Tags": tags}
    return Description(
        present(properties),
        {"Arn": live["AlarmArn"]},
        unordered=frozenset(ACTIONS),
        closed=frozenset({*ACTIONS, "ActionsEnabled", "ActionsSuppressor"}),
        defaults={"ActionsEnabled": True},
    )


@describes("AWS::CloudWatch::AlarmMuteRule")
def mute_rule(resource: Resource) -> Description:
    """Read when a mute rule mutes which alarms."""
    cloudwatch, arn = resource.client("cloudwatch"), resource.physical_id
    try:
        live = cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName=arn.rpartition(":")[2])
    except cloudwatch.exceptions.ResourceNotFoundException:
        raise NotThereError(f"no mute rule {arn}") from None
    tags = cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]
    return Description(
        present({**selected(live, *READ_MUTE), "Tags": tags}),
        {"Arn": arn},
        unordered=frozenset({"MuteTargets.AlarmNames"}),
        closed=frozenset({"ExpireDate", "MuteTargets", "Rule", "StartDate"}),
    )


@describes("AWS::CloudWatch::Dashboard")
def dashboard(resource: Resource) -> Description:
    """Read a dashboard, its body in the text that it is declared in if both mean the same."""
    cloudwatch, name = resource.client("cloudwatch"), resource.physical_id
    try:
        live = cloudwatch.get_dashboard(DashboardName=name)
    except (cloudwatch.exceptions.DashboardNotFoundError, cloudwatch.exceptions.ResourceNotFound):
        raise NotThereError(f"no dashboard {name}") from None
    tags = cloudwatch.list_tags_for_resource(ResourceARN=live["DashboardArn"])["Tags"]
    properties = {
        "DashboardBody": _as_declared(resource, live["DashboardBody"]),
        "DashboardName": name,
        "Tags": tags or None,
    }
    return Description(present(properties))


def _actions(live: dict[str, Any]) -> dict[str, list[str]]:
    """Return whom an alarm tells at each state: nobody where CloudWatch says nothing."""
    return {each: live.get(each) or [] for each in ACTIONS}


def _as_declared(resource: Resource, body: str) -> str:
    """Return the body as it is declared, where the two differ in white space alone."""
    declared = str(resource.declared_if_any("DashboardBody"))
    return declared if _read(declared) == _read(body) else body


def _read(text: str) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(text)
    except ValueError:
        return text
