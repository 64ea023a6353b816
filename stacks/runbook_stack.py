"""What every stack of an environment carries, whatever stands in it."""

import jsii
from aws_cdk import Environment as Place
from aws_cdk import IStackSynthesizer, Stack, Tags
from aws_cdk import aws_iam as iam
from constructs import Construct

from runbook.access.guard_rails import WORKLOAD_BOUNDARY
from runbook.access.principals import Principals
from runbook.model.environment import Environment


class RunbookStack(Stack):
    """A stack of one environment: named, placed, tagged and labelled for the policy checks.

    Its name is ``<organisation>-<environment>-<part>``. ``Metadata.Runbook`` in the template says
    which environment's clauses apply, without which no policy check accepts it. A ``stateful``
    stack holds what cannot be rebuilt: termination protection keeps it. A satellite stands in
    another ``region`` than its environment. Every role and user of the stack carries ``boundary``,
    whichever construct makes it (ROVN-DEP-9).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: Environment,
        part: str,
        description: str,
        stateful: bool,
        region: str | None = None,
        boundary: str = WORKLOAD_BOUNDARY,
        synthesizer: IStackSynthesizer | None = None,
    ) -> None:
        self._zones = list(environment.availability_zones)
        super().__init__(
            scope,
            id_,
            env=Place(account=environment.account, region=region or environment.region),
            stack_name=f"{environment.slug}-{part}",
            description=f"{description} of {environment.name}",
            termination_protection=stateful,
            synthesizer=synthesizer,
        )
        label = {
            "Organisation": environment.organisation,
            "Environment": environment.environment,
            "Tier": environment.tier,
        }
        self.add_metadata("Runbook", label)
        for key, value in label.items():
            Tags.of(self).add(f"runbook:{key.lower()}", value)
        self._bound(Principals(environment), boundary)

    def _bound(self, principals: Principals, boundary: str) -> None:
        arn = principals.policy(principals.named(boundary))
        policy = iam.ManagedPolicy.from_managed_policy_arn(self, "Boundary", arn)
        iam.PermissionsBoundary.of(self).apply(policy)

    @property
    @jsii.member(jsii_name="availabilityZones")
    def availability_zones(self) -> list[str]:
        """The environment's zones: the CDK's own answer would be a look-up in the account."""
        return self._zones
