"""What an administrator deploys once, before the environment itself can be."""

from aws_cdk import Environment as Place
from aws_cdk import Stage
from constructs import Construct

from runbook.model.environment import Environment
from stacks.access_stack import AccessStack
from stacks.bootstrap_stack import BootstrapStack, ExecutionStack


class BootstrapStage(Stage):
    """Limits and deploy identity, apart from the environment that they limit.

    ``cdk deploy '<organisation>-<environment>/**'`` does not take it along: who deploys the
    environment cannot change what binds them.
    """

    def __init__(self, scope: Construct, environment: Environment) -> None:
        super().__init__(
            scope,
            f"{environment.slug}-bootstrap",
            env=Place(account=environment.account, region=environment.region),
        )
        self.bootstrap = BootstrapStack(self, "Bootstrap", environment=environment)
        self.execution = ExecutionStack(self, "Execution", environment=environment)
        self.access = AccessStack(self, "Access", environment=environment)
        # Whoever may start a deploy comes after what limits deploys.
        self.access.add_stack_dependency(self.bootstrap)
