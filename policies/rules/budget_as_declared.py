"""ROVN-CST-1: what is spent is budgeted, and somebody hears before it is gone."""

from collections.abc import Iterator
from typing import Any

from policies.rule import Rule
from policies.templates.scope import Resource, Scope
from policies.templates.values import closed, known, number
from runbook.alarms.alarm import BudgetAlarm
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.paging import topic

Json = Any
BUDGET = "AWS::Budgets::Budget"
# Anything else (a period that ends, costs left out, a limit that follows what is spent) makes
# another sum of it.
_KEYS = {"BudgetLimit", "BudgetName", "BudgetType", "CostFilters", "TimeUnit"}


def _wanted(scope: Scope) -> dict[str, BudgetAlarm]:
    """Map the name of each budget of the catalogue to its definition."""
    environment = scope.environment
    return {
        alarm.name(environment.slug): alarm
        for alarm in alarms_of(environment)
        if isinstance(alarm, BudgetAlarm)
    }


def _judge(budget: Resource, scope: Scope) -> Iterator[str]:
    name = budget.at("Budget.BudgetName")
    alarm = _wanted(scope).get(name)
    if alarm is None:
        yield f"{name} is no budget of the catalogue"
        return
    tag = f"user:runbook:environment${scope.environment.environment}"
    limit = closed(budget.at("Budget.BudgetLimit", {}))
    for what, found, wanted in (
        ("limit", number(limit.get("Amount")), alarm.monthly_usd),
        ("unit", limit.get("Unit"), "USD"),
        ("type", budget.at("Budget.BudgetType"), "COST"),
        ("time", budget.at("Budget.TimeUnit"), "MONTHLY"),
        ("filter", closed(budget.at("Budget.CostFilters", {})), {"TagKeyValue": [tag]}),
    ):
        if found != wanted:
            yield f"its {what} is {found}, not {wanted}"
    for key in sorted(known(budget.at("Budget", {})).keys() - _KEYS):
        yield f"{key} is set, of which the catalogue knows nothing"
    yield from _unheard(budget, alarm, scope)


def _unheard(budget: Resource, alarm: BudgetAlarm, scope: Scope) -> Iterator[str]:
    """Find the thresholds that nobody hears of by the topic of the alarm's severity."""
    environment = scope.environment
    place = f"{environment.region}:{environment.account}"
    arn = f"arn:aws:sns:{place}:{topic(environment.slug, alarm.severity)}"
    told = [_told(known(one)) for one in budget.at("NotificationsWithSubscribers", [])]
    percents = [("ACTUAL", percent) for percent in alarm.spent_percent]
    for kind, percent in (*percents, ("FORECASTED", alarm.forecast_percent)):
        wanted = (kind, "GREATER_THAN", percent, "PERCENTAGE")
        if not any(found == wanted and ("SNS", arn) in to for found, to in told):
            yield f"{arn.rpartition(':')[2]} is not told at {percent} % {kind}"


def _told(one: Json) -> tuple[tuple[Json, ...], list[tuple[Json, Json]]]:
    said = closed(one.get("Notification") or {})
    found = (
        said.get("NotificationType"),
        said.get("ComparisonOperator"),
        number(said.get("Threshold")),
        said.get("ThresholdType", "PERCENTAGE"),
    )
    subscribers = closed(one.get("Subscribers") or [])
    return found, [(each.get("SubscriptionType"), each.get("Address")) for each in subscribers]


def _required(scope: Scope) -> Iterator[str]:
    there = {budget.at("Budget.BudgetName") for budget in scope.resources(BUDGET)}
    for name in sorted(_wanted(scope).keys() - there):
        yield f"no budget is called {name}"


RULE = Rule(
    id="budget-as-declared",
    title="The month's budget is what the environment file says, and tells at 80 and 100 % and "
    "when the forecast reaches it",
    why="A loop that asks a model costs by the hour; the bill comes by the month.",
    remedy="Leave the budget to stacks/costs_stack.py; the sum is costs.monthly_usd of the "
    "environment file.",
    clauses=("ROVN-CST-1",),
    controls=("NIST AU-6", "SOC2 CC7.2"),
    types=(BUDGET,),
    judge=_judge,
    required=_required,
)
