"""What the command says of the bundles that it wrote: counts, standings, failures, gaps."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any

from evidence.bundle_files import PAGE, RESULTS
from evidence.model import Evidence, Standing, Verdict
from evidence.plain_words import states
from policies.terminal import bold, plain, red, yellow

SHOWN = 20
# Of a gap, in letters.
WIDTH = 160


@dataclass(frozen=True, slots=True)
class Written:
    """A bundle that was written, and the SHA-256 of its manifest in hex."""

    evidence: Evidence
    folder: Path
    sha256: str


def failures(evidence: Evidence) -> list[str]:
    """Tell each failure and each error in a line: of rows, alarm tests and drills."""
    rows = [
        f"{row.verdict.value} {row.judge}::{row.rule} at "
        f"{row.construct_path or row.resource or row.template}: {row.message}"
        for row in evidence.rows
        if row.verdict in (Verdict.FAIL, Verdict.ERROR)
    ]
    alarms = [
        f"fail alarm {tested.alarm}: {tested.failed} of {tested.tests} tests"
        for tested in evidence.alarm_tests
        if tested.failed
    ]
    drills = evidence.rehearsal.drills if evidence.rehearsal else ()
    failed = [f"fail drill {d.name}: {d.reason}" for d in drills if d.outcome == "failed"]
    return [" ".join(plain(line).split()) for line in (*rows, *alarms, *failed)]


def standings(evidence: Evidence) -> dict[str, int]:
    """Count the controls by how they stand, the worst first."""
    counted = Counter(control.standing for control in evidence.controls)
    return {standing.value: counted[standing] for standing in Standing}


def machine_readable(written: Sequence[Written]) -> dict[str, Any]:
    """Give what ``--json`` prints."""
    return {
        "schema": 1,
        "clean": all(each.evidence.clean for each in written),
        "bundles": [
            {
                "environment": each.evidence.name,
                "folder": each.folder.as_posix(),
                "manifest_sha256": each.sha256,
                "commit": each.evidence.commit.id,
                "clean": each.evidence.clean,
                "summary": each.evidence.summary,
                "controls": standings(each.evidence),
                "clauses": states(each.evidence),
                "failures": failures(each.evidence),
                "gaps": list(each.evidence.gaps),
            }
            for each in written
        ],
    }


def lines(written: Sequence[Written]) -> Iterator[str]:
    """Say it for people; at most ``SHOWN`` failures of each environment."""
    for each in written:
        evidence = each.evidence
        yield f"{bold(plain(evidence.name))}  {each.folder.as_posix()}/{PAGE}"
        yield f"  results   {_counted(evidence.summary)}"
        yield f"  controls  {_counted(standings(evidence))}"
        yield f"  clauses   {_counted(states(evidence))}"
        yield f"  manifest  SHA-256 {each.sha256}"
        found = failures(evidence)
        yield from (f"  {red(line)}" for line in found[:SHOWN])
        if len(found) > SHOWN:
            yield f"  and {len(found) - SHOWN} more: {each.folder.as_posix()}/{RESULTS}"
        yield from (f"  {yellow('gap')} {_short(gap)}" for gap in evidence.gaps)
    for each in written:
        known = f"--manifest-sha256 {each.sha256}"
        yield f"Next: runbook evidence verify {each.folder.as_posix()} {known}"


def _short(gap: str) -> str:
    """Cut what is long; the page and ``--json`` have all of it."""
    return shorten(plain(gap), WIDTH, placeholder=f" … ({PAGE} has all of it)")


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in counts.items())
