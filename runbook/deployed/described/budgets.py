"""AWS Budgets."""

from __future__ import annotations

from typing import Any

from runbook.deployed.description import (
    Description,
    NotThereError,
    Resource,
    describes,
    present,
    selected,
)

WATCHED = ("ComparisonOperator", "NotificationType", "Threshold", "ThresholdType")
READ = (
    *("AutoAdjustData", "BillingViewArn", "BudgetLimit", "BudgetName", "BudgetType", "CostFilters"),
    *("CostTypes", "FilterExpression", "Metrics", "PlannedBudgetLimits", "TimePeriod", "TimeUnit"),
)


@describes("AWS::Budgets::Budget")
def budget(resource: Resource) -> Description:
    """Read a budget, at which shares of it whom it tells, and its tags."""
    budgets, name = resource.client("budgets"), resource.physical_id
    account = resource.place.account
    asked = {"AccountId": account, "BudgetName": name}
    try:
        live = budgets.describe_budget(**asked)["Budget"]
    except budgets.exceptions.NotFoundException:
        raise NotThereError(f"no budget {name}") from None
    arn = f"arn:aws:budgets::{account}:budget/{name}"
    pages = budgets.get_paginator("describe_notifications_for_budget").paginate(**asked)
    notifications = [
        _told(budgets, asked, each) for page in pages for each in page.get("Notifications", [])
    ]
    properties = {
        "Budget": selected(live, *READ),
        "NotificationsWithSubscribers": notifications or None,
        "ResourceTags": budgets.list_tags_for_resource(ResourceARN=arn).get("ResourceTags"),
    }
    return Description(
        present(properties),
        {"Id": name},
        unordered=frozenset({"NotificationsWithSubscribers"}),
        closed=frozenset({"Budget.CostFilters", "NotificationsWithSubscribers"}),
    )


def _told(budgets: Any, asked: dict[str, str], live: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - boto3
    """Return one notification with its subscribers."""
    notification = selected(live, *WATCHED)
    pages = budgets.get_paginator("describe_subscribers_for_notification").paginate(
        **asked, Notification=notification
    )
    subscribers = [each for page in pages for each in page.get("Subscribers", [])]
    return {"Notification": notification, "Subscribers": subscribers}
