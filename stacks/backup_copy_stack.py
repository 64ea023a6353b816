"""What copies of an environment's backups need in the other region."""

from constructs import Construct

from runbook.model.environment import Environment
from runbook_constructs.customer_key import CustomerKey
from stacks.runbook_stack import RunbookStack


def copy_key_alias(environment: Environment) -> str:
    """Name the key by convention: an export does not cross regions."""
    return f"alias/{environment.slug}/database-copies"


class BackupCopyStack(RunbookStack):
    """The key of the copied backups, in ``database.backup_copy_region`` (ROVN-DR-1)."""

    def __init__(self, scope: Construct, id_: str, *, environment: Environment) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="backup-copy",
            description="Copies of the database's backups",
            stateful=True,
            region=environment.database.backup_copy_region,
        )
        CustomerKey(
            self,
            "CopiesKey",
            alias=copy_key_alias(environment),
            description=f"Copies of the database's backups of {environment.name}",
            via=["rds"],
            lends_to_services=True,
        )
