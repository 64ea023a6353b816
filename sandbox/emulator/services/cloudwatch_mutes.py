"""CloudWatch's mute rules, which ministack has not: kept, told, and heeded when an alarm changes.

A muted alarm changes its state and tells nobody. When the last window over it ends, what it would
have told is told, if it is still in another state than before it was muted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox.emulator.client import client
from sandbox.emulator.mute_schedule import ONCE, is_open
from sandbox.emulator.own_calls import Caller, Members, RefusedError, answers
from sandbox.emulator.patching import PATCHES, Function
from sandbox.emulator.resource_types import ADDED, AddedType, Created, Properties
from sandbox.emulator.services.cloudwatch import CLOUDWATCH, TAGGED, in_place, requested

RULE = "alarm-mute-rule"
PAUSE_SECONDS = 0.2

PATCHES.needs(
    CLOUDWATCH, "_alarms", "_composite_alarms", "_dispatch_alarm_actions", "_resource_tags"
)
PATCHES.needs("ministack.core.responses", "get_account_id", "get_region", "request_scope")

Place = tuple[str, str, str]


@dataclass
class _Mutes:
    """The rules by their ARN; by account, region and alarm, the state before it was muted."""

    rules: dict[str, Members] = field(default_factory=dict)
    before: dict[Place, str] = field(default_factory=dict)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    lock: threading.RLock = field(default_factory=threading.RLock)
    watched: bool = False


MUTES = _Mutes()


# --- AWS::CloudWatch::AlarmMuteRule ---


def create_rule(logical_id: str, properties: Properties, stack: str) -> Created:
    """Put the rule; Ref gives its ARN."""
    name = properties.get("Name", f"{stack}-{logical_id}")
    cloudwatch = client("cloudwatch")
    cloudwatch.put_alarm_mute_rule(**requested("PutAlarmMuteRule", {**properties, "Name": name}))
    arn = cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName=name)["AlarmMuteRuleArn"]
    return arn, {"Arn": arn}


def update_rule(arn: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Created:
    """Put it anew in place; another name makes another rule."""
    created = create_rule(logical_id, new, stack)
    if created[0] == arn:
        in_place(arn, old, new)
    return created


def delete_rule(arn: str, _properties: Properties) -> None:
    """Delete the rule."""
    client("cloudwatch").delete_alarm_mute_rule(AlarmMuteRuleName=arn.rpartition(":")[2])


ADDED["AWS::CloudWatch::AlarmMuteRule"] = AddedType(create_rule, update_rule, delete_rule)


# --- CloudWatch's calls ---


@answers("monitoring", "PutAlarmMuteRule")
def put(caller: Caller, request: Members) -> Members:
    """Keep a rule; one for an alarm that is not there, or of no known schedule, is refused."""
    from ministack.core.responses import request_scope
    from ministack.services import cloudwatch

    named = request.get("MuteTargets", {}).get("AlarmNames", [])
    with request_scope(caller.account, caller.region):
        known = {*cloudwatch._alarms, *cloudwatch._composite_alarms}
        missing = sorted(set(named) - known)
        if missing:
            raise RefusedError("ValidationError", f"there is no alarm {', '.join(missing)}")
        try:
            is_open(request["Rule"]["Schedule"], MUTES.now())
        except (KeyError, ValueError) as error:
            raise RefusedError("ValidationError", f"Rule: {error}") from None
        arn = _arn(caller, request["Name"])
        if arn not in MUTES.rules:
            tags = request.get("Tags", [])
            cloudwatch._resource_tags[arn] = {tag["Key"]: tag["Value"] for tag in tags}
    kept = {name: value for name, value in request.items() if name != "Tags"}
    with MUTES.lock:
        MUTES.rules[arn] = {**kept, "AlarmMuteRuleArn": arn, "LastUpdatedTimestamp": time.time()}
    return {}


@answers("monitoring", "GetAlarmMuteRule")
def get(caller: Caller, request: Members) -> Members:
    """Tell a rule, and whether a window of it is open."""
    rule = MUTES.rules[_found(caller, request)]
    schedule = rule["Rule"]["Schedule"]
    once = ONCE.fullmatch(schedule["Expression"])
    status = "ACTIVE" if is_open(schedule, MUTES.now()) else "SCHEDULED"
    return {**rule, "Status": status, "MuteType": "ONE_TIME" if once else "RECURRING"}


@answers("monitoring", "DeleteAlarmMuteRule")
def delete(caller: Caller, request: Members) -> Members:
    """Forget a rule; without one nothing is lost."""
    from ministack.core.responses import request_scope
    from ministack.services import cloudwatch

    arn = _arn(caller, request["AlarmMuteRuleName"])
    with MUTES.lock:
        MUTES.rules.pop(arn, None)
    with request_scope(caller.account, caller.region):
        cloudwatch._resource_tags.pop(arn, None)
    return {}


@answers("monitoring", "ListAlarmMuteRules")
def list_rules(caller: Caller, request: Members) -> Members:
    """Tell the rules of the region, or those of one alarm, in one page."""
    name = request.get("AlarmName")
    found = [
        get(caller, {"AlarmMuteRuleName": rule["Name"]})
        for arn, rule in sorted(MUTES.rules.items())
        if arn.startswith(_arn(caller, ""))
        and (name is None or name in rule.get("MuteTargets", {}).get("AlarmNames", []))
    ]
    wanted = request.get("Statuses") or ["ACTIVE", "EXPIRED", "SCHEDULED"]
    told = ("AlarmMuteRuleArn", "ExpireDate", "LastUpdatedTimestamp", "MuteType", "Status")
    summaries = [
        {member: rule[member] for member in told if member in rule}
        for rule in found
        if rule["Status"] in wanted
    ]
    return {"AlarmMuteRuleSummaries": summaries}


def _arn(caller: Caller, name: str) -> str:
    return caller.arn("cloudwatch", f"{RULE}:{name}")


def _found(caller: Caller, request: Members) -> str:
    arn = _arn(caller, request["AlarmMuteRuleName"])
    if arn not in MUTES.rules:
        raise RefusedError("ResourceNotFoundException", f"there is no mute rule {arn}")
    return arn


TAGGED.append(lambda arn: arn in MUTES.rules)


# --- What is muted ---


@PATCHES.wrap(
    CLOUDWATCH,
    "_dispatch_alarm_actions",
    parameters=("alarm", "old_state", "new_state", "reason"),
)
def dispatch(
    original: Function, alarm: Members, old_state: str, new_state: str, reason: str
) -> None:
    """Tell whom an alarm tells, or keep it for the end of the window."""
    from ministack.core.responses import get_account_id, get_region

    place = (get_account_id(), get_region(), str(alarm["AlarmName"]))
    with MUTES.lock:
        if not _muted(place):
            MUTES.before.pop(place, None)
        else:
            MUTES.before.setdefault(place, old_state)
            _watch(original)
            return
    original(alarm, old_state, new_state, reason)


def _watch(tell: Function) -> None:
    if not MUTES.watched:
        MUTES.watched = True
        threading.Thread(target=_tell_at_the_end, args=(tell,), daemon=True).start()


def _tell_at_the_end(tell: Function) -> None:
    while True:
        time.sleep(PAUSE_SECONDS)
        for place, before in _ended():
            _tell(tell, place, before)


def _ended() -> list[tuple[Place, str]]:
    with MUTES.lock:
        ended = [place for place in MUTES.before if not _muted(place)]
        return [(place, MUTES.before.pop(place)) for place in ended]


def _tell(tell: Function, place: Place, before: str) -> None:
    from ministack.core.responses import request_scope
    from ministack.services import cloudwatch

    account, region, name = place
    with request_scope(account, region):
        alarm = cloudwatch._alarms.get(name) or cloudwatch._composite_alarms.get(name)
        if alarm is not None and alarm["StateValue"] != before:
            tell(alarm, before, alarm["StateValue"], alarm["StateReason"])


def _muted(place: Place) -> bool:
    account, region, name = place
    begins, now = f"arn:aws:cloudwatch:{region}:{account}:{RULE}:", MUTES.now()
    return any(
        arn.startswith(begins)
        and name in rule.get("MuteTargets", {}).get("AlarmNames", [])
        and is_open(rule["Rule"]["Schedule"], now)
        for arn, rule in MUTES.rules.items()
    )
