"""A report as SARIF 2.1.0, which code hosts show beside the changed lines.

GitHub takes 10 MB and shows 5,000 results, so that passes stay out: the JSON has them.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from policies.report import Report, Result, Status
from policies.rule import Rule

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
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
        "columnKind": "utf16CodeUnits",
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _descriptor(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.remedy},
        "properties": {"tags": [*rule.clauses, *rule.controls]},
    }


def _result(result: Result) -> dict[str, Any]:
    about = result.construct_path or result.resource
    location: dict[str, Any] = {"physicalLocation": _place(result)}
    if about:
        location["logicalLocations"] = [{"fullyQualifiedName": about, "kind": "resource"}]
    told = {
        "ruleId": result.rule,
        "level": "error",
        "message": {"text": result.message},
        "locations": [location],
        "partialFingerprints": {"runbook/v1": _fingerprint(result)},
    }
    if result.status is Status.WAIVED:
        told["suppressions"] = [{"kind": "external", "justification": result.message}]
    return told


def _place(result: Result) -> dict[str, Any]:
    """Point at the line of code where the synthesis recorded it, else at the template."""
    file, _, line = (result.location or "").rpartition(":")
    if file and line.isdigit():
        return {"artifactLocation": {"uri": file}, "region": {"startLine": int(line)}}
    return {"artifactLocation": {"uri": result.template}, "region": {"startLine": 1}}


def _fingerprint(result: Result) -> str:
    """Stay the same while the template around it changes."""
    about = "\\0".join(
        (result.rule, result.template, result.construct_path or result.resource or "")
    )
    return hashlib.sha256(about.encode()).hexdigest()
