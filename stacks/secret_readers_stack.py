"""Who may read the environment's secrets, looked at while it runs."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from runbook.access.guard_rails import SECRET_BOUNDARY
from runbook.access.principals import Principals
from runbook.access.roles import SECRET_READERS
from runbook.model.environment import Environment
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.event_rule import let_in
from runbook_constructs.secret_readers.infrastructure import SecretReaders
from stacks.records_stack import RecordsStack
from stacks.runbook_stack import RunbookStack
from stacks.secrets_stack import SecretsStack


class SecretReadersStack(RunbookStack):
    """The detector of readers outside the lists (ROVN-SEC-6).

    Its pages go to the security topic, which stands in the records stack and has its name by
    convention.
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
            part=SECRET_READERS,
            description="Who may read secrets",
            stateful=True,
            boundary=SECRET_BOUNDARY,
        )
        principals = Principals(environment)
        key = CustomerKey(
            self,
            "Key",
            alias=f"alias/{environment.slug}/{SECRET_READERS}",
            description=f"What is found of who reads secrets of {environment.name}",
            via=["sqs"],
        )
        key.allow_events()
        # What could not be looked at. Its count of messages is what to alarm on.
        dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            queue_name=f"{environment.slug}-{SECRET_READERS}-dead-letters",
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            # A create that is rolled back must free the name for the next try.
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        place = f"{environment.region}:{environment.account}"
        readers = SecretReaders(
            self,
            "Readers",
            principals=principals,
            secrets=[secret.ref for secret in secrets.secrets.values()],
            secrets_key=secrets.key.key_arn,
            topic=f"arn:aws:sns:{place}:{principals.named('security')}",
            topic_key=records.security_key.key_arn,
            key=key,
            dead_letters=dead_letters,
        )
        let_in(dead_letters, readers.rules)
