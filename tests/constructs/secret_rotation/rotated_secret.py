"""A secret of moto's that rotates as Secrets Manager has it: step by step, each until it ends."""

import base64
import json
import logging
import traceback
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import boto3
from botocore.stub import Stubber
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from runbook_constructs.secret_rotation.handler.steps import Strategy, rotate
from tests.constructs.release_gate.faults import CrashedError, Fault, Faulty

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
START = datetime(2026, 11, 22, 9, 30, 15, 250_000, tzinfo=UTC)
# Secrets Manager does not tell how often it tries; a fault that ends, ends within these.
TRIES = 3
KEY_ARN = "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_NUMBERS = count(1)


@dataclass
class RotatedSecret:
    """The secret, the clock, and all that the function ever said."""

    manager: Any
    first: str
    strategy: Callable[["RotatedSecret"], Strategy]
    now: datetime = START
    fault: Fault | None = None
    calls: list[tuple[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    # After each delivery of a step, with the value that is current then.
    watch: Callable[[str], None] = lambda _: None

    def __post_init__(self) -> None:
        name = f"rovn/production/secret-{next(_NUMBERS)}"
        self.arn = self.manager.create_secret(Name=name, SecretString=self.first)["ARN"]

    def begin(self) -> str:
        """Let Secrets Manager begin a rotation: a pending version without a value."""
        kept: Any = get_backend("secretsmanager")[DEFAULT_ACCOUNT_ID][self.manager.meta.region_name]
        # By RotateSecret moto would go through all the steps itself, or leave them all out.
        secret, version = kept.secrets[self.arn], str(uuid.uuid4())
        secret.rotation_requested = secret.rotation_enabled = True
        secret.remove_version_stages_from_old_versions(["AWSPENDING"])
        secret.versions[version] = {
            "createdate": self.now.timestamp(),
            "version_id": version,
            "version_stages": ["AWSPENDING"],
        }
        return version

    def step(self, name: str, version: str) -> bool:
        """Deliver a step once; say whether it ended well."""
        event = {"SecretId": self.arn, "ClientRequestToken": version, "Step": name}
        try:
            rotate(event, Faulty(self, "secretsmanager", self.manager), self.strategy(self))
        except (CrashedError, Exception) as error:  # noqa: BLE001 - Lambda takes each for a failure
            self.said.extend(traceback.format_exception(error))
            self.said.append(repr(vars(error)))
            return False
        finally:
            self.watch(self.current)
        return True

    def go_on(self, version: str) -> bool:
        """Deliver the steps, each until it ended well or its tries are over."""
        return all(any(self.step(name, version) for _ in range(TRIES)) for name in STEPS)

    def rotated(self) -> str:
        """Rotate without faults, and give the new value."""
        assert self.go_on(self.begin())
        return self.current

    @property
    def current(self) -> str:
        found = self.manager.get_secret_value(SecretId=self.arn, VersionStage="AWSCURRENT")
        return str(found["SecretString"])

    def version(self, stage: str) -> str:
        [version] = [name for name, stages in self._versions().items() if stage in stages]
        return version

    def _versions(self) -> dict[str, list[str]]:
        return dict(self.manager.describe_secret(SecretId=self.arn)["VersionIdsToStages"])


class Heard(logging.Handler):
    """Keeps every log record of the process, as it would be written."""

    def __init__(self, secret: RotatedSecret) -> None:
        super().__init__(logging.INFO)
        self._secret = secret

    def emit(self, record: logging.LogRecord) -> None:
        self._secret.said.append(self.format(record))


def pair(private_key: ec.EllipticCurvePrivateKey | None = None) -> dict[str, bytes]:
    """Make a key pair as KMS hands it out."""
    made = private_key or ec.generate_private_key(ec.SECP256R1())
    return {
        "PrivateKeyPlaintext": made.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        "PublicKey": made.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
    }


def kms_with(pairs: int) -> Any:  # noqa: ANN401 - boto3
    """Make a client whose KMS makes that many pairs: moto knows no GenerateDataKeyPair."""
    client: Any = boto3.client("kms", region_name="us-east-2")
    stubber = Stubber(client)
    for _ in range(pairs):
        answer = {"KeyId": KEY_ARN, "KeyPairSpec": "ECC_NIST_P256"} | pair()
        wanted = {"KeyId": KEY_ARN, "KeyPairSpec": "ECC_NIST_P256"}
        stubber.add_response("generate_data_key_pair", answer, wanted)
    stubber.activate()
    return client


def held(value: str) -> dict[str, Any]:
    """Read a value; one that is the token itself as if it were a document."""
    return dict(json.loads(value)) if value.startswith("{") else {"token": value}


def secrets_of(values: list[str]) -> Iterator[str]:
    """List what nobody may ever read in an output: tokens and private keys, whole and in part."""
    for value in values:
        document = held(value)
        for key in document.get("keys", ()):
            if "private" in key:
                # The 32 bytes themselves, in whichever notation.
                scalar = base64.b64decode(key["private"])[36:68]
                yield from (key["private"], scalar.hex(), str(int.from_bytes(scalar, "big")))
        for name in ("token", "previous"):
            if document.get(name):
                yield document[name]
                yield document[name][:16]
