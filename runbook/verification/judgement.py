"""What the rules say of live values. They stand in ``policies``, which stands beside this package.

The command line hands over what judges (``runbook.cli``).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class LiveStack:
    """A stack's template with the values that were found, and its protection as found."""

    template: Mapping[str, Any]
    termination_protection: bool


@dataclass(frozen=True)
class Broken:
    """A rule that fails on what was found, and did not on what was declared.

    ``resource`` is a logical id; empty if it is about the whole stack.
    """

    rule: str
    stack: str
    resource: str
    message: str
    remedy: str
    clauses: tuple[str, ...]


@dataclass(frozen=True)
class Judgement:
    """What the rules said.

    ``kept`` maps stack and logical id to the clauses that rules find kept there, as declared;
    ``unjudged`` says what could not be judged.
    """

    broken: Sequence[Broken] = ()
    unjudged: Sequence[str] = ()
    kept: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)


# The assembly's folder, the environment's name, and what was found, by the stacks' names.
Judge = Callable[[Path, str, Mapping[str, LiveStack]], Judgement]
