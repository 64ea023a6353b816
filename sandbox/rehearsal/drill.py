"""What a drill is: a name, the clauses that it exercises, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.rehearsal.report import Checks
from sandbox.rehearsal.stage import Stage

Run = Callable[[Stage, Checks], None]


@dataclass(frozen=True)
class Drill:
    """A drill, and the clauses that it exercises."""

    name: str
    clauses: Sequence[str]
    run: Run


def drill(name: str, *clauses: str) -> Callable[[Run], Drill]:
    """Make a drill of a function; `drills.py` finds it in its module.

    Name and clauses are written out: `policies/drilled.py` reads them from the text.
    """
    return lambda run: Drill(name, clauses, run)
