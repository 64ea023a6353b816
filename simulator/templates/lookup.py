"""Alarms by what a test calls them: a key, or an id that several have."""

from collections.abc import Sequence
from difflib import get_close_matches

from runbook.model.refusal import Refusal, RefusedError
from simulator.cloudwatch.definitions import Alarm, Definitions, Unreadable

# What refuses an alarm that nothing has.
UNKNOWN = "alarms"
_LISTED = 10
_Known = Alarm | Unreadable


def find(definitions: Definitions, text: str) -> tuple[Alarm, ...]:
    """Find the alarm of this key or name, or every one that is called so by its id, in any case.

    Raises ``RefusedError`` where there is none, with where it looked and the nearest names, and
    where one of them cannot be read.
    """
    known = (*definitions.alarms.values(), *definitions.unreadable)
    found = _called(text, known)
    if not found:
        where = f" in {definitions.read_from}" if definitions.read_from else ""
        reason = f"there is no alarm {text!r}{where}"
        fix = _near(text, known)
        if definitions.unread:
            reason += f", and nested stacks were not read: {', '.join(definitions.unread)}"
            fix += "; give the nested stacks' templates, too"
        raise RefusedError(UNKNOWN, [Refusal("alarm", reason, fix)])
    for each in found:
        if isinstance(each, Unreadable):
            raise RefusedError(each.place, each.refusals)
    return tuple(each for each in found if not isinstance(each, Unreadable))


def _called(text: str, known: Sequence[_Known]) -> list[_Known]:
    # In a stranger's template two names may differ in their case alone.
    for form in (str, str.casefold):
        wanted = form(text)
        exact = [each for each in known if wanted in map(form, (each.keys[0], each.name))]
        if found := exact or [each for each in known if wanted in map(form, each.keys)]:
            return found
    return []


def _near(text: str, known: Sequence[_Known]) -> str:
    """Name the nearest, those that CloudFormation's logical ids are near to only then."""
    if not known:
        return "the templates hold no alarm at all"
    # The last key is the logical id.
    names = [name for each in known for name in (*each.keys[:-1], each.name)]
    for spelt in (names, [each.keys[-1] for each in known]):
        by_case = {name.casefold(): name for name in spelt}
        if near := get_close_matches(text.casefold(), by_case, n=3):
            return f"nearest: {', '.join(by_case[name] for name in near)}"
    first = sorted({each.keys[0] for each in known})
    more = f", and {len(first) - _LISTED} more" if len(first) > _LISTED else ""
    return f"known: {', '.join(first[:_LISTED])}{more}"
