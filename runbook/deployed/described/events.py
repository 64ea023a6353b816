"""Amazon EventBridge."""

from __future__ import annotations

import json

from runbook.deployed.description import (
    Description,
    NotThereError,
    Resource,
    describes,
    present,
    selected,
)


@describes("AWS::Events::Rule")
def rule(resource: Resource) -> Description:
    """Read a rule, what it matches, and its targets with how they are called."""
    events, name = resource.client("events"), resource.physical_id
    bus = resource.declared_if_any("EventBusName") or "default"
    try:
        live = events.describe_rule(Name=name, EventBusName=bus)
    except events.exceptions.ResourceNotFoundException:
        raise NotThereError(f"no rule {name} on the bus {bus}") from None
    pattern = live.get("EventPattern")
    properties = {
        **selected(live, "Description", "EventBusName", "Name", "RoleArn"),
        **selected(live, "ScheduleExpression", "State"),
        "EventPattern": json.loads(pattern) if pattern else None,
        "Tags": events.list_tags_for_resource(ResourceARN=live["Arn"])["Tags"],
        "Targets": events.list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"],
    }
    return Description(
        present(properties),
        {"Arn": live["Arn"]},
        unordered=frozenset({"Targets"}),
        closed=frozenset({"EventPattern", "ScheduleExpression", "Targets"}),
    )
