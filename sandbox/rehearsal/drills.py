"""Every drill, in the order in which they run; the modules are parted by subject."""

from __future__ import annotations

from types import ModuleType

from sandbox.rehearsal import (
    evidence_drills,
    failure_drills,
    interruption_drills,
    operator_drills,
    outage_drills,
    paging_drills,
    record_drills,
    release_drills,
    rollback_drills,
    secret_drills,
    section_two,
)
from sandbox.rehearsal.drill import Drill


def _of(module: ModuleType) -> list[Drill]:
    return [each for each in vars(module).values() if isinstance(each, Drill)]


DRILLS: list[Drill] = [
    *_of(release_drills),
    *_of(failure_drills),
    *_of(rollback_drills),
    *_of(operator_drills),
    *_of(interruption_drills),
    *_of(outage_drills),
    *_of(paging_drills),
    *_of(record_drills),
    *_of(evidence_drills),
    *_of(section_two),
    *_of(secret_drills),
]
