"""One control's chain: its clauses, the rules, alarms and drills that speak for it, each result."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any

from evidence.model import (
    AlarmTested,
    ClauseEntry,
    ControlEntry,
    Drill,
    Evidence,
    JudgedRule,
    Row,
    Verdict,
)
from runbook.model.refusal import Refusal, RefusedError

_WORST_FIRST = list(Verdict)
_SUGGESTED = 5


@dataclass(frozen=True, slots=True)
class RuleRows:
    """A rule that cites the control, how often each verdict was, and its rows, the worst first."""

    rule: JudgedRule
    counts: Mapping[Verdict, int]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """A control with all that it leads to; what the evidence does not have is ``None``."""

    control: ControlEntry
    clauses: Mapping[str, ClauseEntry | None]
    rules: tuple[RuleRows, ...]
    alarms: Mapping[str, AlarmTested | None]
    drills: Mapping[str, Drill | None]

    def as_json(self) -> dict[str, Any]:
        """Write it for machines, with every row."""
        return {
            **asdict(self.control),
            "clauses": [{"id": id_, **_fields(found)} for id_, found in self.clauses.items()],
            "rules": [
                {**asdict(each.rule), "verdicts": each.counts, "rows": list(map(asdict, each.rows))}
                for each in self.rules
            ],
            "alarms": [{"alarm": name, **_fields(found)} for name, found in self.alarms.items()],
            "drills": [{"name": name, **_fields(found)} for name, found in self.drills.items()],
        }


def chain(evidence: Evidence, control: ControlEntry) -> Chain:
    """Follow a control through the evidence that it is from."""
    rules = {f"{rule.judge}::{rule.id}": rule for rule in evidence.rules}
    rows: dict[str, list[Row]] = {name: [] for name in control.rules}
    for row in evidence.rows:
        rows.get(f"{row.judge}::{row.rule}", []).append(row)
    for of_rule in rows.values():
        of_rule.sort(key=lambda row: _WORST_FIRST.index(row.verdict))
    clauses = {clause.id: clause for clause in evidence.clauses}
    alarms = {tested.alarm: tested for tested in evidence.alarm_tests}
    rehearsed = evidence.rehearsal.drills if evidence.rehearsal else ()
    drills = {drill.name: drill for drill in rehearsed}
    return Chain(
        control,
        {id_: clauses.get(id_) for id_ in control.clauses},
        tuple(
            RuleRows(rules.get(name, _unlisted(name)), counts, tuple(rows[name]))
            for name, counts in control.rules.items()
        ),
        {name: alarms.get(name) for name in control.alarms},
        {name: drills.get(name) for name in control.drills},
    )


def find(evidence: Evidence, asked: str) -> ControlEntry:
    """Find a control by its id, in any case of letters; ``RefusedError`` tells the closest."""
    wanted = _folded(asked)
    by_id = {_folded(control.id): control for control in evidence.controls}
    if wanted in by_id:
        return by_id[wanted]
    close = [by_id[id_].id for id_ in get_close_matches(wanted, by_id, _SUGGESTED, 0.5)]
    fix = f"did you mean {', '.join(close)}?" if close else "`runbook evidence controls` lists them"
    raise RefusedError("the command line", [Refusal(asked, "no control has this id", fix)])


def _folded(id_: str) -> str:
    return " ".join(id_.split()).casefold()


def _unlisted(name: str) -> JudgedRule:
    judge, _, id_ = name.partition("::")
    return JudgedRule(judge, id_, "")


def _fields(found: ClauseEntry | AlarmTested | Drill | None) -> dict[str, Any]:
    return {} if found is None else asdict(found)
