"""What an auditor reads first in the workbook: what was judged, how it ended, what is open."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from evidence.formats.workbook_tables import Cell
from evidence.model import Evidence
from evidence.plain_words import STANDINGS, STATES, VERDICTS, commit_words, states

CLEAN = "Nothing failed, and everything could be judged. That is no statement about the gaps."
NOT_CLEAN = "Something failed or could not be judged: see Findings, Alarm tests and Rehearsal."


@dataclass(frozen=True, slots=True)
class Line:
    """A line of at most three cells; ``kind`` is ``title``, ``section`` or empty.

    ``status`` is the word by which the first cell is coloured.
    """

    cells: tuple[Cell, ...]
    kind: str = ""
    status: str = ""


def summary(evidence: Evidence) -> list[Line]:
    """Give the lines from the top."""
    return [
        Line((f"Compliance evidence of {evidence.name}",), "title"),
        Line((CLEAN if evidence.clean else NOT_CLEAN,)),
        *_section("What was judged", _judged(evidence)),
        *_section("Results by verdict", _results(evidence)),
        *_section("Controls by standing", _controls(evidence)),
        *_section("Clauses that apply, by state", _clauses(evidence)),
        *_section("Gaps", _gaps(evidence)),
        *_section("Also on record", _recorded(evidence)),
        *_section("Versions", (Line((k, v)) for k, v in sorted(evidence.versions.items()))),
    ]


def _section(title: str, lines: Iterator[Line]) -> Iterator[Line]:
    yield Line(())
    yield Line((title,), "section")
    yield from lines


def _judged(evidence: Evidence) -> Iterator[Line]:
    yield Line(("Environment", evidence.name))
    yield Line(("Tier", evidence.tier))
    yield Line(("Account", evidence.account))
    yield Line(("Region", evidence.region))
    words = commit_words(evidence.commit)
    if words.known:
        yield Line(("Commit", evidence.commit.id))
        yield Line(("Commit's date", evidence.commit.date))
        yield Line(("Made of", words.tree, words.notice))
    else:
        yield Line(("Commit", words.tree, words.notice))
    yield Line(("Templates", len(evidence.templates), "Their SHA-256 are in Templates."))


def _results(evidence: Evidence) -> Iterator[Line]:
    counts = evidence.summary
    for verdict, (_, meaning) in VERDICTS.items():
        yield Line((verdict.value, counts[verdict.value], meaning), status=verdict.value)
    yield Line(("all", len(evidence.rows)))


def _controls(evidence: Evidence) -> Iterator[Line]:
    counts = Counter(control.standing for control in evidence.controls)
    for standing, (_, meaning) in STANDINGS.items():
        yield Line((standing.value, counts[standing], meaning), status=standing.value)
    yield Line(("all", len(evidence.controls)))


def _clauses(evidence: Evidence) -> Iterator[Line]:
    counts = states(evidence)
    for state, number in counts.items():
        yield Line((state, number, STATES.get(state, "")), status=state)
    yield Line(("all", sum(counts.values())))


def _gaps(evidence: Evidence) -> Iterator[Line]:
    for number, gap in enumerate(evidence.gaps, start=1):
        yield Line((number, "", gap))
    if not evidence.gaps:
        yield Line(("none on record",))


def _recorded(evidence: Evidence) -> Iterator[Line]:
    failed = sum(alarm.failed for alarm in evidence.alarm_tests)
    tests = sum(alarm.tests for alarm in evidence.alarm_tests)
    alarms = f"of alarms: {len(evidence.alarm_tests)}; failed: {failed}"
    yield Line(("Alarm tests", tests, alarms))
    last = evidence.rehearsal
    if last is None:
        yield Line(("Last rehearsal", "none on record"))
        return
    outcomes = Counter(drill.outcome for drill in last.drills)
    told = ", ".join(f"{n} {outcome}" for outcome, n in sorted(outcomes.items()))
    yield Line(("Last rehearsal", last.environment, f"started {last.started}: {told}"))
