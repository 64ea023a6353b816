"""What failed, could not be judged or is waived as SARIF 2.1.0, which GitHub shows as alerts.

One run a judge; the rows that are no result are counted in the run's properties. GitHub refuses a
file beyond its limits and shows a part of a large one ("SARIF support for code scanning"), so the
file is cut to what GitHub takes and shows: the worst comes first, and each run says what is left
out; results.csv has all. GitHub reads no ``suppressions``: a waived finding is an open alert there
until an action dismisses it (advanced-security/dismiss-alerts).
"""

import json
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from evidence.bundle_files import RESULTS, SARIF
from evidence.model import Evidence, Judge, JudgedRule, Row, Verdict
from policies.fingerprints import Fingerprints
from policies.sarif import MOST_RESULTS, descriptor, left_out, log, place_of, result, run
from runbook.model.refusal import WHOLE_FILE, Refusal, RefusedError

MOST_RUNS = 20
MOST_RULES = 25_000
MOST_BYTES_ZIPPED = 10_000_000
TOLD = (Verdict.FAIL, Verdict.ERROR, Verdict.WAIVED)
_UNLISTED = "The judge's list of its rules does not have this one."
_ASSEMBLY = "manifest.json"
_LEVELS = ("error", "warning", "note")


@dataclass(slots=True)
class _Said:
    """What one judge said: ``told`` with the worst first, each row with its fingerprint."""

    judge: Judge
    rules: dict[str, JudgedRule] = field(default_factory=dict)
    told: list[tuple[Row, str]] = field(default_factory=list)
    rows: Counter[Verdict] = field(default_factory=Counter)


def as_bytes(evidence: Evidence) -> bytes:
    """Write one run a judge; raises ``RefusedError`` when the rules alone are too much."""
    said = _by_judge(evidence)
    kept, without_run = said[:MOST_RUNS], said[MOST_RUNS:]
    most = MOST_RESULTS
    while True:
        runs = [_run(evidence, of_judge, without_run, most) for of_judge in kept]
        written = json.dumps(log(runs), separators=(",", ":")).encode() + b"\n"
        if len(written) <= MOST_BYTES_ZIPPED or len(zlib.compress(written)) <= MOST_BYTES_ZIPPED:
            return written
        if not most:
            why = f"its rules alone are more than {MOST_BYTES_ZIPPED:,} bytes, which GitHub refuses"
            fix = "shorten what the rules of the judges say"
            raise RefusedError(f"{SARIF} of {evidence.name}", [Refusal(WHOLE_FILE, why, fix)])
        most //= 2


def _by_judge(evidence: Evidence) -> list[_Said]:
    """Sort the rows by judge, with the worst first; the judges, too, when not all have a run."""
    said = {judge.name: _Said(judge) for judge in evidence.judges}
    for rule in evidence.rules:
        said.setdefault(rule.judge, _Said(_unknown(rule.judge))).rules.setdefault(rule.id, rule)
    fingerprints = Fingerprints({template.path: template.stack for template in evidence.templates})
    for row in evidence.rows:
        of_judge = said.setdefault(row.judge, _Said(_unknown(row.judge)))
        of_judge.rows[row.verdict] += 1
        if row.verdict in TOLD:
            of_judge.told.append((row, _known_by(row, evidence.name, fingerprints)))
            of_judge.rules.setdefault(
                row.rule, JudgedRule(row.judge, row.rule, row.rule, _UNLISTED)
            )
    for of_judge in said.values():
        of_judge.told.sort(key=lambda told: _harmlessness(told[0]))
    if len(said) <= MOST_RUNS:
        return list(said.values())
    return sorted(
        said.values(), key=lambda of: [_harmlessness(row) for row, _ in of.told[:1]] or [(2,)]
    )


def _known_by(row: Row, environment: str, fingerprints: Fingerprints) -> str:
    """Give a row's fingerprint; a pack's message names what it found behind the rule's id.

    As in ``AwsSolutions-IAM5[Action::s3:*]: ...``.
    """
    behind = row.message.removeprefix(row.rule)
    named, end, _ = behind.partition("]: ")
    return fingerprints.of(
        environment,
        row.judge,
        row.rule,
        construct_path=row.construct_path,
        template=row.template,
        resource=row.resource,
        named=named + end if end and named.startswith("[") else "",
    )


def _unknown(judge: str) -> Judge:
    return Judge(judge, "", "", "")


def _harmlessness(row: Row) -> tuple[int, ...]:
    """Order results: what is waived comes last, what the judge calls an error before warnings."""
    return (row.verdict is Verdict.WAIVED, _LEVELS.index(_level(row)), row.verdict is Verdict.ERROR)


def _level(row: Row) -> str:
    return row.level if row.level in _LEVELS else "error"


def _run(
    evidence: Evidence, said: _Said, without_run: Sequence[_Said], most: int
) -> dict[str, Any]:
    told = said.told[:most]
    named = {row.rule for row, _ in told}
    rules = list(said.rules.values())
    if len(rules) > MOST_RULES:
        rules = sorted(rules, key=lambda rule: rule.id not in named)[:MOST_RULES]
    made = run(
        _driver(said.judge),
        [_descriptor(rule) for rule in rules],
        [_result(row, fingerprint) for row, fingerprint in told],
        _notes(evidence, said, without_run, (len(told), len(rules))),
        whole=not said.rows[Verdict.ERROR],
    )
    return {
        **made,
        "automationDetails": {"id": f"runbook-evidence/{evidence.name}/"},
        "properties": {
            "commit": evidence.commit.id,
            "clean": evidence.commit.clean,
            "rows": {verdict.value: said.rows[verdict] for verdict in Verdict},
        },
    }


def _notes(
    evidence: Evidence, said: _Said, without_run: Sequence[_Said], kept: tuple[int, int]
) -> Iterator[tuple[str, str]]:
    """Say what this run does not show, and what the evidence as a whole lacks."""
    results, rules = kept
    if unjudged := said.rows[Verdict.ERROR]:
        yield "error", f"Rows that could not be judged: {unjudged:,}; no pass of them is claimed."
    yield from left_out(len(said.told), results, RESULTS)
    if without_run:
        names = ", ".join(f"{of.judge.name} ({len(of.told):,} results)" for of in without_run)
        yield "error", f"GitHub takes {MOST_RUNS} runs; these judges have none: {names}."
    if lacking := len(said.rules) - rules:
        yield "warning", f"Rules left out: {lacking:,}; GitHub takes {MOST_RULES:,} of a run."
    for gap in evidence.gaps:
        yield "warning", gap


def _driver(judge: Judge) -> dict[str, Any]:
    driver: dict[str, Any] = {"name": judge.name}
    if judge.version:
        driver["version"] = judge.version
    if judge.shows:
        text = f"Shows: {judge.shows} Does not show: {judge.does_not_show}"
        driver["fullDescription"] = {"text": text}
    return driver


def _descriptor(rule: JudgedRule) -> dict[str, Any]:
    """Describe a rule; GitHub refuses empty texts."""
    title = rule.title or rule.id
    return descriptor(
        rule.id,
        title=title,
        why=rule.why or title,
        remedy=rule.remedy or f"{rule.judge} says no remedy for {rule.id} here.",
        clauses=rule.clauses,
        controls=rule.controls,
    )


def _result(row: Row, fingerprint: str) -> dict[str, Any]:
    """Tell one row. One without a file is at the assembly's own: GitHub refuses an empty path."""
    waived = row.verdict is Verdict.WAIVED
    return result(
        row.rule,
        row.message or f"{row.rule}: {row.verdict.value}",
        level=_level(row),
        about=row.construct_path or row.resource,
        place=place_of(row.location, row.template or _ASSEMBLY),
        fingerprint=fingerprint,
        justification=(row.reason or "no reason is on record") if waived else None,
    )
