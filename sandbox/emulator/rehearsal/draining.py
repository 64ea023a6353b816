"""Requests on their way to tasks: as on AWS, a task that is taken out answers what it has first."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# As long as the balancer itself waits for an answer.
PATIENCE_SECONDS = 30


class Draining:
    """Counts the requests that are under way to each port of loopback."""

    def __init__(self) -> None:
        """Begin with none."""
        self._changed = threading.Condition()
        self._under_way: Counter[int] = Counter()

    @contextmanager
    def to(self, choose: Callable[[], int]) -> Iterator[int]:
        """Choose a port; the request counts as under way to it from that moment on."""
        with self._changed:
            port = choose()
            self._under_way[port] += 1
        try:
            yield port
        finally:
            with self._changed:
                self._under_way[port] -= 1
                self._changed.notify_all()

    def out(self, port: int, take_out: Callable[[], None]) -> None:
        """Take a port out, so that nobody chooses it any more, and wait for what it has."""
        with self._changed:
            take_out()
            self._changed.wait_for(lambda: not self._under_way[port], PATIENCE_SECONDS)


DRAINING = Draining()
