"""What the cases of some templates agree on, put together: no alarm of two minds is replayed."""

from collections.abc import Iterable, Iterator, Sequence

from runbook.model.refusal import Refusal
from simulator.cloudwatch.definitions import Alarm, Definitions, MuteRule, Unreadable
from simulator.templates.resources import Found, UnreadableMute

_GIVE = "decide its conditions: --parameter NAME=VALUE"


def agreed(readings: Sequence[Found | None]) -> Found:
    """Take what every case reads that has the resource; what they differ in is unreadable.

    An alarm that not all have is one where it stands. Of a mute rule it would be open whether it
    mutes.
    """
    there = [reading for reading in readings if reading is not None]
    first = next(
        (each for each in there if isinstance(each, Unreadable | UnreadableMute)), there[0]
    )
    if isinstance(first, Unreadable | UnreadableMute):
        return first
    same = all(reading == first for reading in there)
    if isinstance(first, MuteRule):
        if same and len(there) == len(readings):
            return first
        reason = "it is open whether it stands, or what it says: conditions decide"
        refusal = Refusal("Condition", reason, _GIVE)
        named = [name for one in there if isinstance(one, MuteRule) for name in one.alarms]
        return UnreadableMute(first.place, (refusal,), tuple(dict.fromkeys(named)), first.region)
    if same:
        return first
    refusal = Refusal("Conditions", "it says one thing or another: conditions decide", _GIVE)
    return _unreadable(first, (refusal,))


def joined(found: Iterable[Found]) -> Definitions:
    """Put together what was read; names that stand twice, and muted alarms of unreadable rules.

    Both would let a test pass that looks at another alarm, or at an action that does not run.
    """
    parts = _Parts()
    for one in found:
        parts.add(one)
    return parts.whole()


class _Parts:
    def __init__(self) -> None:
        self._alarms: list[Alarm | Unreadable] = []
        self._rules: list[MuteRule] = []
        self._mutes: list[UnreadableMute] = []

    def add(self, found: Found) -> None:
        match found:
            case MuteRule():
                self._rules.append(found)
            case UnreadableMute():
                self._mutes.append(found)
            case _:
                self._alarms.append(found)

    def whole(self) -> Definitions:
        places: dict[str, list[str]] = {}
        for alarm in self._alarms:
            places.setdefault(alarm.name, []).append(alarm.place)
        judged = [self._judged(alarm, places[alarm.name]) for alarm in self._alarms]
        return Definitions(
            {alarm.name: alarm for alarm in judged if not isinstance(alarm, Unreadable)},
            tuple(self._rules),
            tuple(alarm for alarm in judged if isinstance(alarm, Unreadable)),
        )

    def _judged(self, alarm: Alarm | Unreadable, places: Sequence[str]) -> Alarm | Unreadable:
        if isinstance(alarm, Unreadable):
            return alarm
        refusals = list(self._mutings(alarm))
        if len(places) > 1:
            reason = f"{len(places)} alarms are called {alarm.name}: {', '.join(places)}"
            refusals.append(
                Refusal("AlarmName", reason, "rename all but one, or give one template")
            )
        return _unreadable(alarm, refusals) if refusals else alarm

    def _mutings(self, alarm: Alarm) -> Iterator[Refusal]:
        for mute in self._mutes:
            of_region = mute.region is None or mute.region == alarm.region
            if of_region and (mute.alarms is None or alarm.name in mute.alarms):
                for refusal in mute.refusals:
                    key = f"{mute.place}: {refusal.key}"
                    yield Refusal(key, f"it may mute this alarm; {refusal.reason}", refusal.fix)


def _unreadable(alarm: Alarm, refusals: Sequence[Refusal]) -> Unreadable:
    return Unreadable(alarm.name, alarm.place, alarm.keys, tuple(refusals))
