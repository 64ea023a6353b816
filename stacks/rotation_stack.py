"""The rotation of the environment's secrets."""

from dataclasses import dataclass

from aws_cdk import aws_iam as iam
from constructs import Construct

from runbook.access.guard_rails import SECRET_BOUNDARY
from runbook.access.principals import Principals
from runbook.model.environment import Environment
from runbook.model.rotation import rotation_logs
from runbook.model.secrets import MIGRATIONS, Secret, owner_role
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.function_statements import Place
from runbook_constructs.secret_rotation import statements as may
from runbook_constructs.secret_rotation.infrastructure import (
    Home,
    Inside,
    RotationCode,
    SecretRotation,
)
from runbook_constructs.service_network import RotationNetwork
from stacks.data_stack import DataStack
from stacks.network_stack import NetworkStack
from stacks.runbook_stack import RunbookStack
from stacks.secrets_stack import SecretsStack


@dataclass(frozen=True)
class _Needs:
    """What one mechanism's function is given beside its secret."""

    variables: dict[str, str]
    statements: list[iam.PolicyStatement]
    inside: Inside | None = None


class RotationStack(RunbookStack):
    """A function and a schedule for every secret that a machine can make (ROVN-SEC-3).

    It stands before the services: the first rotation makes the users they log in as, and the keys
    they sign with. Stateful, because it keeps the log of every rotation.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: Environment,
        network: NetworkStack,
        data: DataStack,
        secrets: SecretsStack,
    ) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="rotation",
            description="Rotation of secrets",
            stateful=True,
            boundary=SECRET_BOUNDARY,
        )
        self._environment, self._principals = environment, Principals(environment)
        self._place = Place(environment.region, environment.account)
        self._network, self._data, self._secrets = network, data, secrets
        self._inside: Inside | None = None
        home = Home(
            place=self._place,
            code=RotationCode(self, "Code").asset,
            log_prefix=rotation_logs(environment.name),
            log_key=CustomerKey(
                self,
                "LogsKey",
                alias=f"alias/{environment.slug}/rotation-logs",
                description=f"Logs of the rotation of secrets of {environment.name}",
            ),
            # As long as the trail keeps who asked for it.
            log_retention_days=environment.trail.log_retention_days,
        )
        for name in environment.rotating_secrets:
            self._rotate(name, environment.secrets[name], home)

    def _rotate(self, name: str, secret: Secret, home: Home) -> None:
        needs = self._needs(name, secret)
        arn = self._secrets.secrets[name].ref
        SecretRotation(
            self,
            name.title().replace("-", ""),
            name=name,
            secret=arn,
            schedule=secret.schedule,
            role_arn=self._principals.rotation(name),
            home=home,
            variables={"MECHANISM": secret.mechanism, **needs.variables},
            statements=[
                *may.rotate(self._place, arn, self._secrets.key.key_arn),
                *needs.statements,
            ],
            inside=needs.inside,
        )

    def _needs(self, name: str, secret: Secret) -> _Needs:
        overlap = {"OVERLAP_HOURS": str(secret.overlap_hours)}
        match secret.mechanism:
            case "database_master":
                return _Needs(self._database(), [may.make_passwords()], self._in_the_vpc())
            case "database_user":
                return self._user(name, secret)
            case "signing_key":
                key = self._envelope_key(name)
                given = overlap | {"ENVELOPE_KEY": key.key_arn}
                return _Needs(given, [may.make_key_pairs(key.key_arn)])
            case _:
                return _Needs(overlap, [])

    def _user(self, name: str, secret: Secret) -> _Needs:
        master = self._secrets.secrets[self._environment.database_master or ""].ref
        migrates = any(consumer.endswith(MIGRATIONS) for consumer in secret.consumers)
        variables = {
            "MAKES_SCHEMAS": "yes" if migrates else "no",
            "MASTER_SECRET": master,
            "OWNER_ROLE": owner_role(name),
        }
        key = self._secrets.key.key_arn
        return _Needs(
            self._database() | variables,
            [*may.log_in_as_master(self._place, master, key), may.make_passwords()],
            self._in_the_vpc(),
        )

    def _database(self) -> dict[str, str]:
        instance = self._data.database.instance
        return {
            "DATABASE_HOST": instance.db_instance_endpoint_address,
            "DATABASE_NAME": self._environment.database.database_name,
            "DATABASE_PORT": instance.db_instance_endpoint_port,
        }

    def _in_the_vpc(self) -> Inside:
        """Make the one door that those share who log in to the database."""
        if self._inside is None:
            network = RotationNetwork(
                self,
                "Network",
                vpc=self._network.vpc,
                database=self._data.database.security_group,
                endpoints=self._network.network.endpoint_group,
            )
            self._inside = Inside(self._network.vpc, network.group, network.rules)
        return self._inside

    def _envelope_key(self, name: str) -> CustomerKey:
        key = CustomerKey(
            self,
            f"{name.title().replace('-', '')}EnvelopeKey",
            alias=f"alias/{self._environment.slug}/{name}",
            description=f"Makes the key pairs of {self._environment.name}/{name}",
        )
        key.allow_key_pairs(self._principals.rotation(name), may.KEY_PAIR)
        return key
