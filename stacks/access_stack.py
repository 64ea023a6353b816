"""Who may start a deploy, and who may approve a release."""

from aws_cdk import LegacyStackSynthesizer
from constructs import Construct

from runbook.access.approvals import approvals
from runbook.access.guard_rails import DEPLOY_BOUNDARY
from runbook.access.principals import Principals
from runbook.model.environment import Environment
from runbook_constructs.deploy_identity import DeployIdentity
from runbook_constructs.managed_policy import managed_policy
from stacks.runbook_stack import RunbookStack


class AccessStack(RunbookStack):
    """The deploy identity (ROVN-DEP-9), which cannot deploy what it is itself.

    And the policy of approvers (ROVN-DEP-8), which administrators attach to the roles of people
    that the environment file names: no deploy can widen it.

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
        principals = Principals(environment)
        DeployIdentity(self, "Deploy", principals=principals)
        managed_policy(self, "Approvals", approvals(principals))
