"""Judges what was found in an account by the rules that judge templates (``runbook verify``)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from policies.engine import check
from policies.report import Report, Result, Status
from policies.rules import all_rules
from policies.templates.assembly import Reading, Template, read
from runbook.verification.judgement import Broken, Judgement, LiveStack

_BAD = (Status.FAIL, Status.ERROR)


def judge(assembly: Path, environment: str, live: Mapping[str, LiveStack]) -> Judgement:
    """Judge an environment's templates as declared, and with what was found in ``live``.

    Waivers let nothing pass here: they are about what is declared, and a fault that is declared and
    waived fails both times with the same words, which is no difference.
    """
    reading = read(assembly)
    ours = tuple(t for t in reading.templates if "/".join(t.label or ()) == environment)
    rules = [rule for rule in all_rules() if not rule.only_files]
    declared = check(Reading(ours, reading.troubles, whole=True), rules)
    kept = _kept(declared)
    if not live:
        return Judgement(unjudged=_said(reading), kept=kept)
    as_found = tuple(_as_found(template, live) for template in ours)
    found = check(Reading(as_found, reading.troubles, whole=True), rules)
    remedies = {rule.id: rule.remedy for rule in rules}
    before = {result.key: result for result in declared.results if result.status in _BAD}
    stacks = {template.path: template.stack for template in ours}
    broken = [
        _broken(result, stacks, remedies)
        for result in found.results
        if result.status in _BAD and not _same(result, before.get(result.key))
    ]
    return Judgement(tuple(broken), _said(reading), kept)


def _same(result: Result, before: Result | None) -> bool:
    return before is not None and before.message == result.message


def _said(reading: Reading) -> tuple[str, ...]:
    return tuple(f"{trouble.template}: {trouble.reason}" for trouble in reading.troubles)


def _as_found(template: Template, live: Mapping[str, LiveStack]) -> Template:
    found = live.get(template.stack)
    if found is None:
        return template
    return replace(
        template, body=found.template, termination_protection=found.termination_protection
    )


def _broken(result: Result, stacks: Mapping[str, str], remedies: Mapping[str, str]) -> Broken:
    return Broken(
        rule=result.rule,
        stack=stacks.get(result.template, result.template),
        resource=result.resource or "",
        message=result.message,
        remedy=remedies.get(result.rule, ""),
        clauses=result.clauses,
    )


def _kept(report: Report) -> dict[tuple[str, str], tuple[str, ...]]:
    stacks = {template.path: template.stack for template in report.templates}
    found: dict[tuple[str, str], list[str]] = {}
    for result in report.results:
        if result.status is Status.PASS and result.template in stacks:
            place = (stacks[result.template], result.resource or "")
            found.setdefault(place, []).extend(result.clauses)
    return {place: _once(clauses) for place, clauses in found.items()}


def _once(clauses: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(clauses))
