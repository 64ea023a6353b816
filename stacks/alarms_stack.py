"""Every alarm that stands in no other stack."""

from constructs import Construct

from runbook.alarms.alarm import Stands
from runbook.alarms.placeholders import BALANCER
from runbook.model.environment import Environment
from runbook_constructs.catalogue_alarms import CatalogueAlarms, standing
from stacks.platform_stack import PlatformStack
from stacks.runbook_stack import RunbookStack


class AlarmsStack(RunbookStack):
    """The catalogue's alarms on what other stacks hold (docs/decisions/0037).

    It knows these by the names that they have by convention, but for the load balancer, whose name
    AWS makes. It can be rebuilt at any time.
    """

    def __init__(
        self, scope: Construct, id_: str, *, environment: Environment, platform: PlatformStack
    ) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="alarms",
            description="Alarms",
            stateful=False,
        )
        CatalogueAlarms(
            self,
            "Catalogue",
            environment=environment,
            alarms=standing(environment, Stands.ALARMS),
            known={BALANCER: platform.ingress.balancer.load_balancer_full_name},
        )
