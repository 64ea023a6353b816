"""Waiting for a stack: its events as progress, how it ended, and why."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from runbook.operations.account import advice, words
from runbook.operations.operation import UnwatchedError
from runbook.operations.services import EcsService
from runbook.operations.stacks import Event, ServiceStack, line, of_stack

POLL_SECONDS = 5.0
# Twenty polls in a row, each after botocore's own five attempts: AWS is away, not busy.
_PATIENCE = 20
_ENDED = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_FAILED",
)
Clock = Callable[[], float]
Sleep = Callable[[float], None]


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
        clock: Clock = time.monotonic,
        sleep: Sleep = time.sleep,
    ) -> None:
        self._stack, self._service = stack, service
        self._marker, self._timeout = marker, timeout_seconds
        self._clock, self._sleep = clock, sleep
        self._seen: list[Event] = []

    def to_the_end(self, tell: Callable[[str], None], *, watch: str) -> str:
        """Wait, telling each event; return the stack's last status.

        Raises ``UnwatchedError`` when time is up or AWS stays away; ``watch`` is the
        command that goes on watching.
        """
        deadline, lost = self._clock() + self._timeout, 0
        while True:
            try:
                ended = self._look(tell)
                lost = 0
            except (ClientError, BotoCoreError) as error:
                lost += 1
                tell(f"AWS did not answer, asking again: {words(error)}")
                if lost >= _PATIENCE:
                    what, first = f"AWS does not answer: {words(error)}", f"{advice(error)}, or "
                    raise _unwatched(what, watch, first) from None
                ended = None
            if ended:
                return ended
            if self._clock() >= deadline:
                minutes = f"{self._timeout / 60:.0f} minutes"
                raise _unwatched(f"the stack is not done after {minutes}", watch)
            self._sleep(POLL_SECONDS)

    def _look(self, tell: Callable[[str], None]) -> str | None:
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


def _unwatched(what: str, watch: str, first: str = "") -> UnwatchedError:
    return UnwatchedError(
        what,
        why=["the release goes on in CloudFormation; nothing here can tell how it ends"],
        fix=f"{first}watch it with: {watch}",
    )
