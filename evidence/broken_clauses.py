"""Clauses that something breaks here, whatever the ledger says of what keeps them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from evidence.model import AlarmTested, ClauseEntry, Drill, JudgedRule, Rehearsal, Row, Standing
from evidence.rule_results import AGAINST, RuleResult, rule_results, unjudged_files
from evidence.standing import of_alarms, of_drills, of_findings, of_unjudged
from policies.keepers import Kind

BROKEN = "broken"


def with_broken(
    clauses: Iterable[ClauseEntry],
    rows: Iterable[Row],
    rules: Iterable[JudgedRule],
    alarm_tests: Iterable[AlarmTested],
    rehearsal: Rehearsal | None,
) -> tuple[ClauseEntry, ...]:
    """Call each clause broken of which a rule, an alarm test or a drill failed, and say which.

    A rule that could not judge breaks its clauses as one that failed, and so does a template of
    which our rules could not judge all. A clause that does not apply stays as it is.
    """
    failed = rule_results((row for row in rows if row.verdict in AGAINST), rules)
    alarms = {tested.alarm: tested for tested in alarm_tests}
    drills = None if rehearsal is None else {drill.name: drill for drill in rehearsal.drills}
    results = results_by_clause(failed)
    files = unjudged_files(failed)
    found = []
    for clause in clauses:
        broken = _broken(clause, results.get(clause.id, ()), files, alarms, drills)
        if clause.applies and broken:
            found.append(replace(clause, state=BROKEN, broken=broken))
        else:
            found.append(clause)
    return tuple(found)


def results_by_clause(results: Iterable[RuleResult]) -> dict[str, list[RuleResult]]:
    """Map each clause to the rules that cite it."""
    found: dict[str, list[RuleResult]] = {}
    for result in results:
        for clause in dict.fromkeys(result.rule.clauses):
            found.setdefault(clause, []).append(result)
    return found


def speakers(
    clause: ClauseEntry, kind: Kind, known: Mapping[str, AlarmTested] | Mapping[str, Drill]
) -> list[str]:
    """Name the alarms or drills that say so themselves, and those that the ledger says should."""
    kept = [keeper.name for keeper in clause.keepers if keeper.kind == kind]
    return [*(name for name, each in known.items() if clause.id in each.clauses), *kept]


def _broken(
    clause: ClauseEntry,
    results: Sequence[RuleResult],
    files: Sequence[str],
    alarms: Mapping[str, AlarmTested],
    drills: Mapping[str, Drill] | None,
) -> tuple[str, ...]:
    of_it: dict[str, tuple[str, ...]] = dict.fromkeys(speakers(clause, Kind.ALARM, alarms), ())
    drilled: dict[str, tuple[str, ...]] = dict.fromkeys(
        speakers(clause, Kind.DRILL, drills or {}), ()
    )
    said = (
        *of_findings(results, ()),
        *of_unjudged(results, files),
        *of_alarms(of_it, alarms),
        *of_drills(drilled, drills, ""),
    )
    return tuple(sentence for standing, sentence in said if standing is Standing.BROKEN)
