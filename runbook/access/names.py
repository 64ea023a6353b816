"""What an environment's identities are called: by convention, so that lists and stacks agree."""

from dataclasses import dataclass

from runbook.access.roles import QUALIFIER, GateRoles, ServiceRoles
from runbook.model.environment import Environment


@dataclass(frozen=True)
class Names:
    """ARNs of one environment's roles, users and policies."""

    environment: Environment

    @property
    def deploy_identity(self) -> str:
        """The one programmatic identity that starts deploys."""
        deploy = self.environment.deploy
        kind = "role" if deploy.identity == "oidc_role" else "user"
        return self._iam(kind, deploy.identity_name)

    @property
    def break_glass(self) -> tuple[str, ...]:
        """People, in an emergency."""
        return tuple(self.role(name) for name in self.environment.deploy.break_glass_roles)

    @property
    def root(self) -> str:
        """The account's root user."""
        return f"arn:aws:iam::{self.environment.account}:root"

    @property
    def service_names(self) -> tuple[str, ...]:
        """Name the services as the documents do: ECS service, task family, repository."""
        return tuple(service.name for service in self.environment.services.values())

    def named(self, what: str) -> str:
        """Name something of this environment by the convention."""
        return f"{self.environment.slug}-{what}"

    def role(self, name: str) -> str:
        """Write a role of the environment's account."""
        return self._iam("role", name)

    def policy(self, name: str) -> str:
        """Write a managed policy of the environment's account."""
        return self._iam("policy", name)

    def service_roles(self, service: str) -> ServiceRoles:
        """Write the roles of one service of the environment file."""
        return ServiceRoles(
            execution=self.role(self.named(f"{service}-execution")),
            task=self.role(self.named(f"{service}-task")),
            migrations_execution=self.role(self.named(f"{service}-migrations-execution")),
            migrations_task=self.role(self.named(f"{service}-migrations-task")),
            traffic=self.role(self.named(f"{service}-traffic")),
        )

    def gate_roles(self, service: str) -> GateRoles:
        """Write the roles of one service's gate; functions and state machine have their names."""
        return GateRoles(
            hook=self.role(self.named(f"{service}-gate")),
            probe=self.role(self.named(f"{service}-probe")),
            machine=self.role(self.named(f"{service}-migrate")),
            steps=self.role(self.named(f"{service}-migrate-steps")),
            invoke=self.role(self.named(f"{service}-hooks")),
        )

    @property
    def gated(self) -> tuple[str, ...]:
        """Name the services that have a gate: the blue/green ones."""
        services = self.environment.services.items()
        return tuple(name for name, service in services if service.strategy == "blue_green")

    def cdk_role(self, kind: str, region: str) -> str:
        """Write a role of the CDK's bootstrap, such as ``deploy`` or ``cfn-exec``."""
        place = f"{self.environment.account}-{region}"
        return self.role(f"cdk-{QUALIFIER}-{kind}-role-{place}")

    def cdk_roles(self, kind: str) -> tuple[str, ...]:
        """Write a role of the CDK's bootstrap in each region of the environment."""
        return tuple(self.cdk_role(kind, region) for region in self.environment.regions)

    def _iam(self, kind: str, name: str) -> str:
        return f"arn:aws:iam::{self.environment.account}:{kind}/{name}"
