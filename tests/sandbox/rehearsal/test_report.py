"""What a drill may end as, and the report in the format that others read."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from sandbox.rehearsal import page, report, summary
from sandbox.rehearsal.rehearsed_code import RehearsedCode
from sandbox.rehearsal.report import Checks, DrillError, NotExercisableError, Outcome, drilled


def passes(checks: Checks) -> None:
    checks.that([1], "it is so")
    checks.same(2, 2, "how many")


def differs(checks: Checks) -> None:
    checks.that([1], "it is so")
    checks.same(3, 2, "how many")


def refuses(checks: Checks) -> None:
    checks.that([], "there is one")


def lacks(_checks: Checks) -> None:
    raise NotExercisableError("nothing is deployed")


def breaks(_checks: Checks) -> None:
    raise KeyError("x")


def checks_nothing(_checks: Checks) -> None:
    pass


@pytest.mark.parametrize(
    ("drill", "outcome", "reason", "checked"),
    [
        (passes, "passed", "", ["it is so", "how many: 2"]),
        (differs, "failed", "how many: expected 2, found 3", ["it is so"]),
        (refuses, "failed", "not so: there is one", []),
        (lacks, "not exercisable", "nothing is deployed", []),
        (breaks, "failed", "the drill broke: KeyError: 'x'", []),
        (checks_nothing, "failed", "the drill checked nothing", []),
    ],
    ids=["passes", "differs", "refuses", "lacks", "breaks", "checks nothing"],
)
def test_outcomes(
    drill: report.Drill,
    outcome: str,
    reason: str,
    checked: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter([100.0, 102.34])
    monkeypatch.setattr(report, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    found = drilled("a drill", ["X-1"], drill)
    assert (found.outcome, found.reason, list(found.checked)) == (outcome, reason, checked)
    assert found.seconds == 2.3


def test_the_report_is_what_the_architecture_says(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "report.json"
    started = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    code = RehearsedCode("ab" * 20, "2026-11-20T00:00:00Z", clean=True)
    report.write(path, "some/where", started, [drilled("a drill", ["X-1"], differs)], code)
    told = json.loads(path.read_text("utf-8"))
    [found] = told.pop("drills")
    assert told == {
        "environment": "some/where",
        "started": "2026-11-21T09:30:00Z",
        "commit": {"id": "ab" * 20, "date": "2026-11-20T00:00:00Z", "clean": True},
    }
    assert found.pop("seconds") >= 0
    assert found == {
        "name": "a drill",
        "clauses": ["X-1"],
        "outcome": "failed",
        "checked": ["it is so"],
        "reason": "how many: expected 2, found 3",
    }


def test_the_summary_says_each_drill_and_what_was_simulated() -> None:
    written = io.StringIO()
    outcomes = [
        Outcome("one", ["X-1"], "passed", 1.0, ["[it] is so"], ""),
        Outcome("two", ["X-2"], "not exercisable", 0.0, [], "nothing is deployed"),
        Outcome("three", ["X-3"], "failed", 2.0, [], "it [broke]"),
    ]
    summary.show(
        Console(file=written, width=100, force_terminal=False),
        outcomes,
        Path("report.json"),
        bake_seconds=2.0,
        left_out=["a slow check"],
    )
    text = written.getvalue()
    for expected in ("[it] is so", "nothing is deployed", "X-2", "report.json"):
        assert expected in text
    assert "3 drills: 1 passed, 1 failed, 1 not exercisable. report.json\n" in text
    assert text.endswith(" report.json\nthree: it [broke]\n")
    told = " ".join(text.split())
    for simulated in ("2 s stand for a minute", "no container", "permissions", "a slow check"):
        assert simulated in told


def test_the_page_says_what_the_report_says(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    started = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    outcomes = [
        Outcome("one", ["X-1"], "passed", 61.0, ["a_b: <none>"], ""),
        Outcome("two", ["X-2", "X-3"], "failed", 2.4, [], "it\nbroke"),
    ]
    simulated: Any = {"bake_seconds": 2.0, "left_out": ["a slow check"]}
    code = RehearsedCode("ab" * 20, "2026-11-20T00:00:00Z", clean=False)
    page.write(path, "some/where", started, outcomes, code, **simulated)
    text = path.read_text("utf-8")
    assert text.startswith("# Rehearsal of some/where, 2026-11-21 09:30 UTC\n")
    assert "2 drills in 1 minutes: 1 passed, 1 failed, 0 not exercisable." in text
    assert "| two | failed | 2 | X-2, X-3 |" in text
    for line in ("- a\\_b: \\<none\\>", "**it broke**", "## one: passed", "a slow check"):
        assert line in text
    changed = f"commit {'ab' * 20} of 2026-11-20T00:00:00Z, with changes that are in no commit"
    assert f"Rehearsed: {changed}.\n" in text
    page.write(path, "some/where", started, outcomes, None, **simulated)
    assert "Rehearsed: a state of the code that git does not tell." in path.read_text("utf-8")


def test_a_check_that_fails_is_an_error_of_the_drill() -> None:
    with pytest.raises(DrillError):
        Checks().that(0, "nothing")
