"""Controls for a terminal: a table of how each stands, or one with all that speaks for it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from evidence.control_chain import Chain, RuleRows, chain, find
from evidence.model import (
    AlarmTested,
    ClauseEntry,
    ControlEntry,
    Drill,
    Evidence,
    Rehearsal,
    Row,
    Standing,
    Verdict,
)
from evidence.plain_words import LIMITS, STANDINGS, commit_words, counted
from policies.terminal import bold, plain, red, yellow
from policies.waivable_rules import RUNBOOK

SCHEMA = 1
# Passes of a rule that are written out; --json has them all.
_PASSES_SHOWN = 10
_LABEL = 10
_COUNTED = (Verdict.NO_FINDING, Verdict.NOT_APPLICABLE)
_STANDING = max(map(len, Standing))


def lines(evidence: Evidence, control: str | None) -> Iterator[str]:
    """Write the table of all controls, or the chain of one by its id.

    Raises ``RefusedError`` for an id that no control has.
    """
    found = None if control is None else find(evidence, control)
    return _table(evidence) if found is None else _chain(evidence, chain(evidence, found))


def machine_readable(evidence: Evidence, control: str | None) -> dict[str, Any]:
    """Say the same for machines: of one control with every row. Raises as ``lines`` does."""
    about = {
        "schema": SCHEMA,
        "environment": evidence.name,
        "commit": evidence.commit.id,
        "clean": evidence.commit.clean,
    }
    if control is None:
        return {**about, "controls": [asdict(each) for each in evidence.controls]}
    rehearsal = evidence.rehearsal
    return {
        **about,
        "rehearsal": rehearsal
        and {
            "environment": rehearsal.environment,
            "started": rehearsal.started,
            "commit": rehearsal.commit and asdict(rehearsal.commit),
        },
        "control": chain(evidence, find(evidence, control)).as_json(),
    }


def _table(evidence: Evidence) -> Iterator[str]:
    width = max((len(control.id) for control in evidence.controls), default=0)
    counts = Counter(control.standing for control in evidence.controls)
    yield _about(evidence)
    for standing in Standing:
        yield f"{counts[standing]:>5}  {_coloured(standing, _STANDING)}  {STANDINGS[standing][1]}"
    yield LIMITS
    for framework in dict.fromkeys(control.framework for control in evidence.controls):
        yield ""
        yield bold(plain(framework))
        for control in (each for each in evidence.controls if each.framework == framework):
            named = f"{plain(control.id):<{width}}  {plain(control.title)}"
            yield f"  {_coloured(control.standing, _STANDING)}  {named}{_amounts(control)}"
            if control.standing is Standing.BROKEN:
                yield from (f"  {'':<{_STANDING}}  {plain(gap)}" for gap in control.gaps)
    yield ""
    yield plain(f"Next: runbook evidence controls CONTROL {evidence.name}")


def _amounts(control: ControlEntry) -> str:
    """Say how much speaks for it; of a gap, nothing does."""
    if control.standing is Standing.GAP:
        return ""
    said = [counted(len(control.rules), "rule"), counted(control.resources, "resource")]
    said += [counted(len(control.gaps), "gap")] if control.gaps else []
    return f"  ({', '.join(said)})"


def _about(evidence: Evidence) -> str:
    commit = evidence.commit
    at = commit_words(commit).at(f"commit {commit.id[:12]} of {commit.date}")
    return f"{bold(plain(evidence.name))}{plain(at)}"


def _chain(evidence: Evidence, found: Chain) -> Iterator[str]:
    control = found.control
    yield bold(plain(control.id))
    yield plain(control.title)
    yield plain(f"{control.framework}  {control.url}")
    yield ""
    yield _about(evidence)
    yield from _section(
        "standing", [f"{_coloured(control.standing)}: {STANDINGS[control.standing][1]}", LIMITS]
    )
    yield from _section("gaps", map(plain, control.gaps))
    yield from _section("clauses", (_of_clause(*each) for each in found.clauses.items()))
    yield from _section("rules", _of_rules(found.rules))
    yield from _section("alarms", (_of_alarm(*each) for each in found.alarms.items()))
    yield from _section(
        "drills", (_of_drill(*each, evidence.rehearsal) for each in found.drills.items())
    )
    yield from _section("judged", [counted(control.resources, "resource")])


def _section(label: str, told: Iterable[str]) -> Iterator[str]:
    """Write lines with a label before the first; where there is none, say so."""
    listed = list(told) or ["none"]
    yield f"{label:<{_LABEL}}{listed[0]}"
    yield from (f"{'':<{_LABEL}}{line}" for line in listed[1:])


def _of_clause(name: str, clause: ClauseEntry | None) -> str:
    if clause is None:
        return plain(f"{name}: not in the ledger")
    open_ = f" ({clause.open})" if clause.open else ""
    broken = f" ({'; '.join(clause.broken)})" if clause.broken else ""
    return plain(f"{clause.id}  {clause.state}{broken}{open_}: {clause.text} [{clause.source}]")


def _of_rules(found: Iterable[RuleRows]) -> Iterator[str]:
    """Write each rule with its rows; those without anything to judge are only named."""
    idle, unasked = [], []
    for each in found:
        name = f"{each.rule.judge}::{each.rule.id}"
        if each.rule.unasked:
            unasked.append(f"{name} was not asked of {each.rule.unasked}")
        if not set(each.counts) <= {Verdict.NOT_APPLICABLE}:
            yield from _of_rule(each)
        elif not each.rule.unasked:
            idle.append(name)
    yield from map(plain, unasked)
    if idle:
        yield plain(f"nothing to judge here: {', '.join(idle)}")


def _of_rule(found: RuleRows) -> Iterator[str]:
    rule = found.rule
    of = f" ({', '.join(rule.clauses)})" if rule.clauses else ""
    # A rule of ours is called by what it wants, one of others by what it finds.
    title = rule.title if rule.judge == RUNBOOK else f"finds: {rule.title}"
    yield plain(f"{rule.judge}::{rule.id}  {_counts(found.counts)}  {title}{of}")
    passes = [row for row in found.rows if row.verdict is Verdict.PASS]
    for row in found.rows:
        if row.verdict not in (*_COUNTED, Verdict.PASS):
            yield f"  {_of_row(row, row.message)}"
    for message in dict.fromkeys(row.message for row in passes if row.message):
        yield f"  {plain(f'pass: {message}')}"
    yield from (f"  {_of_row(row, '')}" for row in passes[:_PASSES_SHOWN])
    if len(passes) > _PASSES_SHOWN:
        yield f"  and {len(passes) - _PASSES_SHOWN:,} more that pass: --json has them"


def _of_row(row: Row, message: str) -> str:
    where = row.construct_path or row.resource or row.template
    type_ = f" ({row.type})" if row.type else ""
    why = f": {message}" if message else ""
    reason = f" (waived: {row.reason})" if row.reason else ""
    word = red(row.verdict) if row.verdict in (Verdict.FAIL, Verdict.ERROR) else row.verdict
    return f"{word} {plain(f'{where}{type_}{why}{reason}')}"


def _of_alarm(name: str, found: AlarmTested | None) -> str:
    if found is None:
        return plain(f"{name}: no test of it was run")
    shown = f"fires in {found.fires}, stays quiet in {found.stays_quiet}"
    failed = f", {red(f'{found.failed} failed')}" if found.failed else ""
    of = plain(f"{name} ({', '.join(found.clauses)})")
    return f"{of}: {counted(found.tests, 'test')}, {shown}{failed}"


def _of_drill(name: str, found: Drill | None, rehearsal: Rehearsal | None) -> str:
    if found is None or rehearsal is None:
        return plain(f"{name}: not in a rehearsal on record")
    word = red(found.outcome) if found.outcome == "failed" else found.outcome
    said = "; ".join(found.checked) if found.outcome == "passed" else found.reason
    at = f" at {rehearsal.commit.id[:7]}" if rehearsal.commit else ""
    where = f"in {rehearsal.environment}{at}, {rehearsal.started}"
    of = plain(f"{name} ({', '.join(found.clauses)})")
    return f"{of}: {word} {plain(f'{where}: {said}')}"


def _counts(counts: Mapping[Verdict, int]) -> str:
    return ", ".join(f"{counts[v]:,} {v.replace('_', ' ')}" for v in Verdict if counts.get(v))


def _coloured(standing: Standing, width: int = 0) -> str:
    word = f"{standing.value:<{width}}"
    if standing is Standing.HELD:
        return word
    return red(word) if standing is Standing.BROKEN else yellow(word)
