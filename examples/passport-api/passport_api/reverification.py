"""Verifications whose source failed are tried again, in the order they came.

The queue lives in the task: the service may create nothing in its database. What waits when a task
stops is lost, which is why the caller is told "pending" and asks again.
"""

import asyncio
import logging
from collections import deque

from passport_api.events import Event, log_event
from passport_api.settings import Settings
from passport_api.source_registry import SourceAdapterError, SourceRegistry

SOURCE = "licence_registry"


class QueueFullError(Exception):
    """No more verifications can wait; the caller must come back later."""


def log_source_error(error: SourceAdapterError) -> None:
    """Write the event that the source adapter's alarm counts."""
    log_event(
        Event.SOURCE_ADAPTER_ERROR,
        "the source gave no usable answer",
        level=logging.WARNING,
        source=SOURCE,
        reason=error.reason,
        error=error,
    )


class ReverifyQueue:
    """NPIs that wait for the registry, each once, and the worker that asks again."""

    def __init__(self, registry: SourceRegistry, settings: Settings) -> None:
        self._registry = registry
        self._interval = settings.reverify_interval_seconds
        self.limit = settings.reverify_queue_limit
        self._waiting: deque[str] = deque()

    @property
    def depth(self) -> int:
        """How many verifications wait."""
        return len(self._waiting)

    def add(self, npi: str) -> None:
        """Let `npi` wait; raises ``QueueFullError`` at the limit."""
        if npi in self._waiting:
            return
        if self.depth >= self.limit:
            raise QueueFullError
        self._waiting.append(npi)
        self._log_depth()

    async def run(self) -> None:
        """Ask again every interval until cancelled; reports the depth each time, zero too."""
        while True:
            await asyncio.sleep(self._interval)
            await self._ask_again()
            self._log_depth()

    async def _ask_again(self) -> None:
        # Stops at the first failure: a source that is down gets one request an interval.
        while self._waiting:
            try:
                await self._registry.licence_state(self._waiting[0])
            except SourceAdapterError as error:
                log_source_error(error)
                return
            self._waiting.popleft()

    def _log_depth(self) -> None:
        log_event(Event.REVERIFY_QUEUE, "verifications wait for their source", depth=self.depth)
