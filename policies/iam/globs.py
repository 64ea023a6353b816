"""The wildcards of IAM: ``*`` for any text, ``?`` for one character."""

import re
from functools import lru_cache

_WILD = re.compile(r"[*?]")


def fits(pattern: str, text: str) -> bool:
    """Say whether a pattern takes a text, both as they are written."""
    if not _WILD.search(pattern):
        return pattern == text
    return _expression(pattern).fullmatch(text) is not None


def covers(pattern: str, other: str) -> bool:
    """Say whether a pattern surely takes whatever another one takes."""
    if not _WILD.search(pattern):
        return pattern == other
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


def beginning(pattern: str) -> str:
    """Give what stands before the first wildcard; the whole pattern when it has none."""
    return _WILD.split(pattern, maxsplit=1)[0]


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
    left, right = beginning(one), beginning(other)
    return left.startswith(right) or right.startswith(left)


class AnyOf:
    """Takes a text that any of the patterns takes, whatever its case; none takes nothing.

    The same few texts are asked again and again, and most patterns end in their only wildcard:
    regular expressions for them would be made for longer than they are of use.
    """

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._patterns = patterns
        plain = [p for p in patterns if p.isascii() and not _WILD.search(p)]
        self._plain = frozenset(p.lower() for p in plain)
        self._wild = [(*_beginning(p), p) for p in patterns if p not in plain]
        self._known: dict[str, bool] = {}
        self._among: dict[tuple[str, ...], frozenset[str]] = {}

    def takes(self, text: str) -> bool:
        """Say whether one of them takes a text."""
        if text not in self._known:
            self._known[text] = self._takes(text)
        return self._known[text]

    def among(self, texts: tuple[str, ...]) -> frozenset[str]:
        """Collect the texts that they take."""
        if texts not in self._among:
            self._among[texts] = frozenset(text for text in texts if self.takes(text))
        return self._among[texts]

    def _takes(self, text: str) -> bool:
        if not text.isascii():
            return any(_any_case(pattern).fullmatch(text) for pattern in self._patterns)
        lower = text.lower()
        return lower in self._plain or any(
            lower.startswith(start) and (is_all or bool(_any_case(pattern).fullmatch(text)))
            for start, is_all, pattern in self._wild
        )


@lru_cache(maxsize=1 << 12)
def any_of(patterns: tuple[str, ...]) -> AnyOf:
    """Take the patterns together, once for all that write the same ones."""
    return AnyOf(patterns)


def _beginning(pattern: str) -> tuple[str, bool]:
    """Give what stands before the first wildcard, and whether a ``*`` and no more comes after it.

    Outside of ASCII a letter may have more than one other case: nothing is sure of such a pattern.
    """
    if not pattern.isascii():
        return "", False
    start = beginning(pattern)
    return start.lower(), pattern == f"{start}*"


@lru_cache(maxsize=1 << 12)
def _any_case(pattern: str) -> re.Pattern[str]:
    return re.compile(_source(pattern), re.DOTALL | re.IGNORECASE)


@lru_cache(maxsize=1 << 14)
def _expression(pattern: str, one: str = ".") -> re.Pattern[str]:
    return re.compile(_source(pattern, one), re.DOTALL)


def _source(pattern: str, one: str = ".") -> str:
    kinds = {"*": ".*", "?": one}
    return "".join(kinds.get(c) or re.escape(c) for c in pattern)
