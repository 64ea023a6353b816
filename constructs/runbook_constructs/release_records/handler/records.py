"""One event becomes one record: the same event gives the same key and the same bytes."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .calls import CALL, call
from .readers import READERS
from .shapes import UNKNOWN, Facts, UnknownShapeError
from .states import LEFT_OUT

Json = Any
SCHEMA = 1
PREFIX = "releases"
# In an event of a shape that nobody knows: values under these names may be secret, or a patient's.
_VALUES = re.compile(
    r"value|input|output|cause|message|reason|summary|command|body|payload|data|user-?agent"
    r"|.*(secret|password|token|credential|parameters|elements|environment|accesskey).*",
    re.IGNORECASE,
)
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z")


@dataclass(frozen=True)
class Record:
    """What is put where."""

    key: str
    body: bytes


def record_of(text: str, environment: str, received: datetime) -> Record:
    """Make the record of an event as it was delivered; none is too strange for one.

    ``received`` dates what has no time of its own.
    """
    event = _parsed(text)
    facts, source = _facts(event), event.get("source")
    digest = hashlib.sha256(text.encode()).hexdigest()
    time = _time(facts.time or event.get("time"), received)
    record = {
        "schema": SCHEMA,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "source": source if isinstance(source, str) else UNKNOWN,
        "kind": facts.kind,
        "environment": environment,
        "actor": facts.actor,
        "before": facts.before,
        "after": facts.after,
        "outcome": facts.outcome,
        "detail": {**facts.detail, **({} if event else {"sha256": digest, "bytes": len(text)})},
    }
    id_ = facts.event_id or event.get("id") or digest
    return Record(_key(time, facts.kind, str(id_)), _bytes(record))


def _facts(event: Mapping[str, Json]) -> Facts:
    """Read the event, or keep it as it is."""
    kind = str(event.get("detail-type"))
    reader = call if kind == CALL else READERS.get((str(event.get("source")), kind))
    if reader is None:
        return _as_it_is(event, "no reader")
    try:
        return reader(event)
    except (UnknownShapeError, AttributeError, KeyError, TypeError, ValueError, IndexError) as why:
        return _as_it_is(event, type(why).__name__)


def _as_it_is(event: Mapping[str, Json], why: str) -> Facts:
    return Facts(UNKNOWN, UNKNOWN, detail={"why": why, "event": _shown(event)} if event else {})


def _shown(value: Json) -> Json:
    """Keep an event of an unknown shape, without what may be a value that somebody gave."""
    if isinstance(value, Mapping):
        return {
            str(name): _hidden(item) if _VALUES.fullmatch(str(name)) else _shown(item)
            for name, item in value.items()
        }
    return [_shown(item) for item in value] if isinstance(value, list) else value


def _hidden(value: Json) -> Json:
    """Keep the shape, and the names of variables."""
    if isinstance(value, Mapping):
        return {
            str(key): item if key == "name" and isinstance(item, str) else _hidden(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_hidden(item) for item in value]
    return LEFT_OUT if value is not None else None


def _parsed(text: str) -> dict[str, Json]:
    try:
        event = json.loads(text)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def _time(given: Json, received: datetime) -> datetime:
    if isinstance(given, str) and _TIME.fullmatch(given):
        try:
            return datetime.fromisoformat(given).astimezone(UTC)
        except ValueError:
            pass
    return received.astimezone(UTC)


def _key(time: datetime, kind: str, id_: str) -> str:
    safe = re.sub(r"[^A-Za-z0-9.-]", "-", id_)[:128]
    return f"{PREFIX}/{time:%Y/%m/%d}/{time:%Y%m%dT%H%M%SZ}-{kind}-{safe}.json"


def _bytes(record: Mapping[str, Json]) -> bytes:
    return (json.dumps(record, sort_keys=True, separators=(",", ":")) + "\n").encode()
