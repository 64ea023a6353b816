"""Which waivers came, went, reach further or last longer than before.

A waiver has no name of its own: it is known by what it covers, and one that covers otherwise by its
reason and its owner.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from evidence.comparison import ABSENT, Change, Direction, Subject
from evidence.model import WaiverEntry
from evidence.plain_words import counted

Pair = tuple[WaiverEntry | None, WaiverEntry | None]


def waiver_changes(old: Sequence[WaiverEntry], new: Sequence[WaiverEntry]) -> Iterator[Change]:
    """Tell each waiver that is not as it was; a longer or a wider one is worse."""
    changes = [_change(*pair) for pair in _paired(old, new) if _terms(pair[0]) != _terms(pair[1])]
    yield from sorted(changes, key=lambda change: (change.what, change.before, change.after))


def _paired(old: Sequence[WaiverEntry], new: Sequence[WaiverEntry]) -> Iterator[Pair]:
    """Find for each waiver the one it was before, by what it covers, then by why."""
    left = (list(old), list(new))
    for known_by in (_terms, _covered, lambda waiver: (waiver.reason, waiver.owner)):
        yield from _taken(left, known_by)
    yield from ((waiver, None) for waiver in left[0])
    yield from ((None, waiver) for waiver in left[1])


def _taken(
    left: tuple[list[WaiverEntry], list[WaiverEntry]], known_by: Callable[[WaiverEntry], Any]
) -> Iterator[Pair]:
    """Take out those that have the same key, each with one of the other side."""
    there: dict[Any, list[WaiverEntry]] = defaultdict(list)
    for waiver in left[1]:
        there[known_by(waiver)].append(waiver)
    for waiver in list(left[0]):
        if same := there[known_by(waiver)]:
            other = same.pop(0)
            left[0].remove(waiver)
            left[1].remove(other)
            yield waiver, other


def _covered(waiver: WaiverEntry) -> frozenset[tuple[str, str]]:
    return frozenset((rule, path) for rule in waiver.rules for path in waiver.paths)


def _terms(waiver: WaiverEntry | None) -> object:
    """Give all that makes a waiver; not its line, nor how many findings there are today."""
    return waiver and (_covered(waiver), waiver.reason, waiver.owner, waiver.expires)


def _change(before: WaiverEntry | None, after: WaiverEntry | None) -> Change:
    words = (ABSENT if side is None else _words(side) for side in (before, after))
    # The same name whichever of the two is the older.
    name = min(_name(side) for side in (before, after) if side)
    return Change(_direction(before, after), Subject.WAIVER, name, *words)


def _direction(before: WaiverEntry | None, after: WaiverEntry | None) -> Direction:
    if before is None or after is None:
        return Direction.WORSE if before is None else Direction.BETTER
    wider, narrower = _covered(after) - _covered(before), _covered(before) - _covered(after)
    # Days are written so that the later one is the greater.
    if wider or after.expires > before.expires:
        return Direction.WORSE
    shorter = narrower or after.expires < before.expires
    return Direction.BETTER if shorter else Direction.OTHER


def _name(waiver: WaiverEntry) -> str:
    return f"of {_first(waiver.rules, 'rule')} at {_first(waiver.paths, 'place')}"


def _first(names: Sequence[str], what: str) -> str:
    if not names:
        return f"no {what}"
    return (
        names[0] if len(names) == 1 else f"{names[0]} and {counted(len(names) - 1, f'more {what}')}"
    )


def _words(waiver: WaiverEntry) -> str:
    covered = f"{counted(len(waiver.rules), 'rule')} x {counted(len(waiver.paths), 'place')}"
    return f"{covered} until {waiver.expires}, {waiver.owner}: {waiver.reason}"
