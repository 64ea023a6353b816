"""S3's events on EventBridge: the version of the object, which ministack leaves out of them."""

from __future__ import annotations

import contextvars
import json
from typing import Any

from sandbox.emulator.patching import PATCHES, Function

S3 = "ministack.services.s3"
EVENTS = "ministack.services.eventbridge"
FIRED = (
    "bucket_name",
    "key",
    "event_name",
    "size",
    "etag",
    "deletion_type",
    "restore_event_data",
    "version_id",
    "sequencer",
    "object_extra",
    "record_extra",
)

# Of the object whose event is on its way, in the thread that brings it.
_VERSION: contextvars.ContextVar[str] = contextvars.ContextVar("version", default="")


@PATCHES.wrap(S3, "_fire_s3_event", parameters=FIRED)
def fire_s3_event(original: Function, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - its own
    """Keep the version for the event that the original makes of it."""
    given = dict(zip(FIRED, arguments, strict=False)) | named
    kept = _VERSION.set(str(given.get("version_id") or ""))
    try:
        original(*arguments, **named)
    finally:
        _VERSION.reset(kept)


@PATCHES.wrap(EVENTS, "_dispatch_event", parameters=("event", "view"))
def dispatch_event(original: Function, event: dict[str, Any], view: object = None) -> None:
    """Name the version in an event of S3, as S3 does for a bucket with versions."""
    version = _VERSION.get()
    if event.get("Source") == "aws.s3" and version:
        detail = json.loads(event["Detail"])
        detail["object"]["version-id"] = version
        event, view = {**event, "Detail": json.dumps(detail)}, None
    original(event, view)
