"""Secrets Manager and PostgreSQL around the rotation functions, and faults between."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from unittest.mock import patch

import boto3
import pg8000.native
from botocore.exceptions import ClientError
from moto.secretsmanager.models import secretsmanager_backends
from pg8000.exceptions import InterfaceError

from runbook_constructs.secret_rotation.handler import entry
from runbook_constructs.secret_rotation.handler.credentials import Credential, credential
from runbook_constructs.secret_rotation.handler.database import RefusedError, Server, server
from runbook_constructs.secret_rotation.handler.steps import rotate
from tests.constructs.release_gate.faults import CrashedError, Fault, Faulty
from tests.constructs.secret_rotation.postgres import Postgres

REGION, ACCOUNT = "us-east-2", "123456789012"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
MASTER, OWNER = "keeper", "application"
_NUMBERS = count(1)
_CONNECTION = pg8000.native.Connection


def _kept(arn: str) -> Any:  # noqa: ANN401 - moto's
    """Take a secret as moto keeps it."""
    return secretsmanager_backends[ACCOUNT][REGION].secrets[arn]


@dataclass
class World:
    """What is outside the functions; ``calls`` lists service and operation of each, in order."""

    postgres: Postgres
    fault: Fault | None = None
    calls: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.boto: Any = boto3.client("secretsmanager", region_name=REGION)
        number = next(_NUMBERS)
        # A canary in every first value: it is searched for in all that is written.
        self.first = {name: f"Canary{number}{name}first" for name in ("master", "user")}
        self.postgres.begin_anew(MASTER, self.first["master"])
        self.master = self._secret(f"m{number}", MASTER, self.first["master"])
        self.user = self._secret(f"u{number}", f"{OWNER}_a", self.first["user"])

    def _secret(self, name: str, username: str, password: str) -> str:
        value = json.dumps({"username": username, "password": password})
        arn: str = self.boto.create_secret(Name=name, SecretString=value)["ARN"]
        found = _kept(arn)
        found.rotation_requested = found.rotation_enabled = True
        return arn

    @property
    def both(self) -> tuple[str, str]:
        """The secrets, by ARN."""
        return self.master, self.user

    # --- what tests do ---

    def begin(self, arn: str) -> str:
        """Begin a rotation as Secrets Manager does: a pending version without a value."""
        found = _kept(arn)
        token = f"rotation-{next(_NUMBERS):032d}"
        found.remove_version_stages_from_old_versions(["AWSPENDING"])
        found.versions[token] = {
            "createdate": 0,
            "version_id": token,
            "version_stages": ["AWSPENDING"],
        }
        return token

    def put(self, arn: str, value: str) -> None:
        """Let the current version have another value."""
        found = _kept(arn)
        for version in found.versions.values():
            if "AWSCURRENT" in version["version_stages"]:
                version["secret_string"] = value

    def switch_off(self, arn: str) -> None:
        """Let a secret no longer rotate; moto's own call wants a function for that."""
        _kept(arn).rotation_enabled = False

    def step(self, arn: str, token: str, step: str) -> None:
        """Call the function of a secret for one step."""
        event = {"SecretId": arn, "ClientRequestToken": token, "Step": step}
        secrets = self.client("secretsmanager")
        rotate(event, secrets, entry.strategy(self.variables(arn), secrets))

    def rotate(self, arn: str, token: str | None = None) -> str:
        """Rotate from the first step to the last."""
        token = token or self.begin(arn)
        for step in STEPS:
            self.step(arn, token, step)
        return token

    def variables(self, arn: str) -> dict[str, str]:
        if arn == self.master:
            return {"MECHANISM": "database_master", **self.postgres.variables}
        return {
            "MECHANISM": "database_user",
            "MASTER_SECRET": self.master,
            "OWNER_ROLE": OWNER,
            "MAKES_SCHEMAS": "no",
            **self.postgres.variables,
        }

    def versions(self, arn: str) -> dict[str, Credential]:
        """Read each stage's log-in, of those that have one."""
        found = _kept(arn)
        return {
            stage: credential(version["secret_string"])
            for version in found.versions.values()
            for stage in version["version_stages"]
            if "secret_string" in version
        }

    def values(self, arn: str) -> set[str]:
        """Every password that a secret ever had."""
        found = _kept(arn)
        texts = [v["secret_string"] for v in found.versions.values() if "secret_string" in v]
        return {credential(text).password for text in texts}

    @property
    def server(self) -> Server:
        return server(self.postgres.variables)

    def takes(self, log_in: Credential) -> bool:
        """Say whether the database takes a log-in, past all faults."""
        with patch("pg8000.native.Connection", _CONNECTION):
            try:
                self.server.log_in(log_in).connection.close()
            except RefusedError:
                return False
        return True

    # --- what the functions are given ---

    def client(self, service: str) -> Faulty:
        assert service == "secretsmanager"
        return FaultySecrets(self, service, self.boto)

    def connection(self, *given: object, **named: object) -> "FaultyConnection":
        self.met("log_in", lambda: None)
        made = _CONNECTION(*given, **named)
        return FaultyConnection(self, made)

    def met(self, operation: str, do: Callable[[], Any]) -> Any:  # noqa: ANN401 - the driver's
        """Do something with the database, unless the fault of this world hits it."""
        self.calls.append(("database", operation))
        number = [called for _, called in self.calls].count(operation)
        kind = self.fault.kind if self.fault and self.fault.hits(operation, number) else ""
        if kind == "crash before":
            raise CrashedError
        if kind == "connection lost before":
            raise InterfaceError("network error")
        done = do()
        if kind == "crash after":
            raise CrashedError
        if kind == "connection lost after":
            raise InterfaceError("network error")
        return done


class FaultySecrets(Faulty):
    """A client in which a call may be the last one even if Secrets Manager says no to it."""

    def _called(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        try:
            return super()._called(operation, arguments)
        except ClientError:
            fault = self._world.fault
            number = [called for _, called in self._world.calls].count(operation)
            if fault and fault.kind == "crash after" and fault.hits(operation, number):
                raise CrashedError from None
            raise


@dataclass
class FaultyConnection:
    """A connection in which one statement goes wrong."""

    world: World
    real: Any

    def run(self, statement: str, **parameters: str) -> Any:  # noqa: ANN401 - the driver's
        return self.world.met("run", lambda: self.real.run(statement, **parameters))

    def close(self) -> None:
        self.real.close()
