"""Alarms by what a test calls them: a key, or an id that several have."""

from difflib import get_close_matches

from runbook.model.refusal import Refusal, RefusedError
from simulator.cloudwatch.definitions import Alarm, Definitions, Unreadable

# What refuses an alarm that nothing has.
UNKNOWN = "alarms"


def find(definitions: Definitions, text: str) -> tuple[Alarm, ...]:
    """Find the alarm of this key or name, or every one that is called so by its id.

    Raises ``RefusedError`` where there is none, with the nearest names, and where one of them
    cannot be read.
    """
    known = (*definitions.alarms.values(), *definitions.unreadable)
    found = [each for each in known if text in (each.keys[0], each.name)] or [
        each for each in known if text in each.keys
    ]
    if not found:
        reason = f"there is no alarm {text!r}"
        fix = _near(text, known)
        if definitions.unread:
            reason += f", and nested stacks were not read: {', '.join(definitions.unread)}"
            fix += "; give the nested stacks' templates, too"
        raise RefusedError(UNKNOWN, [Refusal("alarm", reason, fix)])
    for each in found:
        if isinstance(each, Unreadable):
            raise RefusedError(each.place, each.refusals)
    return tuple(each for each in found if not isinstance(each, Unreadable))


def _near(text: str, known: tuple[Alarm | Unreadable, ...]) -> str:
    names = dict.fromkeys(key for alarm in known for key in alarm.keys)
    if not names:
        return "the templates hold no alarm at all"
    near = get_close_matches(text, names, n=3)
    return f"nearest: {', '.join(near)}" if near else f"known: {', '.join(sorted(names)[:10])}"
