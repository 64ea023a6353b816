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
from urllib.parse import quote

from evidence.formats.fingerprints import Fingerprints
from evidence.model import Evidence, Judge, JudgedRule, Row, Verdict
from policies.sarif import COLUMN_KIND, descriptor, log, place_of, result
from runbook.model.refusal import WHOLE_FILE, Refusal, RefusedError

# GitHub takes 25,000 results of a run, and shows 5,000 of its own choice.
MOST_RESULTS = 5_000
MOST_RUNS = 20
MOST_RULES = 25_000
# GitHub takes 20 and shows 10.
MOST_TAGS = 10
MOST_CHARACTERS = 1_024
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
    kept, left_out = said[:MOST_RUNS], said[MOST_RUNS:]
    most = MOST_RESULTS
    while True:
        runs = [_run(evidence, of_judge, left_out, most) for of_judge in kept]
        written = json.dumps(log(runs), separators=(",", ":")).encode() + b"\n"
        if len(written) <= MOST_BYTES_ZIPPED or len(zlib.compress(written)) <= MOST_BYTES_ZIPPED:
            return written
        if not most:
            why = f"its rules alone are more than {MOST_BYTES_ZIPPED:,} bytes, which GitHub refuses"
            fix = "shorten what the rules of the judges say"
            raise RefusedError(f"results.sarif of {evidence.name}", [Refusal(WHOLE_FILE, why, fix)])
        most //= 2


def _by_judge(evidence: Evidence) -> list[_Said]:
    """Sort the rows by judge, with the worst first; the judges, too, when not all have a run."""
    said = {judge.name: _Said(judge) for judge in evidence.judges}
    for rule in evidence.rules:
        said.setdefault(rule.judge, _Said(_unknown(rule.judge))).rules.setdefault(rule.id, rule)
    fingerprints = Fingerprints(evidence)
    for row in evidence.rows:
        of_judge = said.setdefault(row.judge, _Said(_unknown(row.judge)))
        of_judge.rows[row.verdict] += 1
        if row.verdict in TOLD:
            of_judge.told.append((row, fingerprints.of(row)))
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


def _unknown(judge: str) -> Judge:
    return Judge(judge, "", "", "")


def _harmlessness(row: Row) -> tuple[int, ...]:
    """Order results: what is waived comes last, what the judge calls an error before warnings."""
    return (row.verdict is Verdict.WAIVED, _LEVELS.index(_level(row)), row.verdict is Verdict.ERROR)


def _level(row: Row) -> str:
    return row.level if row.level in _LEVELS else "error"


def _run(evidence: Evidence, said: _Said, left_out: Sequence[_Said], most: int) -> dict[str, Any]:
    told = said.told[:most]
    named = {row.rule for row, _ in told}
    rules = list(said.rules.values())
    if len(rules) > MOST_RULES:
        rules = sorted(rules, key=lambda rule: rule.id not in named)[:MOST_RULES]
    notes = [
        {"level": level, "message": {"text": text}}
        for level, text in _notes(evidence, said, left_out, (len(told), rules))
    ]
    return {
        "tool": {"driver": _driver(said.judge, rules)},
        "automationDetails": {"id": f"runbook-evidence/{evidence.name}/"},
        "invocations": [
            {
                "executionSuccessful": not said.rows[Verdict.ERROR],
                "toolExecutionNotifications": notes,
            }
        ],
        "results": [_result(row, fingerprint) for row, fingerprint in told],
        "columnKind": COLUMN_KIND,
        "properties": {
            "commit": evidence.commit.id,
            "clean": evidence.commit.clean,
            "rows": {verdict.value: said.rows[verdict] for verdict in Verdict},
        },
    }


def _notes(
    evidence: Evidence, said: _Said, left_out: Sequence[_Said], kept: tuple[int, list[JudgedRule]]
) -> Iterator[tuple[str, str]]:
    """Say what this run does not show, and what the evidence as a whole lacks."""
    results, rules = kept
    if unjudged := said.rows[Verdict.ERROR]:
        yield "error", f"Rows that could not be judged: {unjudged:,}; no pass of them is claimed."
    if lacking := len(said.told) - results:
        yield (
            "error",
            f"Results left out: {lacking:,} of {len(said.told):,}, the least bad ones; GitHub shows "
            f"{MOST_RESULTS:,} of a run and takes 10 MB of a file; results.csv has all.",
        )
    if left_out:
        names = ", ".join(f"{of.judge.name} ({len(of.told):,} results)" for of in left_out)
        yield "error", f"GitHub takes {MOST_RUNS} runs; these judges have none: {names}."
    if lacking := len(said.rules) - len(rules):
        yield "warning", f"Rules left out: {lacking:,}; GitHub takes {MOST_RULES:,} of a run."
    if long := sum(len(_tags(rule)) > MOST_TAGS for rule in rules):
        yield (
            "note",
            f"Rules with more than the {MOST_TAGS} tags that GitHub shows: {long:,}; their clauses "
            "and controls are in their properties.",
        )
    for gap in evidence.gaps:
        yield "warning", gap


def _driver(judge: Judge, rules: list[JudgedRule]) -> dict[str, Any]:
    driver: dict[str, Any] = {"name": judge.name}
    if judge.version:
        driver["version"] = judge.version
    if judge.shows:
        text = f"Shows: {judge.shows} Does not show: {judge.does_not_show}"
        driver["fullDescription"] = {"text": text}
    return {**driver, "rules": [_descriptor(rule) for rule in rules]}


def _descriptor(rule: JudgedRule) -> dict[str, Any]:
    """Describe a rule; GitHub refuses empty texts and cuts long ones, which the help repeats."""
    title = rule.title or rule.id
    why = rule.why or title
    remedy = rule.remedy or f"{rule.judge} says no remedy for {rule.id} here."
    long = [text for text in dict.fromkeys((title, why)) if len(text) > MOST_CHARACTERS]
    return descriptor(
        rule.id,
        short=_cut(title),
        full=_cut(why),
        remedy="\n\n".join((*long, remedy)),
        properties={
            "tags": _tags(rule)[:MOST_TAGS],
            "clauses": list(rule.clauses),
            "controls": list(rule.controls),
        },
    )


def _tags(rule: JudgedRule) -> list[str]:
    return list(dict.fromkeys((*rule.clauses, *rule.controls)))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def _result(row: Row, fingerprint: str) -> dict[str, Any]:
    """Tell one row; GitHub asks for columns, which nobody records: the first one stands for all.

    A row without a file is at the assembly's own: GitHub refuses an empty path.
    """
    place = place_of(row.location, row.template or _ASSEMBLY)
    place["artifactLocation"]["uri"] = quote(
        place["artifactLocation"]["uri"], safe="/@+=,", errors="replace"
    )
    place["region"] |= {"startColumn": 1, "endLine": place["region"]["startLine"], "endColumn": 2}
    waived = row.verdict is Verdict.WAIVED
    return result(
        row.rule,
        row.message or f"{row.rule}: {row.verdict.value}",
        level=_level(row),
        about=row.construct_path or row.resource,
        place=place,
        fingerprints={"primaryLocationLineHash": fingerprint},
        justification=(row.reason or "no reason is on record") if waived else None,
    )
