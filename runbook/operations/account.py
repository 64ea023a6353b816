"""The one door to AWS: clients that read, and write only while the protocol executes."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from runbook.model.environment import Environment
from runbook.model.refusal import Refusal, RefusedError

# Clients are made from the services' models at run time: no type says what they have.
Client = Any
CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=3, read_timeout=10)
_READS = ("BatchGet", "Describe", "Get", "List")
# A change set is a preview: until it is executed it changes nothing that runs.
_PREVIEWS = frozenset({"CreateChangeSet", "DeleteChangeSet"})
# No operation needs a secret's value but ``letting_read``, and whoever prints an error has none.
_NEVER = frozenset({"BatchGetSecretValue", "GetSecretValue"})
# In the codes and names of errors that better credentials mend.
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
_SIGN_IN = (
    "AuthFailure",
    "Credential",
    "InvalidAccessKeyId",
    "Profile",
    "RequestExpired",
    "Signature",
    "Token",
    "UnrecognizedClient",
)
# Names of errors that the files and variables of this machine give, before anybody is asked.
_SETTINGS = ("Config", "Partial", "Settings")
# What the deploy identity may not, but people in an emergency (runbook/access/principals.py).
_PEOPLE_ALONE = frozenset(
    {"GetSecretValue", "LookupEvents", "PutSecretValue", "RotateSecret", "UpdateSecretVersionStage"}
)
# Where IAM names a service or an action otherwise than the SDK does.
_IAM_SERVICES = {"monitoring": "cloudwatch"}
_IAM_ACTIONS = {"ListObjectsV2": "ListBucket"}


class WriteOutsideProtocolError(Exception):
    """A call that changes something was made outside the protocol: a mistake in our own code."""


class UnusableSettingsError(BotoCoreError):
    """The SDK's settings on this machine are such that no client can be made of them."""

    fmt = "{why}"


class Account:
    """AWS as one environment's account and region show it.

    Every client of it refuses to write, except within ``writing``, which the protocol alone opens
    (tests/operations/test_no_way_around.py): a command has no other way to AWS.
    """

    def __init__(
        self,
        environment: Environment,
        session: boto3.Session | None = None,
        *,
        profile: str = "",
    ) -> None:
        self.environment = environment
        self._session, self._profile = session, profile
        self._clients: dict[tuple[str, str], Client] = {}
        self._making = threading.Lock()
        self._open = False
        self._token = self._actor = ""

    @property
    def where(self) -> str:
        """Name the environment, its account and its region: nobody works in the wrong one."""
        environment = self.environment
        return f"{environment.name} (account {environment.account}, {environment.region})"

    def client(self, service: str, region: str = "") -> Client:
        """Make or reuse the client of a service, such as ``ecs``, by itself in the home region.

        Several threads may ask: the clients themselves are safe to share, making them is not.
        """
        place = (service, region or self.environment.region)
        with self._making:
            if place not in self._clients:
                client = self._new_client(*place)
                client.meta.events.register_first("provide-client-params.*.*", self._guard)
                client.meta.events.register("after-call.*.*", self._name_who)
                self._clients[place] = client
            return self._clients[place]

    def _new_client(self, service: str, region: str) -> Client:
        try:
            # Not before it is needed: a profile that is not there is told like any refusal.
            self._session = self._session or (
                boto3.Session(profile_name=self._profile) if self._profile else boto3.Session()
            )
            return self._session.client(  # type: ignore[call-overload]
                service, region_name=region, config=CONFIG
            )
        except (OSError, ValueError) as error:
            # Of a credential process that is not there, a number that is none, and the like. A
            # value that cannot be read is not repeated: it may be half of a key.
            why = error.strerror if isinstance(error, OSError) else "a value has not its form"
            raise UnusableSettingsError(why=f"{type(error).__name__}: {why}") from None

    def identity(self) -> str:
        """Ask STS, once, who we are: the ARN of the session, which names the person or the build.

        Raises ``RefusedError`` in another account: what is missing there says nothing about here.
        """
        if self._actor:
            return self._actor
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
        self._actor = str(found["Arn"])
        return self._actor

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
        """Let one secret be read, until the block ends.

        It is a token that operators themselves use, or one whose new value they bring and that has
        to differ (docs/decisions/0036). ``secret`` is its key in [secrets]; gives its name.
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

    def _name_who(self, parsed: Any, model: Any, **_: object) -> None:  # noqa: ANN401 - as above
        """Let a refusal name the action and who was refused, where AWS itself does not."""
        error = parsed.get("Error") or {}
        said = str(error.get("Message", ""))
        if error.get("Code") in _DENIED and "not authorized" not in said:
            signed = model.service_model.signing_name
            service = _IAM_SERVICES.get(signed, signed)
            action = _IAM_ACTIONS.get(model.name, model.name)
            who = self._actor or "this identity"
            error["Message"] = f"{said} ({who} may not {service}:{action})"


def code_of(error: Exception) -> str:
    """Tell the code of an error of AWS, such as ``AccessDenied``; empty for any other."""
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""


def is_denied(error: Exception) -> bool:
    """Tell an error that says for certain that nothing was done: this identity may not."""
    return code_of(error) in _DENIED


def is_final(error: ClientError | BotoCoreError) -> bool:
    """Tell an error that asking again cannot mend: who asks may not, or is not signed in."""
    return _any_of((*_DENIED, *_SIGN_IN, *_SETTINGS), error)


def words(error: ClientError | BotoCoreError) -> str:
    """Say an error of AWS in one line: what was asked, what came back."""
    if isinstance(error, ClientError):
        told = error.response["Error"]
        return _one_line(f"{error.operation_name}: {told.get('Code')}: {told.get('Message')}")
    # Python repeats a header that cannot be sent, and the session's token is sent in one.
    shown, _, _ = str(error).partition("Invalid header value")
    hidden = "a header cannot be sent as it is" * (shown != str(error))
    return _one_line(f"{type(error).__name__}: {shown}{hidden}")


def advice(error: ClientError | BotoCoreError) -> str:
    """Say what to do about an error of AWS."""
    code = _kind(error)
    if code in _DENIED and getattr(error, "operation_name", "") in _PEOPLE_ALONE:
        return "use a break-glass role; docs/decisions/0036 says who may rotate secrets"
    if code in _DENIED:
        return "use the deploy identity, or a break-glass role; docs/decisions/0015 says who may"
    if _any_of(_SETTINGS, error):
        return (
            "mend this machine's AWS settings (~/.aws/config, ~/.aws/credentials, AWS_...): "
            "`aws configure list` shows them; then run the same command again"
        )
    if _any_of(_SIGN_IN, error):
        return "sign in to the environment's account, then run the same command again"
    if isinstance(error, NoConnectionError | HTTPClientError):
        return (
            "see that this machine reaches AWS (network, VPN, proxy), then run the same command "
            "again: it begins where it stands"
        )
    if "Throttl" in code or "Rate" in code:
        return "wait a minute, then run the same command again: it begins where it stands"
    return "run the same command again: it begins where it stands"


def _kind(error: ClientError | BotoCoreError) -> str:
    return code_of(error) or type(error).__name__


def _any_of(parts: Sequence[str], error: ClientError | BotoCoreError) -> bool:
    return any(part in _kind(error) for part in parts)


def _one_line(text: str) -> str:
    return " ".join(text.split())
