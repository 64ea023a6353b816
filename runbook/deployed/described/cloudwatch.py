"""Amazon CloudWatch."""

from __future__ import annotations

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
    lists = {each: live.get(each) or None for each in (*ACTIONS, "Dimensions", "Metrics")}
    properties = {**selected(live, *READ), **lists, "Tags": tags}
    return Description(
        present(properties),
        {"Arn": live["AlarmArn"]},
        unordered=frozenset({*ACTIONS, "Dimensions"}),
        closed=frozenset({*ACTIONS, "ActionsEnabled", "Dimensions", "DatapointsToAlarm"}),
        defaults={"ActionsEnabled": True},
    )
