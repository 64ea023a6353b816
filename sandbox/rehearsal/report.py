"""What a rehearsal found: each drill, what was checked, and what could not be rehearsed and why."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sandbox.rehearsal.rehearsed_code import RehearsedCode

PASSED, FAILED, NOT_EXERCISABLE = "passed", "failed", "not exercisable"


class DrillError(Exception):
    """A drill did not end as it must."""


class NotExercisableError(Exception):
    """What a drill needs is not deployed; says what."""


@dataclass
class Checks:
    """What a drill has found to be so."""

    found: list[str] = field(default_factory=list)

    def that(self, holds: object, what: str) -> None:
        """Keep what holds; raises DrillError with it otherwise."""
        if not holds:
            raise DrillError(f"not so: {what}")
        self.found.append(what)

    def same(self, found: object, expected: object, what: str) -> None:
        """Keep that a value is the expected one; raises DrillError with both otherwise."""
        if found != expected:
            raise DrillError(f"{what}: expected {expected!r}, found {found!r}")
        self.found.append(f"{what}: {expected}")


Drill = Callable[[Checks], None]


@dataclass(frozen=True)
class Outcome:
    """One drill in the report; the words of `outcome` are the report's interface."""

    name: str
    clauses: Sequence[str]
    outcome: str
    seconds: float
    checked: Sequence[str]
    reason: str


def drilled(name: str, clauses: Sequence[str], drill: Drill) -> Outcome:
    """Run one drill; its failure is an outcome, too. What breaks by itself is a failure."""
    checks, begun = Checks(), time.monotonic()
    outcome, reason = PASSED, ""
    try:
        drill(checks)
    except NotExercisableError as missing:
        outcome, reason = NOT_EXERCISABLE, str(missing)
    except DrillError as error:
        outcome, reason = FAILED, str(error)
    except Exception as error:  # noqa: BLE001 - the other drills are worth running
        outcome, reason = FAILED, f"the drill broke: {type(error).__name__}: {error}"
    if outcome == PASSED and not checks.found:
        outcome, reason = FAILED, "the drill checked nothing"
    seconds = round(time.monotonic() - begun, 1)
    return Outcome(name, list(clauses), outcome, seconds, checks.found, reason)


def write(
    path: Path,
    environment: str,
    started: datetime,
    drills: Sequence[Outcome],
    code: RehearsedCode | None,
) -> None:
    """Write the report, in the format of ARCHITECTURE.md; its `commit` is null where unknown."""
    report = {
        "environment": environment,
        "started": started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "commit": code and asdict(code),
        "drills": [asdict(drill) for drill in drills],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")
