"""What has to be there before anything else is deployed: the limits of all that follows."""

from collections.abc import Sequence

from aws_cdk import LegacyStackSynthesizer
from constructs import Construct

from runbook.access.boundaries import boundaries
from runbook.access.execution_policies import execution_policies, guard
from runbook.access.guard_rails import DEPLOY_BOUNDARY
from runbook.access.policy import ManagedPolicy
from runbook.access.principals import Principals
from runbook.model.environment import Environment
from runbook_constructs.managed_policy import managed_policy
from stacks.runbook_stack import RunbookStack


class _PoliciesStack(RunbookStack):
    """Managed policies that are there before anything else is.

    IAM is global, so one stack serves every region of the environment. It needs no bootstrap, the
    CDK's own bootstrap needs it: the legacy synthesizer is the one that neither assumes roles of a
    bootstrap nor puts the template into a bucket (the bootstrapless one assumes them). A template
    without a bucket may have 51,200 bytes, hence two of these.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: Environment,
        part: str,
        description: str,
        policies: Sequence[ManagedPolicy],
    ) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part=part,
            description=description,
            stateful=True,
            synthesizer=LegacyStackSynthesizer(),
        )
        for policy in policies:
            id_ = _pascal(policy.name.removeprefix(f"{environment.slug}-"))
            managed_policy(self, id_, policy)


class BootstrapStack(_PoliciesStack):
    """The permission boundaries, and what no deploy may ever do."""

    def __init__(self, scope: Construct, id_: str, *, environment: Environment) -> None:
        principals = Principals(environment)
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="bootstrap",
            description="Boundaries",
            policies=[*_of_roles(principals), guard(principals)],
        )


class ExecutionStack(_PoliciesStack):
    """What CloudFormation may do instead of AdministratorAccess; the guard stands before it."""

    def __init__(self, scope: Construct, id_: str, *, environment: Environment) -> None:
        principals = Principals(environment)
        guarding = guard(principals).name
        allowing = [each for each in execution_policies(principals) if each.name != guarding]
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="execution",
            description="Execution policies",
            policies=allowing,
        )


def _of_roles(principals: Principals) -> list[ManagedPolicy]:
    """List the boundaries but for the deploy identity's own, which comes with it."""
    own = principals.named(DEPLOY_BOUNDARY)
    return [each for each in boundaries(principals) if each.name != own]


def _pascal(name: str) -> str:
    return name.title().replace("-", "")
