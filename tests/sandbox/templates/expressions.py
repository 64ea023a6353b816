"""What the templates have in common."""

from __future__ import annotations

from typing import Any

TAGS = [{"Key": "owner", "Value": "ops"}, {"Key": "tier", "Value": "phi"}]
ASSUMED = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def allowing(*actions: str) -> dict[str, Any]:
    """Return a policy document."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def arn(logical_id: str) -> dict[str, Any]:
    """Return the expression for a resource's ARN."""
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def visible(name: str) -> dict[str, Any]:
    """Return what every rule of a web ACL must say of its metrics."""
    return {"CloudWatchMetricsEnabled": True, "MetricName": name, "SampledRequestsEnabled": False}


def managed(name: str, priority: int) -> dict[str, Any]:
    """Return a rule that uses a rule group of AWS."""
    return {
        "Name": name,
        "Priority": priority,
        "OverrideAction": {"None": {}},
        "Statement": {
            "ManagedRuleGroupStatement": {
                "Name": name,
                "VendorName": "AWS",
                "RuleActionOverrides": [
                    {"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}
                ],
            }
        },
        "VisibilityConfig": visible(name),
    }


def imported(name: str) -> dict[str, Any]:
    """Return the expression for what the shared stack exports."""
    return {"Fn::ImportValue": f"shared-{name}"}


def exported(name: str, value: object) -> dict[str, Any]:
    """Return an output under an export's name."""
    return {"Value": value, "Export": {"Name": f"shared-{name}"}}
