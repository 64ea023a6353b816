"""AWS Budgets: budgets as resources of a stack. Nothing costs anything here, so none tells."""

from __future__ import annotations

from typing import Any

from ministack.core.responses import get_account_id

from runbook.deployed.spelling import as_request
from sandbox.emulator.client import client
from sandbox.emulator.resource_types import ADDED, AddedType, Created, Properties

BUDGET, NOTIFICATIONS, TAGS = "Budget", "NotificationsWithSubscribers", "ResourceTags"


def _request(operation: str, properties: Properties) -> dict[str, Any]:
    shape = client("budgets").meta.service_model.operation_model(operation).input_shape
    request: dict[str, Any] = as_request(shape, {"AccountId": get_account_id(), **properties})
    return request


def create_budget(logical_id: str, properties: Properties, stack: str) -> Created:
    """Create the budget with whom it tells; Ref gives its name."""
    budget = {"BudgetName": f"{stack}-{logical_id}", **properties[BUDGET]}
    given = {**properties, BUDGET: budget}
    client("budgets").create_budget(**_request("CreateBudget", given))
    return budget["BudgetName"], {"Id": budget["BudgetName"]}


def update_budget(
    name: str, old: Properties, new: Properties, stack: str, logical_id: str
) -> Created:
    """Change the budget in place; of another name it is another one.

    Raises ValueError where CloudFormation does: whom a budget tells it can only replace, and not
    one that has a name of its own.
    """
    if old[BUDGET].get("BudgetName") != new[BUDGET].get("BudgetName"):
        return create_budget(logical_id, new, stack)
    if old.get(NOTIFICATIONS) != new.get(NOTIFICATIONS):
        raise ValueError(f"cannot replace the budget {name}, which has a name: rename it")
    given = {"NewBudget": {**new[BUDGET], "BudgetName": name}}
    client("budgets").update_budget(**_request("UpdateBudget", given))
    _tagged(name, old, new)
    return name, {"Id": name}


def delete_budget(name: str, _properties: Properties) -> None:
    """Delete the budget, unless another has taken its place."""
    budgets = client("budgets")
    try:
        budgets.delete_budget(AccountId=get_account_id(), BudgetName=name)
    except budgets.exceptions.NotFoundException:
        return


def _tagged(name: str, old: Properties, new: Properties) -> None:
    arn = f"arn:aws:budgets::{get_account_id()}:budget/{name}"
    kept = {tag["Key"] for tag in new.get(TAGS, [])}
    dropped = [tag["Key"] for tag in old.get(TAGS, []) if tag["Key"] not in kept]
    if dropped:
        client("budgets").untag_resource(ResourceARN=arn, ResourceTagKeys=dropped)
    if kept:
        client("budgets").tag_resource(ResourceARN=arn, ResourceTags=new[TAGS])


ADDED["AWS::Budgets::Budget"] = AddedType(create_budget, update_budget, delete_budget, tagged=False)
