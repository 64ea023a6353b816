"""What an operator wants of a rotation, whoever makes the value."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from runbook.operations.preview import Change
from runbook.operators.consumers import Consumers

Now = Callable[[], datetime]


def utc_now() -> datetime:
    """Tell the time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Wanted:
    """Which secret, and why.

    ``now``: also one that is not due yet. ``exposed``: until the exposed value works nowhere;
    ``exposed_version`` names it when a run that broke off goes on. ``timeout_minutes`` is that of
    one restart.
    """

    secret: str
    now: bool = False
    exposed: bool = False
    exposed_version: str = ""
    timeout_minutes: float = 150.0


def changes(before: str, after: str, consumers: Consumers) -> list[Change]:
    """List what a rotation changes: the version in use, and the tasks that read it."""
    tasks = [
        Change(f"tasks of {key}", "running", "as many new ones", expected=True)
        for key in consumers.services
    ]
    return [Change("value", f"version {before}", after, expected=True), *tasks]
