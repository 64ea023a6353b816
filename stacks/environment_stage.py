"""One environment as a deployable whole."""

from aws_cdk import Environment as Place
from aws_cdk import Stage
from constructs import Construct

from runbook.model.environment import Environment
from stacks.audit_stack import AuditStack
from stacks.network_stack import NetworkStack


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
