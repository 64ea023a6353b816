"""What an operation is: what it has to answer, how it can end, what the operator agreed to."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, IntEnum, auto
from types import MappingProxyType
from typing import Any

from botocore.exceptions import ClientError

from runbook.operations.account import is_denied
from runbook.operations.preview import Preview


class Exit(IntEnum):
    """Exit codes of every command that writes."""

    DONE = 0
    FAILED = 1
    REFUSED = 2
    INTERRUPTED = 130


class Begun(Enum):
    """Whether an operation has changed anything yet, as far as it can know."""

    NO = auto()
    # The call that begins it was sent, and nothing came back that settles it.
    PERHAPS = auto()
    YES = auto()


class OperationFailedError(Exception):
    """It was begun and did not end well: what, why, and what to do now."""

    outcome = "failed"

    def __init__(self, what: str, *, why: Sequence[str], fix: str) -> None:
        self.what, self.why, self.fix = what, tuple(why), fix
        super().__init__(what)


class NotBegunError(OperationFailedError):
    """It could not begin: somebody else was first, and nothing was changed."""

    outcome = "not begun"


class UnwatchedError(OperationFailedError):
    """It was begun, and goes on where nobody here sees how it ends."""

    outcome = "not watched to its end"


@dataclass(frozen=True)
class Consent:
    """What the operator agreed to on the command line."""

    yes: bool = False
    accept_changes: bool = False


class Operation(ABC):
    """Something that changes production; each step may be run again after a crash."""

    kind: str
    title: str
    # The whole command that does it, as somebody types it.
    command: str
    # What goes on when nobody watches any more, and the command that watches it.
    without_you: str
    watch: str
    # Whether it is done even when nothing can be recorded: what only holds back, or goes back.
    unrecorded_goes_on: bool = False
    # What to do first where more would change than the operation is for.
    before_unexpected: str = "deploy the infrastructure first"
    # Both kept up to date by ``execute``: words and records rely on them, however it ends.
    begun = Begun.NO
    so_far: Mapping[str, Any] = MappingProxyType({})

    @property
    def next(self) -> str:
        """Name the command that comes after it."""
        return self.watch

    def decided(self) -> None:
        """Hear that the operator agreed, before anything is recorded or changed."""
        return

    @contextmanager
    def beginning(self) -> Iterator[None]:
        """Make the call that begins it within: one that was denied for certain begins nothing.

        What has begun by an earlier call stays begun.
        """
        if self.begun is Begun.YES:
            yield
            return
        self.begun = Begun.PERHAPS
        try:
            yield
        except ClientError as error:
            if is_denied(error):
                self.begun = Begun.NO
            raise
        self.begun = Begun.YES

    @abstractmethod
    def preview(self) -> Preview:
        """Say what would change. Raises ``RefusedError`` for what cannot be asked."""

    @abstractmethod
    def execute(self, tell: Callable[[str], None]) -> None:
        """Change it and wait; raises ``OperationFailedError``."""

    @abstractmethod
    def verify(self) -> Mapping[str, Any]:
        """Read what is there now; raises ``OperationFailedError`` when it is not as wanted."""
