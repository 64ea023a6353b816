"""What a comparison of deployed stacks with their templates finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from runbook.deployed.equivalence import Mismatch


class Kind(Enum):
    """What a difference is: a value, a whole resource, or that nobody can tell."""

    DIFFERENT = auto()
    # Declared, and not there.
    GONE = auto()
    # It could not be read or worked out, so nothing is known of it.
    UNREAD = auto()
    # It stands behind a secret's value, which may not be read where this runs.
    WITHHELD = auto()


@dataclass(frozen=True)
class Difference:
    """What is not as the template says.

    `property` is a path such as `Rules[0].Status`; it is empty if the difference is the resource
    itself, and such a difference can never be one of the emulator's own. `found` is what stands at
    the path, as text or JSON; "nothing" if nothing does.
    """

    stack: str
    resource: str
    type: str
    property: str
    message: str
    found: str = ""
    kind: Kind = Kind.DIFFERENT
    # Both values, where there are two.
    mismatch: Mismatch | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        """Say it in one line."""
        place = f"{self.type}.{self.property}" if self.property else self.type
        return f"{self.stack} {self.resource} {place}: {self.message}"


@dataclass
class Comparison:
    """The differences found, and how much was compared.

    `places` are the types with the names of their properties that are declared or live anywhere.
    """

    stacks: int = 0
    resources: int = 0
    properties: int = 0
    values: int = 0
    types: set[str] = field(default_factory=set)
    places: set[tuple[str, str]] = field(default_factory=set)
    differences: list[Difference] = field(default_factory=list)
