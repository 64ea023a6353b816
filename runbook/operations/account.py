"""The one door to AWS: clients that read, and write only while the protocol executes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from runbook.model.environment import Environment
from runbook.model.refusal import Refusal, RefusedError

# Clients are made from the services' models at run time: no type says what they have.
Client = Any
CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=3, read_timeout=10)
_READS = ("BatchGet", "Describe", "Get", "List")
# A change set is a preview: until it is executed it changes nothing that runs.
_PREVIEWS = frozenset({"CreateChangeSet", "DeleteChangeSet"})
# No operation needs a secret's value but its own token, and whoever prints an error has none.
_NEVER = frozenset({"BatchGetSecretValue", "GetSecretValue"})
# In the codes and names of errors that better credentials mend.
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
_SIGN_IN = ("Credential", "Profile", "Signature", "Token", "UnrecognizedClient")


class WriteOutsideProtocolError(Exception):
    """A call that changes something was made outside the protocol: a mistake in our own code."""


class Account:
    """AWS as one environment's account and region show it.

    Every client of it refuses to write, except within ``writing``, which the protocol alone opens
    (tests/operations/test_no_way_around.py): a command has no other way to AWS.
    """

    def __init__(self, environment: Environment, session: boto3.Session | None = None) -> None:
        self.environment = environment
        self._session = session
        self._clients: dict[tuple[str, str], Client] = {}
        self._making = threading.Lock()
        self._open = False
        self._token = ""

    def client(self, service: str, region: str = "") -> Client:
        """Make or reuse the client of a service, such as ``ecs``, by itself in the home region.

        Several threads may ask: the clients themselves are safe to share, making them is not.
        """
        place = (service, region or self.environment.region)
        with self._making:
            if place not in self._clients:
                # Not before it is needed: a profile that is not there is told like any refusal.
                self._session = self._session or boto3.Session()
                client = self._session.client(  # type: ignore[call-overload]
                    service, region_name=place[1], config=CONFIG
                )
                client.meta.events.register_first("provide-client-params.*.*", self._guard)
                self._clients[place] = client
            return self._clients[place]

    def identity(self) -> str:
        """Ask STS who we are: the ARN of the session, which names the person or the build.

        Raises ``RefusedError`` in another account: what is missing there says nothing about here.
        """
        found = self.client("sts").get_caller_identity()
        ours = self.environment.account
        if found["Account"] != ours:
            refusal = Refusal(
                "account",
                f"these credentials are of the account {found['Account']}, and "
                f"{self.environment.name} is in {ours}",
                f"sign in to {ours}, then run the same command again",
            )
            raise RefusedError(self.environment.name, [refusal])
        return str(found["Arn"])

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let calls write, until the block ends."""
        self._open = True
        try:
            yield
        finally:
            self._open = False

    @contextmanager
    def letting_read(self, secret: str) -> Iterator[str]:
        """Let one token that operators themselves use be read, until the block ends.

        ``secret`` is its key in [secrets]; gives the secret's name.
        """
        self._token = f"{self.environment.name}/{secret}"
        try:
            yield self._token
        finally:
            self._token = ""

    def _guard(self, params: Any, model: Any, **_: object) -> None:  # noqa: ANN401 - botocore calls it
        name = model.name
        if name == "GetSecretValue" and self._token and params.get("SecretId") == self._token:
            return
        harmless = name.startswith(_READS) or name in _PREVIEWS
        if name in _NEVER or not (harmless or self._open):
            raise WriteOutsideProtocolError(f"{name} was called outside the protocol")


def code_of(error: Exception) -> str:
    """Tell the code of an error of AWS, such as ``AccessDenied``; empty for any other."""
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""


def is_denied(error: Exception) -> bool:
    """Tell an error that says for certain that nothing was done: this identity may not."""
    return code_of(error) in _DENIED


def words(error: ClientError | BotoCoreError) -> str:
    """Say an error of AWS in one line: what was asked, what came back."""
    if isinstance(error, ClientError):
        told = error.response["Error"]
        return f"{error.operation_name}: {told.get('Code')}: {told.get('Message')}"
    return f"{type(error).__name__}: {error}"


def advice(error: ClientError | BotoCoreError) -> str:
    """Say what to do about an error of AWS."""
    code = code_of(error) or type(error).__name__
    if code in _DENIED:
        return "use the deploy identity, or a break-glass role; docs/decisions/0015 says who may"
    if any(word in code for word in _SIGN_IN):
        return "sign in to the environment's account, then run the same command again"
    if "Throttl" in code or "Rate" in code:
        return "wait a minute, then run the same command again: it begins where it stands"
    return "run the same command again: it begins where it stands"
