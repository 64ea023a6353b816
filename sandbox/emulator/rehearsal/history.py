"""CloudTrail's event history: what LookupEvents finds of the calls that were told of.

On AWS an event comes there after some fifteen minutes; here it is there at once.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.emulator.own_calls import Caller, RefusedError, answers

Members = dict[str, Any]
Place = tuple[str, str]
PAGE = 50


@dataclass
class History:
    """Events by account and region, in the order in which they came."""

    kept: dict[Place, list[Members]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, place: Place, detail: Mapping[str, Any]) -> None:
        """Keep the record of one event."""
        with self._lock:
            self.kept.setdefault(place, []).append(_entry(detail))

    def lookup(self, caller: Caller, request: Members) -> Members:
        """Answer LookupEvents: one attribute at most, the latest first, page by page."""
        attributes = request.get("LookupAttributes", [])
        if len(attributes) > 1:
            raise RefusedError("InvalidLookupAttributesException", "One attribute at most.")
        wanted = {each["AttributeKey"]: each["AttributeValue"] for each in attributes}
        if "ResourceName" in wanted or "ResourceType" in wanted:
            raise RefusedError(
                "InvalidLookupAttributesException", "The rehearsal's events name no resources."
            )
        begin = float(request.get("StartTime", 0))
        end = float(request.get("EndTime", "inf"))
        with self._lock:
            events = list(reversed(self.kept.get((caller.account, caller.region), [])))
        found = [
            event
            for event in events
            if wanted.items() <= event.items() and begin <= event["EventTime"] <= end
        ]
        size = min(int(request.get("MaxResults", PAGE)), PAGE)
        start = int(request.get("NextToken", 0))
        more = {"NextToken": str(start + size)} if start + size < len(found) else {}
        return {"Events": found[start : start + size], **more}

    def install(self) -> None:
        """Answer the call from now on."""
        answers("cloudtrail", "LookupEvents")(self.lookup)


def _entry(detail: Mapping[str, Any]) -> Members:
    identity = detail["userIdentity"]
    arn = str(identity.get("arn", ""))
    moment = datetime.strptime(detail["eventTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return {
        "CloudTrailEvent": json.dumps(detail),
        "EventId": detail["eventID"],
        "EventName": detail["eventName"],
        "EventSource": detail["eventSource"],
        "EventTime": moment.timestamp(),
        "ReadOnly": str(detail["readOnly"]).lower(),
        "Resources": [],
        "Username": arn.rpartition("/")[2] or str(identity.get("invokedBy", "")),
    }


HISTORY = History()
