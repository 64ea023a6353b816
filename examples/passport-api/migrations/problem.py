"""What stands in the way, and how a run can end."""

from dataclasses import asdict, dataclass
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the runner; the release gate reads them."""

    DONE = 0
    UNEXPECTED = 1
    UNUSABLE_SETTINGS = 2
    REFUSED = 3
    FAILED = 4
    LOCK_NOT_OBTAINED = 5
    UNREACHABLE = 6


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: in which file (empty: in none), what, and what to do about it."""

    file: str
    what: str
    do: str

    def as_json(self) -> dict[str, str]:
        """Give it the form that the runner prints."""
        return asdict(self)


class StoppedError(Exception):
    """The run ends here.

    `applied` are the files that this run applied before, `already` counts those of earlier runs:
    both stay.
    """

    def __init__(self, code: Exit, *problems: Problem) -> None:
        super().__init__(code.name)
        self.code = code
        self.problems = problems
        self.applied: tuple[str, ...] = ()
        self.already = 0
