"""The environment as it is deployed: its stacks, and clients for every region it uses."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from runbook.deployed.cloud_assembly import SynthesizedStack
from runbook.deployed.deployed_stack import DeployedStack
from runbook.model.environment import Environment
from runbook.operations.account import Account, Client


@dataclass(frozen=True)
class LivePlace:
    """One region of the environment's account; reads only, and no secret's value."""

    owner: Account
    region: str

    reads_secret_values = False

    @property
    def account(self) -> str:
        """Twelve digits."""
        return self.owner.environment.account

    def client(self, service: str) -> Client:
        """Return the client of a service, such as ``ecs``; always the same one."""
        return self.owner.client(service, self.region)

    def elsewhere(self, region: str) -> "LivePlace":
        """Return the same account in another region."""
        return LivePlace(self.owner, region)


@dataclass(frozen=True)
class LiveResource:
    """One resource of a deployed stack."""

    stack: DeployedStack
    logical_id: str
    id: str

    @property
    def where(self) -> str:
        """Name it for people: the stack, and what AWS calls the resource."""
        return f"{self.stack.name} {self.id}"

    def client(self, service: str) -> Client:
        """Return the client of a service where it lives."""
        return self.stack.place.client(service)


@dataclass(frozen=True)
class Live:
    """What checks look at. ``now`` has its zone; of ``unread`` nobody knows what they hold."""

    account: Account
    stacks: Sequence[DeployedStack]
    now: datetime
    unread: Sequence[SynthesizedStack] = ()

    @property
    def environment(self) -> Environment:
        """The environment file."""
        return self.account.environment

    def of_type(self, type_: str) -> Iterator[LiveResource]:
        """Yield the deployed resources of a CloudFormation type."""
        for stack in self.stacks:
            for logical_id, (found, physical_id) in sorted(stack.resources.items()):
                if found == type_ and physical_id:
                    yield LiveResource(stack, logical_id, physical_id)
