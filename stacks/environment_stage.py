"""One environment as a deployable whole."""

from aws_cdk import Environment as Place
from aws_cdk import Stage
from constructs import Construct

from runbook.model.environment import Environment
from stacks.audit_stack import AuditStack
from stacks.backup_copy_stack import BackupCopyStack
from stacks.data_stack import DataStack
from stacks.network_stack import NetworkStack
from stacks.secrets_stack import SecretsStack


class EnvironmentStage(Stage):
    """Every stack of one environment: ``cdk deploy '<organisation>-<environment>/*'``."""

    def __init__(self, scope: Construct, environment: Environment) -> None:
        super().__init__(
            scope,
            environment.slug,
            env=Place(account=environment.account, region=environment.region),
        )
        self.network = NetworkStack(self, "Network", environment=environment)
        self.audit = AuditStack(self, "Audit", environment=environment)
        self.secrets = SecretsStack(self, "Secrets", environment=environment)
        self.backup_copy = BackupCopyStack(self, "BackupCopy", environment=environment)
        master = environment.database_master
        self.data = DataStack(
            self,
            "Data",
            environment=environment,
            vpc=self.network.vpc,
            master=self.secrets.secrets[master] if master else None,
        )
        # Its key is named by convention, so nothing else tells CloudFormation to wait for it.
        self.data.add_stack_dependency(self.backup_copy)
