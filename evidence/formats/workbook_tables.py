"""What stands in the tables of the workbook, sheet by sheet; each row is of text and numbers."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter

from evidence.model import (
    AlarmTested,
    ClauseEntry,
    ControlEntry,
    Evidence,
    Row,
    Verdict,
)

Cell = str | int | float
FINDINGS = (Verdict.FAIL, Verdict.ERROR, Verdict.WAIVED)
_WIDTHS = {
    "judge": 16,
    "rule": 34,
    "verdict": 14,
    "template": 44,
    "resource": 34,
    "type": 30,
    "construct_path": 56,
    "location": 34,
    "message": 70,
    "reason": 50,
    "clauses": 22,
    "controls": 40,
}
# What somebody looks for first stands first; every field of a row has a column.
_FIRST = ("verdict", "judge", "rule", "construct_path", "message", "reason")
_ROW_FIELDS = (*_FIRST, *(f.name for f in fields(Row) if f.name not in _FIRST))
_values = attrgetter(*_ROW_FIELDS)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, its width in characters, whether it holds a verdict."""

    title: str
    width: int
    status: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet: ``none`` is the sentence when it has no rows, ``frozen`` the columns that stay."""

    name: str
    columns: tuple[Column, ...]
    rows: Iterable[Sequence[Cell]]
    none: str
    frozen: int = 1
    wrap: bool = True


def tables(evidence: Evidence) -> Iterator[Table]:
    """Give the sheets behind the summary, in their order."""
    yield _controls(evidence)
    findings = [row for verdict in FINDINGS for row in evidence.rows if row.verdict is verdict]
    yield _rows("Findings", findings, "Nothing failed, nothing is waived, all could be judged.")
    yield _rows("Results", evidence.rows, "Nothing was judged, which is no pass.", wrap=False)
    yield _rules(evidence)
    yield _clauses(evidence)
    yield _waivers(evidence)
    yield _alarm_tests(evidence)
    yield _rehearsal(evidence)
    yield _judges(evidence)
    yield Table(
        "Templates",
        (Column("Template", 60), Column("Stack", 40), Column("Region", 14), Column("SHA-256", 68)),
        [(t.path, t.stack, t.region, t.sha256) for t in evidence.templates],
        "No template is on record.",
    )


def _rows(name: str, rows: Sequence[Row], none: str, *, wrap: bool = True) -> Table:
    columns = tuple(
        Column(field.replace("_", " ").capitalize(), _WIDTHS.get(field, 12), field == "verdict")
        for field in _ROW_FIELDS
    )
    return Table(name, columns, map(_row_cells, rows), none, frozen=3, wrap=wrap)


def _row_cells(row: Row) -> list[str]:
    return ["; ".join(v) if isinstance(v, tuple) else v for v in _values(row)]


def _controls(evidence: Evidence) -> Table:
    columns = (
        Column("Control", 26),
        Column("Title", 36),
        Column("Framework", 26),
        Column("Standing", 20, status=True),
        Column("Gaps", 60),
        Column("Clauses", 22),
        Column("Rules, and how often each verdict was", 60),
        Column("Alarms", 24),
        Column("Drills", 20),
        Column("Resources", 11),
        Column("Source", 50),
    )
    unasked = {f"{r.judge}::{r.id}": r.unasked for r in evidence.rules if r.unasked}
    rows = (_control_cells(control, unasked) for control in evidence.controls)
    return Table("Controls", columns, rows, "No control is mapped, which is a gap.")


def _control_cells(control: ControlEntry, unasked: Mapping[str, str]) -> list[Cell]:
    rules = [
        f"{rule}: {_ended(counts, unasked.get(rule, ''))}" for rule, counts in control.rules.items()
    ]
    return [
        control.id,
        control.title,
        control.framework,
        control.standing.value,
        "\n".join(control.gaps),
        "; ".join(control.clauses),
        "\n".join(rules),
        "; ".join(control.alarms),
        "; ".join(control.drills),
        control.resources,
        control.url,
    ]


def _ended(counts: Mapping[Verdict, int], unasked: str) -> str:
    """Say how often each verdict of a rule was, and of what it was not asked."""
    said = [f"{verdict.value} {n}" for verdict, n in counts.items()]
    return ", ".join([*said, f"not asked of {unasked}"] if unasked else said or ["no result"])


def _counted() -> tuple[Column, ...]:
    return tuple(Column(verdict.value.replace("_", " ").capitalize(), 11) for verdict in Verdict)


def _rules(evidence: Evidence) -> Table:
    counts = Counter((row.judge, row.rule, row.verdict) for row in evidence.rows)
    columns = (
        Column("Judge", 16),
        Column("Rule", 40),
        Column("Title", 50),
        *_counted(),
        Column("Not asked of", 40),
        Column("Why", 60),
        Column("Remedy", 60),
        Column("Clauses", 22),
        Column("Controls", 40),
    )
    rows: Iterable[Sequence[Cell]] = (
        (
            rule.judge,
            rule.id,
            rule.title,
            *(counts[rule.judge, rule.id, verdict] for verdict in Verdict),
            rule.unasked,
            rule.why,
            rule.remedy,
            "; ".join(rule.clauses),
            "; ".join(rule.controls),
        )
        for rule in evidence.rules
    )
    return Table("Rules", columns, rows, "No judge named a rule.", frozen=2)


def _judges(evidence: Evidence) -> Table:
    counts = Counter((row.judge, row.verdict) for row in evidence.rows)
    columns = (
        Column("Judge", 18),
        Column("Version", 12),
        *_counted(),
        Column("What it shows", 70),
        Column("What it does not show", 70),
    )
    rows: Iterable[Sequence[Cell]] = (
        (
            judge.name,
            judge.version,
            *(counts[judge.name, verdict] for verdict in Verdict),
            judge.shows,
            judge.does_not_show,
        )
        for judge in evidence.judges
    )
    return Table("Judges", columns, rows, "Nobody judged, which is no pass.")


def _clauses(evidence: Evidence) -> Table:
    columns = (
        Column("Clause", 16),
        Column("State", 14, status=True),
        Column("Applies here", 12),
        Column("Text", 70),
        Column("What breaks it", 50),
        Column("What it lacks", 50),
        Column("Source", 34),
        Column("Kept by", 80),
    )
    rows = map(_clause_cells, evidence.clauses)
    return Table("Clauses", columns, rows, "No clause is on record, which is a gap.")


def _clause_cells(clause: ClauseEntry) -> list[Cell]:
    keepers = [
        f"{keeper.kind} {keeper.name} ({keeper.place})" + (keeper.test and f", {keeper.test}")
        for keeper in clause.keepers
    ]
    return [
        clause.id,
        clause.state,
        "yes" if clause.applies else "no",
        clause.text,
        "\n".join(clause.broken),
        clause.open,
        clause.source,
        "\n".join(keepers),
    ]


def _waivers(evidence: Evidence) -> Table:
    columns = (
        Column("Waiver", 24),
        Column("Expires", 12),
        Column("Findings", 10),
        Column("Reason", 70),
        Column("Owner", 24),
        Column("Rules", 50),
        Column("Constructs", 60),
    )
    rows = (
        (w.entry, w.expires, w.findings, w.reason, w.owner, "\n".join(w.rules), "\n".join(w.paths))
        for w in evidence.waivers
    )
    return Table("Waivers", columns, rows, "The environment has no waiver.")


def _alarm_tests(evidence: Evidence) -> Table:
    columns = (
        Column("Alarm", 34),
        Column("Result", 26, status=True),
        Column("Tests", 10),
        Column("Failed", 10),
        Column("Show that it fires", 12),
        Column("Show that it stays quiet", 12),
        Column("Clauses", 40),
    )
    rows = (
        (a.alarm, _shown(a), a.tests, a.failed, a.fires, a.stays_quiet, "; ".join(a.clauses))
        for a in evidence.alarm_tests
    )
    return Table("Alarm tests", columns, rows, "No alarm was tested, which is a gap.")


def _shown(alarm: AlarmTested) -> str:
    """Say in a word what the tests of an alarm show."""
    if alarm.failed:
        return "failed"
    if not alarm.tests:
        return "not tested"
    if not alarm.fires:
        return "never shown to fire"
    return "passed" if alarm.stays_quiet else "never shown to stay quiet"


def _rehearsal(evidence: Evidence) -> Table:
    columns = (
        Column("Drill", 30),
        Column("Outcome", 16, status=True),
        Column("Seconds", 10),
        Column("Checked", 70),
        Column("Reason", 50),
        Column("Clauses", 22),
        Column("Rehearsed in", 22),
        Column("Started", 28),
        Column("Commit", 42),
        Column("Shows this bundle's commit", 46),
        Column("SHA-256 of its report", 68),
    )
    last = evidence.rehearsal
    if last is None:
        return Table("Rehearsal", columns, (), "No rehearsal is on record, which is a gap.")
    commit = last.commit.id if last.commit else ""
    shown = last.unlike(evidence.commit) or "yes"
    about = (last.environment, last.started, commit, shown, last.sha256)
    rows = (
        (d.name, d.outcome, d.seconds, "\n".join(d.checked), d.reason, "; ".join(d.clauses), *about)
        for d in last.drills
    )
    none = f"The rehearsal of {last.environment}, started {last.started}, had no drill."
    return Table("Rehearsal", columns, rows, none)
