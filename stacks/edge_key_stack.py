"""What the pager's address needs in the region that probes page from."""

from constructs import Construct

from runbook.model.environment import IDENTITY_REGION, Environment
from runbook_constructs.customer_key import CustomerKey
from stacks.runbook_stack import RunbookStack

_ALIAS = "secret-replicas"


def replica_key(environment: Environment) -> str:
    """Write the key's alias by convention: an export does not cross regions."""
    place = f"{IDENTITY_REGION}:{environment.account}"
    return f"arn:aws:kms:{place}:alias/{environment.slug}/{_ALIAS}"


class EdgeKeyStack(RunbookStack):
    """The key of the replica of the pager's address (ROVN-SEV-1, ROVN-SEC-1).

    It stands before the secrets, and apart from the topics' own key: no service decrypts under it.
    """

    def __init__(self, scope: Construct, id_: str, *, environment: Environment) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="edge-key",
            description="Replicated secrets",
            stateful=True,
            region=IDENTITY_REGION,
        )
        CustomerKey(
            self,
            "ReplicasKey",
            alias=f"alias/{environment.slug}/{_ALIAS}",
            description=f"Replicated secrets of {environment.name}",
            via=["secretsmanager"],
        )
