"""What an operator looks at."""

from collections.abc import Mapping

from constructs import Construct

from runbook.alarms.dashboards import dashboards_of
from runbook.alarms.placeholders import BALANCER
from runbook.model.environment import Environment
from runbook_constructs.dashboard import Dashboard
from stacks.platform_stack import PlatformStack
from stacks.runbook_stack import RunbookStack
from stacks.service_stack import ServiceStack


class DashboardsStack(RunbookStack):
    """The overview and the database's dashboard, laid out from the catalogue (ALL-7).

    They know what they show by the names that it has by convention, but for the load balancer and
    its target groups, whose names AWS makes. It can be rebuilt at any time.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: Environment,
        platform: PlatformStack,
        services: Mapping[str, ServiceStack],
    ) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="dashboards",
            description="Dashboards",
            stateful=False,
        )
        known = {BALANCER: platform.ingress.balancer.load_balancer_full_name}
        for service in services.values():
            known |= service.target_groups
        for dashboard in dashboards_of(environment):
            which = dashboard.name.removeprefix(f"{environment.slug}-")
            Dashboard(self, which.title(), dashboard=dashboard, known=known)
