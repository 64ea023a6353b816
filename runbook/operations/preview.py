"""What an operation would change, as plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runbook.model.refusal import Refusal


@dataclass(frozen=True)
class Change:
    """One value that would change; ``expected`` when the operation is there to change it."""

    where: str
    before: str
    after: str
    expected: bool

    def __str__(self) -> str:
        """Write it in one line."""
        return f"{self.where}: {self.before or '(none)'} -> {self.after or '(none)'}"


@dataclass(frozen=True)
class Preview:
    """What an operation would do; with ``refusals`` it cannot begin.

    With ``holds`` it cannot begin yet: somebody has to do something else first, and looking at it
    is in order meanwhile.
    """

    summary: str
    changes: Sequence[Change] = ()
    refusals: Sequence[Refusal] = ()
    holds: Sequence[Refusal] = ()
    notes: Sequence[str] = ()
    nothing_to_do: bool = False
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)

    @property
    def unexpected(self) -> list[Change]:
        """What would change and is not what the operation is for (ROVN-DEP-6)."""
        return [change for change in self.changes if not change.expected]

    def as_json(self) -> dict[str, Any]:
        """Write it for machines."""
        return {
            "summary": self.summary,
            "before": dict(self.before),
            "after": dict(self.after),
            "notes": list(self.notes),
            "holds": [{"key": h.key, "why": h.reason, "fix": h.fix} for h in self.holds],
            "changes": [
                {
                    "where": change.where,
                    "before": change.before,
                    "after": change.after,
                    "expected": change.expected,
                }
                for change in self.changes
            ],
        }
