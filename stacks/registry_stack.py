"""The image registry of one environment."""

from constructs import Construct

from runbook.model.environment import Environment
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.registry import Registry
from stacks.runbook_stack import RunbookStack


class RegistryStack(RunbookStack):
    """A repository for each service; before the first release it is all that there is."""

    def __init__(self, scope: Construct, id_: str, *, environment: Environment) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="registry",
            description="Images",
            stateful=True,
        )
        Registry(
            self,
            "Registry",
            repositories=[service.name for service in environment.services.values()],
            key=CustomerKey(
                self,
                "ImagesKey",
                alias=f"alias/{environment.slug}/images",
                description=f"Images of {environment.name}",
                via=["ecr"],
                lends_to_services=True,
            ),
        )
