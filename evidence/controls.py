"""How each control stands: from the rules that cite it to their clauses, alarms and drills."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evidence.broken_clauses import results_by_clause, speakers
from evidence.model import (
    AlarmTested,
    ClauseEntry,
    Commit,
    ControlEntry,
    Drill,
    JudgedRule,
    Rehearsal,
    Row,
    Standing,
    Verdict,
)
from evidence.rule_results import RuleResult, rule_results, unjudged_files
from evidence.standing import (
    Said,
    of_alarms,
    of_basis,
    of_clauses,
    of_drills,
    of_findings,
    of_others,
    of_people,
    of_unasked,
    of_unjudged,
    worst,
)
from policies.controls import Control, all_controls
from policies.keepers import Kind
from runbook.model.refusal import Refusal, RefusedError

# What a judge did not judge, or what nothing asks of it, is no resource that it judged.
_JUDGED = (Verdict.FAIL, Verdict.WAIVED, Verdict.PASS, Verdict.NO_FINDING)
_WORST_FIRST = list(Standing)


def control_entries(
    rows: Iterable[Row],
    rules: Iterable[JudgedRule],
    clauses: Iterable[ClauseEntry],
    alarm_tests: Iterable[AlarmTested],
    rehearsal: Rehearsal | None,
    commit: Commit,
) -> tuple[ControlEntry, ...]:
    """Say of every control of policies/controls.toml, in its order, how it stands and why.

    ``commit`` is what the rows are of. Gaps come with the gravest first. Raises ``RefusedError``
    for a rule that cites a control which the file does not have: nobody would see how that stands.
    """
    results = rule_results(rows, rules)
    cited: dict[str, list[RuleResult]] = {}
    for result in results:
        for control in dict.fromkeys(result.rule.controls):
            cited.setdefault(control, []).append(result)
    known = all_controls()
    _refuse_unknown(cited, known)
    unlike = rehearsal.unlike(commit) if rehearsal else ""
    ledger = _ledger(clauses, results_by_clause(results), alarm_tests, rehearsal, unlike)
    files = unjudged_files(results)
    return tuple(
        _entry(control, cited.get(control.id, ()), ledger, files) for control in known.values()
    )


@dataclass(frozen=True, slots=True)
class _Ledger:
    """Clauses that apply, and what alarms and drills show; the names of those of each clause.

    ``rules_of`` maps each clause to the rules that cite it, whatever controls they cite. ``unlike``
    says why the drills do not show what was judged; empty where they do.
    """

    clauses: Mapping[str, ClauseEntry]
    alarms: Mapping[str, AlarmTested]
    drills: Mapping[str, Drill] | None
    unlike: str
    alarms_of: Mapping[str, Sequence[str]]
    drills_of: Mapping[str, Sequence[str]]
    rules_of: Mapping[str, Sequence[RuleResult]]


def _ledger(
    clauses: Iterable[ClauseEntry],
    rules_of: Mapping[str, Sequence[RuleResult]],
    alarm_tests: Iterable[AlarmTested],
    rehearsal: Rehearsal | None,
    unlike: str,
) -> _Ledger:
    applying = {clause.id: clause for clause in clauses if clause.applies}
    alarms = {tested.alarm: tested for tested in alarm_tests}
    drills = None if rehearsal is None else {drill.name: drill for drill in rehearsal.drills}
    return _Ledger(
        applying,
        alarms,
        drills,
        unlike,
        {id_: speakers(clause, Kind.ALARM, alarms) for id_, clause in applying.items()},
        {id_: speakers(clause, Kind.DRILL, drills or {}) for id_, clause in applying.items()},
        rules_of,
    )


def _entry(
    control: Control,
    results: Sequence[RuleResult],
    ledger: _Ledger,
    files: Sequence[str],
) -> ControlEntry:
    named = {clause for result in results for clause in result.rule.clauses}
    clauses = [clause for clause in ledger.clauses.values() if clause.id in named]
    alarms = _with_clauses(clauses, ledger.alarms_of)
    drills = _with_clauses(clauses, ledger.drills_of)
    basis = of_basis(results, (*alarms, *drills))
    said: list[Said] = [
        basis,
        *(of_people(basis[0]) if control.organisational else ()),
        *of_findings(results, ledger.clauses),
        *of_unasked(results, ledger.clauses),
        *of_unjudged(results, files),
        *of_alarms(alarms, ledger.alarms),
        *of_drills(drills, ledger.drills, ledger.unlike),
        *of_clauses(clauses),
        *of_others({clause.id: ledger.rules_of[clause.id] for clause in clauses}, control.id),
    ]
    gravest_first = sorted(said, key=lambda each: _WORST_FIRST.index(each[0]))
    return ControlEntry(
        id=control.id,
        title=control.title,
        framework=control.framework,
        url=control.url,
        standing=worst(said),
        clauses=tuple(clause.id for clause in clauses),
        rules=_tallies(results),
        alarms=tuple(alarms),
        drills=tuple(drills),
        resources=_resources(results),
        gaps=tuple(dict.fromkeys(sentence for _, sentence in gravest_first if sentence)),
    )


def _with_clauses(
    clauses: Iterable[ClauseEntry], named: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """Map each alarm or drill of these clauses to those of them that it speaks for."""
    found: dict[str, list[str]] = {}
    for clause in clauses:
        for name in dict.fromkeys(named[clause.id]):
            found.setdefault(name, []).append(clause.id)
    return found


def _tallies(results: Iterable[RuleResult]) -> dict[str, dict[Verdict, int]]:
    """Count verdicts by rule; rows of a rule that is not listed stand under its name, too."""
    found: dict[str, dict[Verdict, int]] = {}
    for result in results:
        so_far = found.setdefault(result.name, {})
        for verdict, count in result.tally.items():
            so_far[verdict] = so_far.get(verdict, 0) + count
    return found


def _resources(results: Iterable[RuleResult]) -> int:
    judged = {place for result in results for place in result.at(*_JUDGED)}
    return sum(bool(resource) for _, resource in judged)


def _refuse_unknown(
    cited: Mapping[str, Sequence[RuleResult]], known: Mapping[str, Control]
) -> None:
    unknown = list(_unknown(cited, known))
    if unknown:
        raise RefusedError("policies/controls.toml", unknown)


def _unknown(
    cited: Mapping[str, Sequence[RuleResult]], known: Mapping[str, Control]
) -> Iterator[Refusal]:
    for control, results in cited.items():
        if control not in known:
            reason = f"{results[0].name} cites it, and it is not there"
            yield Refusal(control, reason, "add it with its title, or correct the rule")
