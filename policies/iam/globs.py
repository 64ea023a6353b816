"""The wildcards of IAM: ``*`` for any text, ``?`` for one character."""

import re
from functools import lru_cache

_WILD = re.compile(r"[*?]")


def fits(pattern: str, text: str) -> bool:
    """Say whether a pattern takes a text, both as they are written."""
    return _expression(pattern).fullmatch(text) is not None


def covers(pattern: str, other: str) -> bool:
    """Say whether a pattern surely takes whatever another one takes."""
    return _expression(pattern, one="[^*]").fullmatch(other) is not None


@lru_cache(maxsize=1 << 16)
def overlap(one: str, other: str) -> bool:
    """Say whether there is a text that both patterns take."""
    if not _WILD.search(one):
        return fits(other, one)
    if not _WILD.search(other):
        return fits(one, other)
    if not _same_beginning(one, other):
        return False
    seen: set[tuple[int, int]] = set()
    open_: list[tuple[int, int]] = [(0, 0)]
    while open_:
        at = open_.pop()
        if at == (len(one), len(other)):
            return True
        if at not in seen:
            seen.add(at)
            open_ += _steps(one, other, *at)
    return False


def _steps(one: str, other: str, i: int, j: int) -> list[tuple[int, int]]:
    """List where both patterns can go from here: past a ``*``, or over a character of each."""
    left, right = one[i : i + 1], other[j : j + 1]
    steps = []
    if left == "*":
        steps.append((i + 1, j))
    if right == "*":
        steps.append((i, j + 1))
    if left and right and (left == right or {left, right} & {"*", "?"}):
        steps.append((i if left == "*" else i + 1, j if right == "*" else j + 1))
    return steps


def _same_beginning(one: str, other: str) -> bool:
    """Compare what stands before the first wildcard: most patterns differ there."""
    left, right = _WILD.split(one, maxsplit=1)[0], _WILD.split(other, maxsplit=1)[0]
    return left.startswith(right) or right.startswith(left)


@lru_cache(maxsize=1 << 12)
def any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Take a text that any of the patterns takes, whatever its case; none takes nothing."""
    either = "|".join(_source(pattern) for pattern in patterns)
    return re.compile(either or "(?!)", re.DOTALL | re.IGNORECASE)


@lru_cache(maxsize=1 << 14)
def _expression(pattern: str, one: str = ".") -> re.Pattern[str]:
    return re.compile(_source(pattern, one), re.DOTALL)


def _source(pattern: str, one: str = ".") -> str:
    kinds = {"*": ".*", "?": one}
    return "".join(kinds.get(c) or re.escape(c) for c in pattern)
