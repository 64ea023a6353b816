"""What has to be there before anything else is deployed: the limits of all that follows."""

from aws_cdk import LegacyStackSynthesizer
from aws_cdk import aws_iam as iam
from constructs import Construct

from runbook.access.boundaries import boundaries
from runbook.access.execution_policies import execution_policies
from runbook.access.principals import Principals
from runbook.model.environment import Environment
from stacks.runbook_stack import RunbookStack


class BootstrapStack(RunbookStack):
    """The permission boundaries, and what CloudFormation may do instead of AdministratorAccess.

    IAM is global, so one stack serves every region of the environment. It needs no bootstrap, the
    CDK's own bootstrap needs it: the legacy synthesizer is the one that neither assumes roles of a
    bootstrap nor puts the template into a bucket (the bootstrapless one assumes them).
    """

    def __init__(self, scope: Construct, id_: str, *, environment: Environment) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="bootstrap",
            description="Boundaries and execution policies",
            stateful=True,
            synthesizer=LegacyStackSynthesizer(),
        )
        principals = Principals(environment)
        for policy in (*boundaries(principals), *execution_policies(principals)):
            iam.CfnManagedPolicy(
                self,
                _pascal(policy.name.removeprefix(f"{environment.slug}-")),
                managed_policy_name=policy.name,
                description=policy.description,
                policy_document=policy.document,
            )


def _pascal(name: str) -> str:
    return name.title().replace("-", "")
