"""Events that AWS services send of themselves to the default bus of EventBridge."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.emulator.patching import PATCHES

EVENTS = "ministack.services.eventbridge"

PATCHES.needs(EVENTS, "_put_events")


def emit(
    source: str, detail_type: str, resources: Sequence[str], detail: Mapping[str, Any]
) -> None:
    """Send one event, in the account and region of the request being answered."""
    from ministack.services import eventbridge

    entry = {
        "Source": source,
        "DetailType": detail_type,
        "Resources": list(resources),
        "Detail": json.dumps(detail),
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
