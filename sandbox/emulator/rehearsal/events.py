"""Events on the emulator's default bus, as AWS's services put them there; rules do the rest.

ministack matches them against the deployed patterns and calls the deployed targets. It adds the
envelope: version, a new id, account, region, time in seconds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox.emulator.patching import PATCHES, Function

EVENTS, SQS = "ministack.services.eventbridge", "ministack.services.sqs"
_PLACE = re.compile(r"arn:aws:[a-z0-9-]+:([a-z0-9-]+):([0-9]{12}):.+")

PATCHES.needs(EVENTS, "_put_events")
PATCHES.needs(SQS, "_queues_lock")


def emit(
    source: str,
    detail_type: str,
    resources: Sequence[str],
    detail: Mapping[str, Any],
    *,
    place: tuple[str, str] | None = None,
) -> str:
    """Put one event on the default bus, and return its id; its targets run as rules say.

    `place` is account and region. Without it they are those of the first resource's ARN, so that
    any thread may call this; and without resources, those of the request being answered. Raises
    RuntimeError if the bus does not take it.
    """
    from ministack.core.responses import get_account_id, get_region, request_scope
    from ministack.services import eventbridge

    found = _PLACE.fullmatch(resources[0]) if resources else None
    if place is None:
        place = (found[2], found[1]) if found else (get_account_id(), get_region())
    entry = {
        "Source": source,
        "DetailType": detail_type,
        "Resources": list(resources),
        "Detail": json.dumps(detail),
    }
    with request_scope(*place):
        _, _, body = eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    [result] = json.loads(body)["Entries"]
    if "EventId" not in result:
        raise RuntimeError(f"the bus refused {detail_type}: {result}")
    return str(result["EventId"])


def milliseconds(moment: float) -> str:
    """Write a time as ECS's events have it."""
    told = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return told.replace("+00:00", "Z")


@PATCHES.wrap(EVENTS, "_dispatch_to_sqs", parameters=("spec", "payload", "sqs_parameters"))
def deliver_under_lock(original: Function, *given: Any) -> Any:  # noqa: ANN401 - ministack's own
    """Lose nothing: ministack appends to a list that another thread may just be replacing."""
    from ministack.services import sqs

    with sqs._queues_lock:
        return original(*given)
