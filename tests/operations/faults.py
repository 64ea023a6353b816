"""Tables of faults: every call of a good run, with everything that can happen to it.

A table is computed from what a command calls when nothing goes wrong, so a new call is in it by
itself.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest
from botocore import xform_name

from tests.assembly import ROOT
from tests.operations.wire import CODES, Call, Fault

# Another try of botocore's own makes these good.
PASSING = ("server error", "throttled", "timed out", "lost response", "twice")
ENDING = ("crash before", "crash after", "interrupted before", "interrupted after")
# And whether it happens to every attempt from there on.
KINDS = [
    *((kind, False) for kind in (*PASSING, *ENDING, "aws error")),
    *((kind, True) for kind in ("aws error", "throttled", "timed out", "lost response")),
]
_VERBS = "create|delete|describe|execute|filter|get|list|lookup|put|rotate|run|stop|update"


@dataclass
class Table:
    """All faults of some scenes; ``calls_of`` runs a scene in which nothing goes wrong."""

    scenes: Iterable[str]
    calls_of: Callable[[str], list[Call]]
    calls: list[tuple[str, Call]] = field(init=False)

    def __post_init__(self) -> None:
        self.calls = [(scene, call) for scene in self.scenes for call in self.calls_of(scene)]

    @property
    def cases(self) -> list[tuple[str, Fault]]:
        """The rows: a scene and what goes wrong in it."""
        return [(scene, Fault(call, *kind)) for scene, call in self.calls for kind in KINDS]

    @property
    def ids(self) -> list[str]:
        """Name each row."""
        return [_label(scene, fault) for scene, fault in self.cases]

    @property
    def operations(self) -> set[str]:
        """Every operation of AWS that something happens to, as a client's method is called."""
        return {xform_name(call.operation) for _, call in self.calls}

    def summary(self, what: str) -> str:
        """Say how many were tried."""
        scenes = len({scene for scene, _ in self.calls})
        tried = f"{len(self.cases)} faults tried"
        return f"{what}: {tried}: {len(self.calls)} calls of {scenes} scenes x {len(KINDS)} kinds"


def _label(scene: str, fault: Fault) -> str:
    call, lasting = fault.call, " for good" if fault.lasting else ""
    return f"{scene}-{call.command}-{call.operation}-{call.number}-{fault.kind}{lasting}"


def try_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK not wait, and try as often as it would in a process of its own."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    monkeypatch.setattr("botocore.retries.quota.RetryQuota.acquire", lambda *_: True)


def operations_in(package: str) -> set[str]:
    """Read which operations of AWS the modules of a package of ``runbook`` call."""
    return {
        name
        for path in (ROOT / "runbook" / package).rglob("*.py")
        for name in re.findall(rf"[.\"]((?:{_VERBS})_[a-z_0-9]+)[(\"]", path.read_text("utf-8"))
        if name != "get_paginator"
    }


def demand_reason(said: str, fault: Fault) -> None:
    """Hold that it is said which call went wrong, and how."""
    if fault.kind in CODES:
        assert f"{fault.call.operation}: {CODES[fault.kind][1]}" in said, said
    elif fault.kind.startswith("interrupted"):
        assert "Interrupted. " in said or "interrupted" in said
    else:
        assert re.search(r"(Timeout|Closed)Error: ", said)
