"""What the environment may cost in a month, and who hears when it does."""

from aws_cdk import aws_budgets as budgets
from constructs import Construct

from runbook.alarms.alarm import BudgetAlarm
from runbook.alarms.catalogue import alarms_of
from runbook.alarms.paging import topic
from runbook.model.environment import Environment
from stacks.runbook_stack import RunbookStack

# One tag: several values of a filter are alternatives, and the account is the organisation's own.
TAG = "runbook:environment"


class CostsStack(RunbookStack):
    """The budgets of the catalogue, over what carries the environment's tag (ROVN-CST-1).

    AWS counts a tag from the day on which somebody has made it a cost allocation tag, by hand and
    in the account that pays (docs/decisions/0040).
    """

    def __init__(self, scope: Construct, id_: str, *, environment: Environment) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="costs",
            description="Budget",
            stateful=False,
        )
        for alarm in alarms_of(environment):
            if isinstance(alarm, BudgetAlarm):
                self._add_budget(environment, alarm)

    def _add_budget(self, environment: Environment, alarm: BudgetAlarm) -> None:
        place = f"{environment.region}:{environment.account}"
        told = f"arn:aws:sns:{place}:{topic(environment.slug, alarm.severity)}"
        budgets.CfnBudget(
            self,
            alarm.id.title().replace("-", ""),
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=alarm.name(environment.slug),
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=alarm.monthly_usd, unit="USD"),
                cost_filters={"TagKeyValue": [f"user:{TAG}${environment.environment}"]},
            ),
            notifications_with_subscribers=[
                *(_notification("ACTUAL", percent, told) for percent in alarm.spent_percent),
                _notification("FORECASTED", alarm.forecast_percent, told),
            ],
        )


def _notification(
    kind: str, percent: int, told: str
) -> budgets.CfnBudget.NotificationWithSubscribersProperty:
    return budgets.CfnBudget.NotificationWithSubscribersProperty(
        notification=budgets.CfnBudget.NotificationProperty(
            notification_type=kind,
            comparison_operator="GREATER_THAN",
            threshold=percent,
            threshold_type="PERCENTAGE",
        ),
        subscribers=[budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=told)],
    )
