"""Differences that are known and explained, read from files and applied.

What no call of AWS returns stands in `untold.toml`; the sandbox has a file of its emulator's own.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from runbook.deployed.difference import Comparison, Difference

UNTOLD = Path(__file__).with_name("untold.toml")
REQUIRED = {"type", "property", "reason"}
OPTIONAL = {"found"}


class UnusableFileError(Exception):
    """A file of known differences cannot be used; says which entry, and why."""


@dataclass(frozen=True)
class KnownDifference:
    """A property path of a type that cannot be as declared, and why; `*` stands for any text.

    With `found` it is only about a difference where exactly that stands (Difference.found).
    """

    type: str
    property: str
    reason: str
    found: str | None = None

    def covers(self, difference: Difference) -> bool:
        """Whether this explains a difference; one of a whole resource is never explained."""
        return (
            difference.property != ""
            and difference.type == self.type
            and self.found in (None, difference.found)
            and fnmatchcase(_literal(difference.property), _literal(self.property))
        )

    def is_about(self, type_: str, name: str) -> bool:
        """Whether this could explain differences in a property of a type."""
        pattern = re.split(r"[.\[]", self.property)[0]
        return type_ == self.type and fnmatchcase(name, pattern)


def _literal(path: str) -> str:
    """Take all but `*` as itself: the brackets of list positions are no character classes."""
    return path.replace("[", "(").replace("]", ")").replace("?", "!")


@dataclass(frozen=True)
class Verdict:
    """The differences, those explained and those that fail the command, and stale explanations."""

    explained: Sequence[tuple[Difference, KnownDifference]]
    failures: Sequence[Difference]
    stale: Sequence[KnownDifference]

    @property
    def passed(self) -> bool:
        """Whether everything is as declared, but for what is known."""
        return not self.failures and not self.stale


def load(*paths: Path) -> list[KnownDifference]:
    """Read the files; raises UnusableFileError naming the entry that cannot be used."""
    return [known for path in paths for known in _entries(path)]


def _entries(path: Path) -> list[KnownDifference]:
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UnusableFileError(f"{path}: cannot be read: {error}") from None
    entries = content.get("difference", [])
    if content.keys() - {"difference"} or not isinstance(entries, list):
        raise UnusableFileError(f"{path}: holds [[difference]] entries and nothing else")
    return [_known(path, number, entry) for number, entry in enumerate(entries, start=1)]


def _known(path: Path, number: int, entry: object) -> KnownDifference:
    where = f"{path}: [[difference]] number {number}"
    if not isinstance(entry, dict) or entry.keys() - OPTIONAL != REQUIRED:
        raise UnusableFileError(
            f"{where} must have {', '.join(sorted(REQUIRED))}, may have "
            f"{', '.join(sorted(OPTIONAL))}, and nothing else"
        )
    for key, value in entry.items():
        if not isinstance(value, str) or not value.strip():
            raise UnusableFileError(f"{where}: {key} must be a text that says something")
    if not entry["property"][0].isalnum():
        raise UnusableFileError(
            f"{where}: property must begin with a property's name, not with "
            f"{entry['property'][0]!r}, or the entry would excuse every property"
        )
    return KnownDifference(**entry)


def judge(comparison: Comparison, known: Sequence[KnownDifference]) -> Verdict:
    """Tell the known differences from all others.

    An entry that explains nothing is stale, unless no resource has its property.
    """
    explained = []
    failures = []
    used = set()
    for difference in comparison.differences:
        entry = next((entry for entry in known if entry.covers(difference)), None)
        if entry is None:
            failures.append(difference)
        else:
            explained.append((difference, entry))
            used.add(entry)
    stale = [
        entry
        for entry in known
        if entry not in used and any(entry.is_about(*place) for place in comparison.places)
    ]
    return Verdict(explained, failures, stale)
