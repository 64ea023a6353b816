"""The secrets of one environment."""

from constructs import Construct

from runbook.access.principals import Principals
from runbook.model.environment import Environment
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.secret_store import SecretStore
from stacks.edge_key_stack import replica_key
from stacks.runbook_stack import RunbookStack


class SecretsStack(RunbookStack):
    """Every secret that the environment names, under a key of their own (ROVN-SEC-1, -3).

    The pager's address has a replica where probes page from: a dynamic reference resolves in the
    stack's own region (ROVN-SEV-1).
    """

    def __init__(self, scope: Construct, id_: str, *, environment: Environment) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="secrets",
            description="Secrets",
            stateful=True,
        )
        self.key = CustomerKey(
            self,
            "SecretsKey",
            alias=f"alias/{environment.slug}/secrets",
            description=f"Secrets of {environment.name}",
            via=["secretsmanager"],
        )
        self.secrets = SecretStore(
            self,
            "Secrets",
            prefix=environment.name,
            principals=Principals(environment),
            secrets=environment.secrets,
            key=self.key,
            replicas=_replicas(environment),
        ).secrets


def _replicas(environment: Environment) -> dict[str, dict[str, str]]:
    return {
        name: dict.fromkeys(regions, replica_key(environment))
        for name, regions in environment.copied_secrets.items()
    }
