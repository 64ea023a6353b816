"""Somebody who asks the service all the while, and what they were answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sandbox.rehearsal.report import Checks
from sandbox.rehearsal.service import RehearsedService


@dataclass
class Caller:
    """Somebody who asks all the time: every answer, and how many were no 200."""

    service: RehearsedService
    versions: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def ask(self) -> None:
        """Ask once."""
        try:
            status, version = self.service.health()
        except OSError as error:
            self.failures.append(str(error))
            return
        self.versions.append(version)
        if status != 200:
            self.failures.append(str(status))


@contextmanager
def asking(service: RehearsedService) -> Iterator[Caller]:
    """Ask for /health all the while, several times a second; first and last of all, too."""
    caller, ended = Caller(service), threading.Event()

    def ask() -> None:
        while not ended.wait(0.1):
            caller.ask()

    thread = threading.Thread(target=ask, daemon=True)
    caller.ask()
    thread.start()
    try:
        yield caller
    finally:
        ended.set()
        thread.join()
    caller.ask()


def check_uninterrupted(checks: Checks, caller: Caller, *, versions: set[str]) -> None:
    """Check that every answer was 200, and of these versions alone, in turn."""
    checks.same(caller.failures, [], f"failed answers among {len(caller.versions)} to a caller")
    checks.that(len(caller.versions) >= 5, "a caller asked throughout")
    checks.same(set(caller.versions), versions, "versions that answered the caller")
    changes = sum(
        one != other for one, other in zip(caller.versions, caller.versions[1:], strict=False)
    )
    checks.that(changes < len(versions) or len(versions) == 1, "traffic moved once, not to and fro")
