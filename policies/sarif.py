"""A report as SARIF 2.1.0, which code hosts show beside the changed lines.

GitHub takes 10 MB and shows 5,000 results, so that passes stay out: the JSON has them.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from policies.report import Report, Result, Status
from policies.rule import Rule

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
COLUMN_KIND = "utf16CodeUnits"
_TOLD = (Status.FAIL, Status.ERROR, Status.WAIVED)


def as_sarif(report: Report, rules: Iterable[Rule], version: str) -> dict[str, Any]:
    """Give the SARIF log; waived results are suppressed ones."""
    told = [result for result in report.results if result.status in _TOLD]
    driver = {
        "name": "runbook",
        "version": version,
        "rules": [_descriptor(rule) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "results": [_result(result) for result in told],
        "columnKind": COLUMN_KIND,
    }
    return log([run])


def log(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Give a whole file of these runs."""
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": runs}


def descriptor(
    rule: str, *, short: str, full: str, remedy: str, properties: Mapping[str, Any]
) -> dict[str, Any]:
    """Describe a rule for the list of a tool's rules."""
    return {
        "id": rule,
        "shortDescription": {"text": short},
        "fullDescription": {"text": full},
        "help": {"text": remedy},
        "properties": dict(properties),
    }


def result(
    rule: str,
    message: str,
    *,
    level: str,
    about: str,
    place: Mapping[str, Any],
    fingerprints: Mapping[str, str],
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
        "partialFingerprints": dict(fingerprints),
    }
    if justification is not None:
        told["suppressions"] = [{"kind": "external", "justification": justification}]
    return told


def place_of(location: str, template: str) -> dict[str, Any]:
    """Point at the line of code where the synthesis recorded it, else at the template."""
    file, _, line = location.rpartition(":")
    if file and line.isdecimal() and int(line):
        return {"artifactLocation": {"uri": file}, "region": {"startLine": int(line)}}
    return {"artifactLocation": {"uri": template}, "region": {"startLine": 1}}


def _descriptor(rule: Rule) -> dict[str, Any]:
    tags = [*rule.clauses, *rule.controls]
    return descriptor(
        rule.id, short=rule.title, full=rule.why, remedy=rule.remedy, properties={"tags": tags}
    )


def _result(found: Result) -> dict[str, Any]:
    return result(
        found.rule,
        found.message,
        level="error",
        about=found.construct_path or found.resource or "",
        place=place_of(found.location or "", found.template),
        fingerprints={"runbook/v1": _fingerprint(found)},
        justification=found.message if found.status is Status.WAIVED else None,
    )


def _fingerprint(found: Result) -> str:
    """Stay the same while the template around it changes."""
    about = "\\0".join((found.rule, found.template, found.construct_path or found.resource or ""))
    return hashlib.sha256(about.encode()).hexdigest()
