"""EventBridge: targets of rules that ministack does not bring their events to.

Those of services that somebody here answers for, buses of other regions, and functions that are
at work already.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.emulator.client import client
from sandbox.emulator.patching import PATCHES, Function

EVENTS = "ministack.services.eventbridge"
SERVICE = "events.amazonaws.com"
Members = dict[str, Any]
# By this an event is known that came from another region.
HANDED_ON = "_HandedOn"
# By the service in the target's ARN: is given that ARN, the rule's name, and the target's input.
TARGETS: dict[str, Callable[[str, str, str], None]] = {}
# A function ends after fifteen minutes at the latest.
FUNCTION_SECONDS = 15 * 60 + 10
THROTTLED = "TooManyRequestsException"
# How long Lambda keeps an event that it cannot bring. It tries again after a second, then ever more
# seldom up to five minutes; here it is soon.
KEPT_SECONDS, PAUSE_SECONDS = 6 * 3600, 0.5

PATCHES.needs(EVENTS, "_apply_input_transformer", "_dispatch_event", "_event_buses")
PATCHES.needs(EVENTS, "_pattern_event_view")
PATCHES.needs("ministack.core.responses", "get_account_id", "get_region", "request_scope")


@PATCHES.wrap(EVENTS, "_invoke_target", parameters=("target", "event", "rule", "view"))
def invoke_target(
    original: Function,
    target: Members,
    event: Members,
    rule: Members,
    view: Any = None,  # noqa: ANN401 - ministack's
) -> None:
    """Bring an event to a service that somebody here answers for; else let ministack do it."""
    from ministack.services import eventbridge

    arn = str(target.get("Arn", ""))
    bring = TARGETS.get(arn.split(":")[2]) if arn.count(":") >= 5 else None
    if bring is None or target.get("InputPath"):
        original(target, event, rule, view)
        return
    view = view or eventbridge._pattern_event_view(event)
    payload = target.get("Input") or "{}"
    if target.get("InputTransformer"):
        payload = eventbridge._apply_input_transformer(target["InputTransformer"], rule, view)
    bring(arn, str(rule.get("Name", "")), payload)


@PATCHES.wrap(
    EVENTS,
    "_dispatch_to_event_bus",
    parameters=("spec", "event", "rule", "event_path", "target_input_payload"),
)
def to_another_region(
    original: Function,
    spec: Any,  # noqa: ANN401 - ministack's ARN
    event: Members,
    rule: Members,
    event_path: set[str],
    target_input_payload: str | None = None,
) -> None:
    """Hand an event on to a bus of another region, where it is what it was, with its region.

    One that was handed on goes no further, as on AWS.
    """
    from ministack.core.responses import get_account_id, get_region, request_scope
    from ministack.services import eventbridge

    here = get_region()
    if spec.region == here or spec.account_id != get_account_id():
        original(spec, event, rule, event_path, target_input_payload)
        return
    if event.get(HANDED_ON) or not spec.resource.startswith("event-bus/"):
        return
    bus = spec.resource.partition("/")[2]
    with request_scope(spec.account_id, spec.region):
        if bus == "default" or bus in eventbridge._event_buses:
            handed = {**event, "EventBusName": bus, HANDED_ON: True}
            eventbridge._dispatch_event({**handed, "Region": event.get("Region", here)})


@PATCHES.wrap(EVENTS, "_dispatch_to_lambda", parameters=("arn", "payload"))
def to_a_function(_original: Function, arn: str, payload: str) -> None:
    """Invoke a function, again and again while as many run as may: Lambda queues what it is told.

    ministack drops an event that comes while a function with reserved concurrency is at work.
    """
    threading.Thread(target=_invoke, args=(arn, payload), daemon=True).start()


def _invoke(arn: str, payload: str) -> None:
    """Invoke a function; nobody waits for its answer, so the emulator's log tells what refuses."""
    from ministack.core.responses import request_scope

    region, account = arn.split(":")[3:5]
    with request_scope(account, region):
        functions = client("lambda", patience_seconds=FUNCTION_SECONDS, caller=SERVICE)
    until = time.monotonic() + KEPT_SECONDS
    while True:
        try:
            functions.invoke(FunctionName=arn, Payload=_read(payload))
        except (BotoCoreError, ClientError) as error:
            if _code(error) == THROTTLED and time.monotonic() < until:
                time.sleep(PAUSE_SECONDS)
                continue
            sys.stderr.write(f"sandbox: an event was not brought to {arn}: {error}\n")
        return


def _read(payload: str) -> bytes:
    """Return the event as JSON; one of another form as ministack gives it to a function."""
    try:
        json.loads(payload)
    except ValueError:
        payload = json.dumps({"body": payload})
    return payload.encode()


def _code(error: Exception) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""
