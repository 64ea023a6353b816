"""The topics by which alarms reach people."""

from constructs import Construct

from runbook.alarms.delivery import (
    budget_levels,
    levels_by_region,
    pager_reference,
)
from runbook.alarms.paging import ALERTS_DEAD_LETTERS, EDGE_ALERTS_DEAD_LETTERS
from runbook.model.environment import Environment
from runbook_constructs.alert_topics import AlertTopics
from runbook_constructs.customer_key import CustomerKey
from stacks.runbook_stack import RunbookStack


class AlertsStack(RunbookStack):
    """A topic for each severity, their key, and the pager (ROVN-SEV-1, ALL-7).

    It stands before whatever alarms, in ``region``: the environment's own, or the one that probes
    page from, whose topics are those of probes alone. The pager's address has to be there before:
    CloudFormation reads the secret.
    """

    def __init__(
        self, scope: Construct, id_: str, *, environment: Environment, region: str
    ) -> None:
        home = region == environment.region
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="alerts" if home else "edge-alerts",
            description="Alarms' ways to people",
            stateful=True,
            region=region,
        )
        self.key = CustomerKey(
            self,
            "AlertsKey",
            alias=f"alias/{environment.slug}/alerts",
            description=f"Alarms on their way to people, of {environment.name}",
            via=["sns", "sqs"],
        )
        undelivered = ALERTS_DEAD_LETTERS if home else EDGE_ALERTS_DEAD_LETTERS
        self.topics = AlertTopics(
            self,
            "Severities",
            slug=environment.slug,
            environment_name=environment.name,
            levels=levels_by_region(environment)[region],
            key=self.key,
            pager=pager_reference(environment),
            generation=environment.alerting.pager_generation,
            dead_letters=f"{environment.slug}-{undelivered}",
            budgets=budget_levels(environment) if home else frozenset(),
        )
