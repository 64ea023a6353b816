"""The page to read of a rehearsal: the report in words, for people who were not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sandbox.rehearsal.rehearsed_code import RehearsedCode
from sandbox.rehearsal.report import Outcome
from sandbox.rehearsal.summary import counted, simulated


def write(
    path: Path,
    environment: str,
    started: datetime,
    outcomes: Sequence[Outcome],
    code: RehearsedCode | None,
    *,
    bake_seconds: float,
    left_out: Sequence[str],
) -> None:
    """Write it as Markdown; the facts are those of report.json."""
    when = f"{started.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    lines = [
        f"# Rehearsal of {environment}, {when}",
        "",
        f"{len(outcomes)} drills in {sum(each.seconds for each in outcomes) / 60:.0f} minutes: "
        f"{counted(outcomes)}.",
        "",
        f"Rehearsed: {code or 'a state of the code that git does not tell'}.",
        "",
        "| drill | outcome | seconds | clauses |",
        "|---|---|---|---|",
        *(
            f"| {each.name} | {each.outcome} | {each.seconds:.0f} | {', '.join(each.clauses)} |"
            for each in outcomes
        ),
    ]
    for each in outcomes:
        lines += ["", *_drill(each)]
    lines += ["", "## What was simulated", ""]
    lines += [f"- {each}" for each in simulated(bake_seconds, left_out)]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _drill(outcome: Outcome) -> Iterator[str]:
    yield f"## {outcome.name}: {outcome.outcome}"
    yield ""
    if outcome.reason:
        yield f"**{_plain(outcome.reason)}**"
        yield ""
    for line in outcome.checked:
        yield f"- {_plain(line)}"


def _plain(text: str) -> str:
    """Keep what a drill found from being read as Markdown, in one line."""
    escaped = "".join(f"\\{each}" if each in "\\`*_<>[]|" else each for each in text)
    return " ".join(escaped.split())
