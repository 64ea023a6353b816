"""The lists about secrets: who rotates, reads, replaces and edits each (ROVN-SEC-3, ROVN-SEC-6)."""

from runbook.access.names import Names
from runbook.access.roles import (
    IDENTITY_EVENTS,
    SECRET_AGES,
    SECRET_READERS,
    SECRET_RESTART,
    SECRET_RESTART_EVENTS,
)
from runbook.model.environment import IDENTITY_REGION


class SecretPrincipals(Names):
    """ARNs of those who act on secrets, or because of them."""

    def rotation(self, secret: str) -> str:
        """Write the role of the function that rotates one secret; both have one name."""
        return self.role(self.named(f"rotate-{secret}"))

    @property
    def rotations(self) -> tuple[str, ...]:
        """The functions that rotate secrets: every secret has one that a machine can make."""
        return tuple(self.rotation(name) for name in self.environment.rotating_secrets)

    @property
    def secret_restart(self) -> str:
        """The state machine that restarts who reads a secret after its rotation."""
        return self.role(self.named(SECRET_RESTART))

    @property
    def secret_restart_events(self) -> str:
        """EventBridge, which starts that state machine when a secret has a new value."""
        return self.role(self.named(SECRET_RESTART_EVENTS))

    @property
    def secret_ages(self) -> str:
        """The function that measures how old each secret is."""
        return self.role(self.named(SECRET_AGES))

    @property
    def secret_readers(self) -> str:
        """The function that looks who is granted a secret outside its list."""
        return self.role(self.named(SECRET_READERS))

    @property
    def identity_events(self) -> str:
        """EventBridge in IAM's region, which hands events on to the environment's own."""
        return self.role(self.named(IDENTITY_EVENTS))

    @property
    def _functions_of_secrets(self) -> tuple[str, ...]:
        return (*self.rotations, self.secret_ages, self.secret_readers)

    @property
    def _forwarding(self) -> tuple[str, ...]:
        """What hands IAM's events on; nothing where they come in the environment's own region."""
        away = self.environment.region != IDENTITY_REGION
        return (self.identity_events,) if away else ()

    @property
    def around_secrets(self) -> tuple[str, ...]:
        """What rotates secrets, restarts who reads them, and looks at ages and readers."""
        restarts = (self.secret_restart, self.secret_restart_events)
        return (*self._functions_of_secrets, *restarts, *self._forwarding)

    def may_read(self, secret: str) -> tuple[str, ...]:
        """Who may read a secret's value: its consumers' execution roles and break-glass.

        CloudFormation reads the database's master, once, to create the instance with it, and the
        pager's address, to subscribe it to topics, in either region that has some; who deploys
        reads the tokens by which a rollback asks for the error rate (ROVN-RB-1).
        """
        consumers = tuple(self._consumer(c) for c in self.environment.secrets[secret].consumers)
        asks = (self.deploy_identity,) if secret in self.environment.operators_tokens else ()
        rotates = (*self._rotates(secret), *self._uses_master(secret))
        makes = (*self._creator(secret), *self._subscribes(secret))
        return (*consumers, *makes, *rotates, *asks, *self.break_glass)

    def may_write(self, secret: str) -> tuple[str, ...]:
        """Who may replace a secret's value: its rotation function, and break-glass.

        CloudFormation adds the instance's address to the database's master.
        """
        return (*self._creator(secret), *self._rotates(secret), *self.break_glass)

    @property
    def may_edit_secrets(self) -> tuple[str, ...]:
        """Who may change everything else of a secret: its key, its policy, its tags."""
        return (self.cdk_role("cfn-exec", self.environment.region), *self.break_glass)

    def _creator(self, secret: str) -> tuple[str, ...]:
        role = self.cdk_role("cfn-exec", self.environment.region)
        return (role,) if secret == self.environment.database_master else ()

    def _subscribes(self, secret: str) -> tuple[str, ...]:
        """Find who subscribes the pager: its address is resolved where the topics are."""
        if secret != self.environment.alerting.pager_secret:
            return ()
        regions = dict.fromkeys((self.environment.region, IDENTITY_REGION))
        return tuple(self.cdk_role("cfn-exec", region) for region in regions)

    def _rotates(self, secret: str) -> tuple[str, ...]:
        return (self.rotation(secret),) if secret in self.environment.rotating_secrets else ()

    def _uses_master(self, secret: str) -> tuple[str, ...]:
        """Find who logs in as the master: it alone may change the other users."""
        if secret != self.environment.database_master:
            return ()
        secrets = self.environment.secrets.items()
        return tuple(self.rotation(name) for name, s in secrets if s.mechanism == "database_user")

    def _consumer(self, consumer: str) -> str:
        """Find the execution role behind ``service`` or ``service/migrations``."""
        service, _, task = consumer.partition("/")
        roles = self.service_roles(service)
        return roles.migrations_execution if task == "migrations" else roles.execution
