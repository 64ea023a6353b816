"""What became better or worse from one bundle to another, for the auditor's quarterly question.

Nothing is called better unless its reverse is worse. Some changes are worse both ways: a rule that
no longer judges is, whatever it said, and so is the failure that a new rule finds.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

Fact = TypeVar("Fact")
ABSENT = "not there"


class Direction(StrEnum):
    """What a change means."""

    WORSE = "worse"
    BETTER = "better"
    OTHER = "other"


class Subject(StrEnum):
    """What changed, in the order in which it is told."""

    COMMIT = "origin"
    CONTROL = "control"
    FINDING = "finding"
    JUDGE = "judge"
    RULE = "rule"
    RESOURCE = "resource"
    JUDGEMENT = "judgement"
    WAIVER = "waiver"
    CLAUSE = "clause"
    ALARM = "alarm test"
    REHEARSAL = "rehearsal"
    DRILL = "drill"
    GAP = "gap"
    PLACE = "environment"
    TEMPLATE = "template"
    VERSION = "version"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it was; ``before`` and ``after`` are words for people."""

    direction: Direction
    subject: Subject
    what: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.subject} {self.what}: {self.before} -> {self.after}"

    @property
    def reversed(self) -> "Change":
        """Give it as it is told the other way round, where one is better and the other worse."""
        turned = {Direction.WORSE: Direction.BETTER, Direction.BETTER: Direction.WORSE}
        direction = turned.get(self.direction, self.direction)
        return Change(direction, self.subject, self.what, self.after, self.before)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two bundles: of which environment, commit and day."""

    environment: str
    commit: str
    date: str
    manifest_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every change between two bundles, in the order of ``Subject`` and by name."""

    old: Side
    new: Side
    changes: tuple[Change, ...]

    @property
    def worse(self) -> tuple[Change, ...]:
        """Give what became worse, or can no longer be told."""
        return self._of(Direction.WORSE)

    @property
    def better(self) -> tuple[Change, ...]:
        """Give what became better for certain."""
        return self._of(Direction.BETTER)

    @property
    def other(self) -> tuple[Change, ...]:
        """Give what is neither."""
        return self._of(Direction.OTHER)

    def _of(self, direction: Direction) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.direction is direction)

    def as_json(self) -> dict[str, Any]:
        """Write it for machines."""
        sides = {
            name: {
                "environment": side.environment,
                "commit": side.commit,
                "commit_date": side.date,
                "manifest_sha256": side.manifest_sha256,
            }
            for name, side in (("old", self.old), ("new", self.new))
        }
        told = {
            direction.value: [
                {"subject": c.subject, "what": c.what, "before": c.before, "after": c.after}
                for c in self._of(direction)
            ]
            for direction in Direction
        }
        return {"schema": 1, **sides, **told}


def changed(
    subject: Subject,
    sides: tuple[Mapping[str, Fact], Mapping[str, Fact]],
    say: Callable[[Fact], str],
    direct: Callable[[Fact | None, Fact | None], Direction],
) -> Iterator[Change]:
    """Tell each name whose fact is another, came or went, in the order of names.

    ``say`` writes a fact in words; ``direct`` says what it means to get from one to the other,
    where None is a name that is not there.
    """
    old, new = sides
    for what in sorted({*old, *new}):
        before, after = old.get(what), new.get(what)
        if before != after:
            words = [ABSENT if fact is None else say(fact) for fact in (before, after)]
            direction = direct(before, after)
            # What is told in the same words, as how long a drill took, is no change.
            if direction is not Direction.OTHER or words[0] != words[1]:
                yield Change(direction, subject, what, *words)


def by_rank(before: int, after: int) -> Direction:
    """Call it better to get to a higher rank."""
    if before == after:
        return Direction.OTHER
    return Direction.BETTER if after > before else Direction.WORSE


def by_presence(before: object, after: object) -> Direction:
    """Call it worse to lose something, whatever it said, and better to have it."""
    return by_rank(int(before is not None), int(after is not None))
