"""What a reader makes of an event, and how it says that it does not know one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Any
STARTED, SUCCEEDED, FAILED = "started", "succeeded", "failed"
# Refused by IAM; refused by the gate; ended by somebody; neither a beginning nor an end; not
# understood.
DENIED, REFUSED, STOPPED, NOTED, UNKNOWN = "denied", "refused", "stopped", "noted", "unknown"
# How Step Functions calls the states of an execution.
EXECUTION = {
    "ABORTED": STOPPED,
    "FAILED": FAILED,
    "PENDING_REDRIVE": FAILED,
    "RUNNING": STARTED,
    "SUCCEEDED": SUCCEEDED,
    "TIMED_OUT": FAILED,
}


class UnknownShapeError(Exception):
    """The event lacks what its kind has: it is recorded as it is."""


@dataclass(frozen=True)
class Facts:
    """What a record says beside where it is from.

    ``event_id`` and ``time`` are given where the event's own are not the envelope's.
    """

    kind: str
    outcome: str
    actor: Mapping[str, Json] | None = None
    before: Mapping[str, Json] | None = None
    after: Mapping[str, Json] | None = None
    detail: Mapping[str, Json] = field(default_factory=dict)
    event_id: str = ""
    time: str = ""


def text(value: Json, *path: str) -> str:
    """Read a text at a path; raises ``UnknownShapeError`` when there is none."""
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    if not isinstance(value, str) or not value:
        raise UnknownShapeError(".".join(path))
    return value


def only(value: Json, *names: str) -> dict[str, Json]:
    """Keep of an object the plain values under these names."""
    return {
        name: value[name]
        for name in names
        if isinstance(value, Mapping) and isinstance(value.get(name), str | int | float | bool)
    }


def service(name: str) -> dict[str, str]:
    """Name a service of AWS as the one that acted."""
    return {"type": "AWSService", "id": f"{name}.amazonaws.com"}
