"""One environment's evidence, put together from what each judge said and what is on record."""

from collections.abc import Mapping, Sequence

from evidence.broken_clauses import with_broken
from evidence.collected.assembly import template_files
from evidence.collected.ledger import clause_entries
from evidence.collected.waivers_in_force import waiver_entries
from evidence.controls import control_entries
from evidence.model import SCHEMA, AlarmTested, Commit, Evidence, Judged, Rehearsal
from policies.templates.assembly import Template
from policies.waivers import Waiver
from runbook.model.environment import Environment


def evidence_of(
    environment: Environment,
    templates: Sequence[Template],
    judged: Sequence[Judged],
    waivers: Sequence[Waiver],
    alarm_tests: tuple[AlarmTested, ...],
    rehearsal: Rehearsal | None,
    *,
    commit: Commit,
    versions: Mapping[str, str],
    gaps: Sequence[str],
) -> Evidence:
    """Put it together; what judges left out comes after the other ``gaps``."""
    rows = tuple(row for each in judged for row in each.rows)
    rules = tuple(rule for each in judged for rule in each.rules)
    clauses = clause_entries(environment)
    return Evidence(
        schema=SCHEMA,
        organisation=environment.organisation,
        environment=environment.environment,
        tier=environment.tier,
        account=environment.account,
        region=environment.region,
        commit=commit,
        versions=versions,
        templates=template_files(templates),
        judges=tuple(each.judge for each in judged),
        rules=rules,
        rows=rows,
        controls=control_entries(rows, rules, clauses, alarm_tests, rehearsal, commit),
        clauses=with_broken(clauses, rows, rules, alarm_tests, rehearsal),
        waivers=waiver_entries(environment, waivers, rows),
        alarm_tests=alarm_tests,
        rehearsal=rehearsal,
        gaps=(*gaps, *(gap for each in judged for gap in each.gaps)),
    )
