"""Amazon CloudWatch Logs."""

from __future__ import annotations

import json
from typing import Any

from runbook.deployed.description import (
    Description,
    NotThereError,
    Resource,
    describes,
    present,
)
from runbook.deployed.spelling import as_properties


@describes("AWS::Logs::LogGroup")
def log_group(resource: Resource) -> Description:
    """Read a log group, its data protection policy and its tags."""
    logs, name = resource.client("logs"), resource.physical_id
    groups = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    found = [group for group in groups if group["logGroupName"] == name]
    if not found:
        raise NotThereError(f"no log group {name}")
    group = found[0]
    arn = group["arn"].removesuffix(":*")
    tags = logs.list_tags_for_resource(resourceArn=arn)["tags"]
    protection = logs.get_data_protection_policy(logGroupIdentifier=name).get("policyDocument")
    properties = {
        "DataProtectionPolicy": json.loads(protection) if protection else None,
        "KmsKeyId": group.get("kmsKeyId"),
        "LogGroupClass": group.get("logGroupClass"),
        "LogGroupName": name,
        "RetentionInDays": group.get("retentionInDays"),
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }
    return Description(
        present(properties),
        {"Arn": f"{arn}:*"},
        closed=frozenset({"DataProtectionPolicy"}),
    )


@describes("AWS::Logs::MetricFilter")
def metric_filter(resource: Resource) -> Description:
    """Read a metric filter of the group that it is declared for."""
    logs, name = resource.client("logs"), resource.physical_id
    group = resource.declared("LogGroupName")
    try:
        answer = logs.describe_metric_filters(logGroupName=group, filterNamePrefix=name)
    except logs.exceptions.ResourceNotFoundException:
        raise NotThereError(f"no log group {group}") from None
    found = [each for each in answer["metricFilters"] if each["filterName"] == name]
    if not found:
        raise NotThereError(f"no metric filter {name} of {group}")
    shape = logs.meta.service_model.shape_for("MetricFilter")
    live = as_properties(shape, found[0])
    properties = {
        "ApplyOnTransformedLogs": live.get("ApplyOnTransformedLogs"),
        "FilterName": name,
        "FilterPattern": live.get("FilterPattern", ""),
        "LogGroupName": group,
        "MetricTransformations": [_transformation(each) for each in live["MetricTransformations"]],
    }
    return Description(present(properties), closed=frozenset({"MetricTransformations"}))


def _transformation(live: dict[str, Any]) -> dict[str, Any]:
    """Return dimensions as CloudFormation lists them."""
    dimensions = [{"Key": key, "Value": value} for key, value in live.get("Dimensions", {}).items()]
    return {**live, "Dimensions": dimensions} if dimensions else live
