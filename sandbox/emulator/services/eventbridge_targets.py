"""EventBridge: targets of rules that ministack does not bring their events to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.emulator.patching import PATCHES, Function

EVENTS = "ministack.services.eventbridge"
Members = dict[str, Any]
# By the service in the target's ARN: is given that ARN, the rule's name, and the target's input.
TARGETS: dict[str, Callable[[str, str, str], None]] = {}

PATCHES.needs(EVENTS, "_apply_input_transformer", "_pattern_event_view")


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
