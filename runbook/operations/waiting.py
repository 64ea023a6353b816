"""Waiting: how time passes, how often to ask AWS again, and a stack's events as progress."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from runbook.operations.account import advice, is_final, words
from runbook.operations.operation import UnwatchedError
from runbook.operations.services import EcsService
from runbook.operations.stacks import Event, ServiceStack, line, of_stack

POLL_SECONDS = 5.0
# Twenty polls in a row, each after botocore's own five attempts: AWS is away, not busy.
_PATIENCE = 20
_GOES_ON = "the release goes on in CloudFormation; nothing here can tell how it ends"
_ENDED = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_FAILED",
)
Tell = Callable[[str], None]
T = TypeVar("T")


class Time:
    """How an operation waits; in tests time passes only while somebody sleeps."""

    def clock(self) -> float:
        """Tell seconds, from no beginning in particular."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)

    def looks(self, seconds: float, every: float = POLL_SECONDS) -> Iterator[bool]:
        """Yield now, and again after ``every`` seconds; True for the last look, at the end."""
        deadline = self.clock() + seconds
        while self.clock() < deadline:
            yield False
            self.sleep(max(0.0, min(every, deadline - self.clock())))
        yield True


REAL_TIME = Time()


class Patience:
    """Asks AWS on while it does not answer: what was begun goes on, seen or not.

    ``goes_on`` says what does; ``watch`` is the command that goes on watching.
    """

    def __init__(self, tell: Tell, *, goes_on: str, watch: str) -> None:
        self._tell, self._goes_on, self._watch = tell, goes_on, watch
        self._lost = 0

    def ask(self, look: Callable[[], T]) -> T | None:
        """Look; None when nobody answered. Raises ``UnwatchedError`` when AWS stays away."""
        try:
            found = look()
        except (ClientError, BotoCoreError) as error:
            self._lost += 1
            # What may not be asked is refused again; expired credentials stay expired.
            if self._lost >= _PATIENCE or is_final(error):
                raise UnwatchedError(
                    f"AWS does not answer: {words(error)}",
                    why=[self._goes_on],
                    fix=f"{advice(error)}, or watch it with: {self._watch}",
                ) from None
            self._tell(f"AWS did not answer, asking again: {words(error)}")
            return None
        self._lost = 0
        return found


class StackWatch:
    """Follows one update of a stack to its end.

    ``marker`` is the id of the newest event before the update; without it the events of the
    update that is under way are followed from its beginning.
    """

    def __init__(
        self,
        stack: ServiceStack,
        service: EcsService,
        *,
        marker: str,
        timeout_seconds: float,
        time: Time = REAL_TIME,
    ) -> None:
        self._stack, self._service = stack, service
        self._marker, self._timeout = marker, timeout_seconds
        self._time = time
        self._seen: list[Event] = []

    def to_the_end(self, tell: Tell, *, watch: str) -> str:
        """Wait, telling each event; return the stack's last status.

        Raises ``UnwatchedError`` when time is up or AWS stays away; ``watch`` is the
        command that goes on watching.
        """
        patience = Patience(tell, goes_on=_GOES_ON, watch=watch)
        for _ in self._time.looks(self._timeout):
            ended = patience.ask(lambda: self._look(tell))
            if ended:
                return ended
        raise UnwatchedError(
            f"the stack is not done after {self._timeout / 60:.0f} minutes",
            why=[_GOES_ON],
            fix=f"watch it with: {watch}",
        )

    def _look(self, tell: Tell) -> str | None:
        new = self._stack.events(self._marker)
        for event in new:
            tell(line(event))
        self._seen += new
        if new:
            self._marker = str(new[-1]["EventId"])
        stack = self._stack.describe()
        status = str(stack["StackStatus"]) if stack else "DELETE_COMPLETE"
        # Just after the start the stack may still show how its last update ended.
        own = [event["ResourceStatus"] for event in self._seen if of_stack(event)]
        return status if status in _ENDED and own[-1:] == [status] else None

    def why(self) -> list[str]:
        """Say what failed: the stack's own events, and what ECS says of its deployment."""
        reasons = [line(e) for e in self._seen if _failed(e)]
        return [*reasons, *self._deployment()] or ["the stack's events name no reason"]

    def _deployment(self) -> Iterator[str]:
        try:
            deployment: Mapping[str, Any] | None = self._service.last_deployment()
        except (ClientError, BotoCoreError) as error:
            yield f"the service's deployment cannot be read: {words(error)}"
            return
        if not deployment or deployment.get("status") in ("SUCCESSFUL", None):
            return
        stage = deployment.get("lifecycleStage")
        said = deployment.get("statusReason") or "no reason given"
        at = f" at {stage}" if stage else ""
        yield f"service deployment {deployment['status']}{at}: {said}"
        rollback = deployment.get("rollback") or {}
        if rollback.get("reason"):
            yield f"service deployment rolled back: {rollback['reason']}"


def _failed(event: Event) -> bool:
    """Pick causes; resources that were only cancelled with them are none."""
    status, reason = str(event.get("ResourceStatus")), str(event.get("ResourceStatusReason"))
    return status.endswith("_FAILED") and "cancelled" not in reason.lower()
