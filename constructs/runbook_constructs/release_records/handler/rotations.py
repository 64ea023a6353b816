"""Readers of what happens to secrets: their rotations, and the restarts that follow them.

Versions are named by their ids, which are no secrets; values are in none of these events.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from .shapes import (
    EXECUTION,
    FAILED,
    NOTED,
    STARTED,
    STOPPED,
    SUCCEEDED,
    UNKNOWN,
    Facts,
    UnknownShapeError,
    only,
    service,
    text,
)

Json = Any
_ROTATION = {
    "RotationAbandoned": STOPPED,
    "RotationFailed": FAILED,
    "RotationStarted": STARTED,
    "RotationSucceeded": SUCCEEDED,
}
# Names of secrets and services, and a time.
_NAME = re.compile(r"[A-Za-z0-9:._-]{1,128}")
_INPUT = ("rotated", "secret", "service")


def rotation(event: Mapping[str, Json]) -> Facts:
    """Read what Secrets Manager tells of itself: a rotation's beginning or end, or a version's."""
    detail = event["detail"]
    state = text(detail, "eventName")
    told = detail.get("additionalEventData")
    return Facts(
        "rotation" if state in _ROTATION else "secret",
        _ROTATION.get(state, NOTED),
        actor=service("secretsmanager"),
        after={
            "secret": text(told, "SecretId"),
            "state": state,
            **only(told, "VersionId", "versionId"),
        },
        detail=only(detail, "awsRegion", "errorCode", "eventSource", "eventType"),
        event_id=text(detail, "eventID"),
        time=text(detail, "eventTime"),
    )


def restart(event: Mapping[str, Json]) -> Facts:
    """Read a state change of the restart that follows a rotation: of which service, and why."""
    detail = event["detail"]
    state = text(detail, "status")
    return Facts(
        "restart",
        EXECUTION.get(state, UNKNOWN),
        actor=service("states"),
        before=None if state == "RUNNING" else {"state": "RUNNING"},
        after={"execution": text(detail, "executionArn"), "state": state, **_given(detail)},
        detail=only(detail, "error", "startDate", "stateMachineArn", "stopDate"),
    )


def _given(detail: Mapping[str, Json]) -> dict[str, str]:
    """Read what the rule gave it; nothing that it did not."""
    try:
        given = json.loads(text(detail, "input"))
    except ValueError:
        raise UnknownShapeError("input") from None
    found = only(given, *_INPUT)
    return {name: value for name, value in found.items() if _NAME.fullmatch(str(value))}
