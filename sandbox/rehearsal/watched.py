"""What holds after every drill, whatever was drilled."""

from __future__ import annotations

from sandbox.rehearsal.drill import Run
from sandbox.rehearsal.report import Checks
from sandbox.rehearsal.stage import Stage
from sandbox.rehearsal.status_check import check_status


def watched(run: Run, stage: Stage, checks: Checks) -> None:
    """Run a drill; hold the records against the events that there were, and status against AWS."""
    stage.records.begin()
    run(stage, checks)
    stage.records.check(checks)
    check_status(stage, checks)
