"""Who may start a deploy."""

from aws_cdk import LegacyStackSynthesizer
from constructs import Construct

from runbook.access.guard_rails import DEPLOY_BOUNDARY
from runbook.access.principals import Principals
from runbook.model.environment import Environment
from runbook_constructs.deploy_identity import DeployIdentity
from stacks.runbook_stack import RunbookStack


class AccessStack(RunbookStack):
    """The deploy identity (ROVN-DEP-9), which cannot deploy what it is itself.

    Administrators deploy it with their own credentials (`make bootstrap`): CloudFormation's role,
    which the deploy identity sets to work, may not touch it.
    """

    def __init__(self, scope: Construct, id_: str, *, environment: Environment) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="access",
            description="Deploy identity",
            stateful=True,
            boundary=DEPLOY_BOUNDARY,
            synthesizer=LegacyStackSynthesizer(),
        )
        DeployIdentity(self, "Deploy", principals=Principals(environment))
