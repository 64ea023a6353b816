"""What a rule says of one place, fault by fault: what tells a new fault behind an old one."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from evidence.comparison import Direction
from evidence.model import Row, Verdict
from policies.report import faults_in
from policies.waiving import undated

FINDINGS = (Verdict.FAIL, Verdict.ERROR)
_WORST_FIRST = tuple(Verdict)


@dataclass(frozen=True, slots=True)
class Said:
    """Its worst verdict there, its faults that nothing covers, and those that waivers let pass.

    ``messages`` are the findings in their own words, which may name the day and no other fault.
    """

    verdict: Verdict
    bare: tuple[str, ...]
    waived: tuple[str, ...]
    messages: tuple[str, ...] = field(compare=False)

    def __str__(self) -> str:
        verdict = self.verdict.value.replace("_", " ")
        return f"{verdict}: {'; '.join(self.messages)}" if any(self.messages) else verdict

    @property
    def is_found(self) -> bool:
        """Say whether something was found, waived or not."""
        return self.verdict in (*FINDINGS, Verdict.WAIVED)


def said_by(rows: Sequence[Row]) -> Said:
    """Sum up the rows of one rule at one place."""
    bare = [row.message for row in rows if row.verdict in FINDINGS]
    waived = [row.message for row in rows if row.verdict is Verdict.WAIVED]
    return Said(
        min((row.verdict for row in rows), key=_WORST_FIRST.index),
        _faults(bare),
        _faults(waived),
        tuple(sorted((*bare, *waived))),
    )


def _faults(messages: Iterable[str]) -> tuple[str, ...]:
    """Give the faults of all rows, each as often as rows have it."""
    return tuple(sorted(fault for said in messages for fault in {*faults_in(undated(said))}))


def by_faults(before: Said, after: Said) -> Direction:
    """Hold two findings against each other.

    A fault that is new, or that no waiver covers any more, is worse, whatever else was mended.
    """
    bare = Counter(before.bare), Counter(after.bare)
    every = bare[0] + Counter(before.waived), bare[1] + Counter(after.waived)
    if any(new - old for old, new in (bare, every)):
        return Direction.WORSE
    return Direction.BETTER if bare[0] != bare[1] or every[0] != every[1] else Direction.OTHER
