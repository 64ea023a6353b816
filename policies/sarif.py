"""A report as SARIF 2.1.0, which code hosts show beside the changed lines.

What GitHub asks for and takes ("SARIF support for code scanning") is kept here for whoever writes a
run: texts, columns, tags, the fingerprint that it reads. Passes stay out: the JSON has them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from policies.fingerprints import READ_BY_GITHUB, Fingerprints
from policies.report import Report, Result, Status
from policies.rule import Rule
from policies.waivable_rules import RUNBOOK

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_TOLD = (Status.FAIL, Status.ERROR, Status.WAIVED)
# GitHub takes 25,000 results of a run, and shows 5,000 of its own choice.
MOST_RESULTS = 5_000
# GitHub takes 20 tags of a rule, and shows 10.
MOST_TAGS = 10
MOST_CHARACTERS = 1_024


def as_sarif(report: Report, rules: Iterable[Rule], version: str) -> dict[str, Any]:
    """Give the SARIF log; waived results are suppressed ones, and come last."""
    told = list(_told(report))
    told.sort(key=lambda each: each[0].status is Status.WAIVED)
    kept = told[:MOST_RESULTS]
    made = run(
        {"name": "runbook", "version": version},
        [_descriptor(rule) for rule in rules],
        [_result(*each) for each in kept],
        left_out(len(told), len(kept), "--format json"),
        whole=not any(found.status is Status.ERROR for found, _ in told),
    )
    return log([made])


def log(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Give a whole file of these runs."""
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": runs}


def run(
    driver: Mapping[str, Any],
    rules: Sequence[Mapping[str, Any]],
    results: Sequence[Mapping[str, Any]],
    notes: Iterable[tuple[str, str]],
    *,
    whole: bool,
) -> dict[str, Any]:
    """Give what one judge said: descriptors, results, and notes with the level of each.

    ``whole`` tells that everything could be judged. Of tags that were cut the run says so itself.
    """
    told = [
        {"level": level, "message": {"text": text}} for level, text in (*notes, *_tags_cut(rules))
    ]
    return {
        "tool": {"driver": {**driver, "rules": list(rules)}},
        "invocations": [{"executionSuccessful": whole, "toolExecutionNotifications": told}],
        "results": list(results),
        "columnKind": "utf16CodeUnits",
    }


def left_out(told: int, kept: int, where: str) -> Iterator[tuple[str, str]]:
    """Say how many results a run does not have, and what has them."""
    if lacking := told - kept:
        yield (
            "error",
            f"Results left out: {lacking:,} of {told:,}, the least bad ones; GitHub shows "
            f"{MOST_RESULTS:,} of a run and takes 10 MB of a file; {where} has all.",
        )


def descriptor(
    rule: str,
    *,
    title: str,
    why: str,
    remedy: str,
    clauses: Sequence[str],
    controls: Sequence[str],
) -> dict[str, Any]:
    """Describe a rule; GitHub cuts long texts, which the help repeats, and refuses many tags."""
    long = [text for text in dict.fromkeys((title, why)) if len(text) > MOST_CHARACTERS]
    return {
        "id": rule,
        "shortDescription": {"text": _cut(title)},
        "fullDescription": {"text": _cut(why)},
        "help": {"text": "\n\n".join((*long, remedy))},
        "properties": {
            "tags": list(dict.fromkeys((*clauses, *controls)))[:MOST_TAGS],
            "clauses": list(clauses),
            "controls": list(controls),
        },
    }


def result(
    rule: str,
    message: str,
    *,
    level: str,
    about: str,
    place: Mapping[str, Any],
    fingerprint: str,
    justification: str | None,
) -> dict[str, Any]:
    """Tell one finding about a construct or a resource; a justification suppresses it."""
    location: dict[str, Any] = {"physicalLocation": dict(place)}
    if about:
        location["logicalLocations"] = [{"fullyQualifiedName": about, "kind": "resource"}]
    told = {
        "ruleId": rule,
        "level": level,
        "message": {"text": message},
        "locations": [location],
        "partialFingerprints": {READ_BY_GITHUB: fingerprint},
    }
    if justification is not None:
        told["suppressions"] = [{"kind": "external", "justification": justification}]
    return told


def place_of(location: str, template: str) -> dict[str, Any]:
    """Point at the line of code where the synthesis recorded it, else at the template.

    GitHub asks for columns, which nobody records: the first one stands for all.
    """
    file, _, number = location.rpartition(":")
    line = int(number) if file and number.isdecimal() else 0
    uri = quote(file if line else template, safe="/@+=,", errors="replace")
    line = line or 1
    region = {"startLine": line, "startColumn": 1, "endLine": line, "endColumn": 2}
    return {"artifactLocation": {"uri": uri}, "region": region}


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def _tags_cut(rules: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    said = [rule["properties"] for rule in rules]
    if long := sum(len(each["tags"]) < len({*each["clauses"], *each["controls"]}) for each in said):
        yield (
            "note",
            f"Rules with more than the {MOST_TAGS} tags that GitHub shows: {long:,}; their clauses "
            "and controls are in their properties.",
        )


def _descriptor(rule: Rule) -> dict[str, Any]:
    return descriptor(
        rule.id,
        title=rule.title,
        why=rule.why,
        remedy=rule.remedy,
        clauses=rule.clauses,
        controls=rule.controls,
    )


def _told(report: Report) -> Iterator[tuple[Result, str]]:
    """Give what is no pass, each with its fingerprint."""
    templates = {template.path: template for template in report.templates}
    known = Fingerprints({path: template.stack for path, template in templates.items()})
    for found in report.results:
        if found.status in _TOLD:
            of = templates.get(found.template)
            yield (
                found,
                known.of(
                    "/".join((of and of.label) or ()),
                    RUNBOOK,
                    found.rule,
                    construct_path=found.construct_path or "",
                    template=found.template,
                    resource=found.resource or "",
                ),
            )


def _result(found: Result, fingerprint: str) -> dict[str, Any]:
    return result(
        found.rule,
        found.message,
        level="error",
        about=found.construct_path or found.resource or "",
        place=place_of(found.location or "", found.template),
        fingerprint=fingerprint,
        justification=found.message if found.status is Status.WAIVED else None,
    )
