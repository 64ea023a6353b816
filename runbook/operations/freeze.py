"""The release freeze of an environment: while it is in force nothing is released."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from botocore.exceptions import ClientError

from runbook.model.environment import Environment
from runbook.model.refusal import Refusal
from runbook.operations.account import Account, advice, code_of, words

_TEXTS = ("by", "reason", "since")


@dataclass(frozen=True)
class Freeze:
    """Whether releases are frozen, who said so, why, and since when (RFC 3339, UTC)."""

    frozen: bool
    by: str = ""
    reason: str = ""
    since: str = ""

    @property
    def value(self) -> str:
        """Write it as the parameter holds it, and the gate reads it."""
        return json.dumps(asdict(self), sort_keys=True)

    def __str__(self) -> str:
        """Say it in words."""
        if not self.frozen:
            return "releases are open"
        by, since = self.by or "somebody", self.since or "an unknown time"
        return f"{by} froze releases at {since}: {self.reason or 'no reason given'}"


class UnreadableFreezeError(Exception):
    """Nobody can say whether releases are frozen, so they count as frozen; ``fix`` says more."""

    fix = "deploy the stack of the release gate, which makes it, or repair its value"


class NoFreezeError(UnreadableFreezeError):
    """The stack that makes the parameter is not there."""


class UnansweredFreezeError(UnreadableFreezeError):
    """AWS refused to tell, as ``error`` says: the value itself may be as good as ever."""

    def __init__(self, error: ClientError) -> None:
        self.error, self.fix = error, advice(error)
        super().__init__(words(error))


def parameter_name(environment: Environment) -> str:
    """Name the parameter that holds it."""
    return f"/{environment.name}/release-freeze"


def read_freeze(account: Account) -> Freeze:
    """Read it; raises ``UnreadableFreezeError`` with the reason."""
    name = parameter_name(account.environment)
    try:
        text = account.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
        state = json.loads(text)
        frozen = state["frozen"]
    except ClientError as error:
        if code_of(error) == "ParameterNotFound":
            raise NoFreezeError("it is not there") from None
        raise UnansweredFreezeError(error) from None
    except (ValueError, KeyError, TypeError):
        raise UnreadableFreezeError('its value is not JSON with "frozen"') from None
    return Freeze(frozen is not False, *(str(state.get(key) or "") for key in _TEXTS))


def freeze_refusals(account: Account) -> Iterator[Refusal]:
    """Say that a freeze is in force; one that cannot be read is in force, too."""
    try:
        freeze = read_freeze(account)
    except UnreadableFreezeError as why:
        yield unreadable(account.environment, why)
        return
    if freeze.frozen:
        yield Refusal(
            "release freeze", str(freeze), "wait until it is lifted; a rollback is not bound by it"
        )


def unreadable(environment: Environment, why: UnreadableFreezeError) -> Refusal:
    """Refuse what needs to know."""
    name = parameter_name(environment)
    return Refusal(
        "release freeze",
        f"the parameter {name} cannot be read, so releases count as frozen: {why}",
        why.fix,
    )
