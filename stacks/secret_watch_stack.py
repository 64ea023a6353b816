"""What follows a rotation, and how old secrets are."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from runbook.access.guard_rails import SECRET_BOUNDARY
from runbook.access.principals import Principals
from runbook.access.roles import SECRET_AGES
from runbook.model.environment import Environment
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.event_rule import let_in
from runbook_constructs.secret_ages.infrastructure import SecretAges, Told
from runbook_constructs.secret_restart.infrastructure import Consumed, SecretRestart
from runbook_constructs.secret_restart.patterns import Watched
from stacks.records_stack import RecordsStack
from stacks.runbook_stack import RunbookStack
from stacks.secrets_stack import SecretsStack


class SecretWatchStack(RunbookStack):
    """Restarts of who reads a rotated secret, and ages (ROVN-SEC-3).

    It knows services by the names that they have by convention: a rotation before their first
    release finds none, and nothing is restarted.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: Environment,
        secrets: SecretsStack,
        records: RecordsStack,
    ) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="secret-watch",
            description="What follows a rotation of secrets",
            stateful=True,
            boundary=SECRET_BOUNDARY,
        )
        self._environment = environment
        self._arns = {name: secret.ref for name, secret in secrets.secrets.items()}
        self._key = CustomerKey(
            self,
            "WatchKey",
            alias=f"alias/{environment.slug}/secret-watch",
            description=f"Logs and lost events of the secret watch of {environment.name}",
            via=["sqs"],
        )
        self._key.allow_events()
        # What nobody could deliver or measure. Its count of messages is what to alarm on.
        self._dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            queue_name=f"{environment.slug}-secret-watch-dead-letters",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=self._key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            # A create that is rolled back must free the name for the next try.
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        restart = self._add_restart()
        ages = self._add_ages(Told(records.security_topic, records.security_key))
        let_in(self._dead_letters, [*restart.rules, ages.rule])

    def _add_restart(self) -> SecretRestart:
        environment, principals = self._environment, Principals(self._environment)
        consumed = {}
        for name, secret in environment.secrets.items():
            rotates = name in environment.rotating_secrets
            watched = Watched(
                self._arns[name],
                f"{environment.name}/{name}",
                f"{environment.region}:{environment.account}",
                principals.rotation(name) if rotates else None,
            )
            services = [environment.services[key].name for key in secret.services]
            if services:
                consumed[name] = Consumed(watched, services)
        return SecretRestart(
            self,
            "Restart",
            principals=principals,
            consumed=consumed,
            key=self._key,
            dead_letters=self._dead_letters,
            log_retention_days=environment.trail.log_retention_days,
        )

    def _add_ages(self, told: Told) -> SecretAges:
        environment = self._environment
        return SecretAges(
            self,
            "Watch",
            name=Principals(environment).named(SECRET_AGES),
            environment_name=environment.name,
            secrets=environment.secrets,
            arns=self._arns,
            told=told,
            key=self._key,
            dead_letters=self._dead_letters,
            log_retention_days=environment.trail.log_retention_days,
        )
