"""What a judge finds in a text: where, of what kind, and a digest; never the value."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

# So many hexadecimal digits of SHA-256: 128 bits.
DIGEST_LENGTH = 32


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """One value in one text, as one judge names it.

    ``source`` is the name that the text was given with; ``line`` counts from 1, and is 0 where
    lines mean nothing, as in a binary file.
    """

    source: str
    line: int
    kind: str
    digest: str


@dataclass(frozen=True, slots=True)
class Value:
    """A value, with all kinds that the judges give it and all places that hold it."""

    digest: str
    kinds: tuple[str, ...]
    places: tuple[Found, ...]


def digest_of(value: str) -> str:
    """Tell a value apart from others without giving it away.

    Only random values: whoever can guess a value can look whether it is the one.
    """
    return hashlib.sha256(value.encode()).hexdigest()[:DIGEST_LENGTH]


def by_value(found: Iterable[Found]) -> list[Value]:
    """Gather what holds the same value, in the order in which values were met."""
    places: dict[str, list[Found]] = {}
    for item in found:
        places.setdefault(item.digest, []).append(item)
    return [
        Value(digest, tuple(sorted({item.kind for item in items})), tuple(items))
        for digest, items in places.items()
    ]
