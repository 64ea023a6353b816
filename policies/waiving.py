"""Waivers as those who judge use them: what is let pass, and what nobody needs."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from policies.report import Report, Result, Status
from policies.waivable_rules import RUNBOOK
from policies.waivers import Waived, Waiver, overdue, waived_findings
from runbook.model.environment import Environment
from runbook.model.refusal import Refusal

_PREFIX = f"{RUNBOOK}::"
_DAY = r"\d{4}-\d{2}-\d{2}"
_ENTRY = re.compile(r"waiver\[\d+\](?: \(line \d+\))?")
_LATE = re.compile(rf"(it held until {_DAY}), and it is {_DAY}")
_LAPSED = re.compile(
    rf" \(waiver expired: policies/waivers\.toml {_ENTRY.pattern}: {_LATE.pattern}\)$"
)


@dataclass(frozen=True, slots=True)
class Covered:
    """What waivers say of findings on a day, with the keys of ``reasons``.

    ``reasons`` let a finding pass. ``lapsed`` name the waiver of one that none lets pass any more.
    """

    reasons: Mapping[tuple[str, str], str]
    lapsed: Mapping[tuple[str, str], str]


def waived_for(
    judges: Collection[str], waivers: Iterable[Waiver], environments: Sequence[Environment]
) -> tuple[Waived, ...]:
    """List what the waivers expect these judges to find: ``PACKS``, ``RUNBOOK``, cfn-lint, ...

    The packs' are acknowledged in the CDK application; ``reasons`` makes our own rules' what
    ``policies.engine.check`` takes.
    """
    found = waived_findings(waivers, environments)
    return tuple(finding for finding in found if finding.judge in judges)


def reasons(waived: Iterable[Waived]) -> Mapping[tuple[str, str], str]:
    """Map rule and whole construct path to the reason, one line each; our own rules by their id."""
    return {_key(finding): " ".join(finding.reason.split()) for finding in waived}


def covered(waived: Iterable[Waived], day: date | None) -> Covered:
    """Tell what is let pass on ``day``; where it is None, nobody knows what has expired."""
    said = [(finding, overdue(finding.expires, day) if day else "") for finding in waived]
    let_pass = reasons(finding for finding, late in said if not late)
    lapsed = {
        _key(finding): f"policies/waivers.toml {finding.entry}: {late}"
        for finding, late in said
        if late and _key(finding) not in let_pass
    }
    return Covered(let_pass, lapsed)


def undated(message: str) -> str:
    """Take out of a message what changes with the day or with the place of a waiver in its file.

    That is the waiver that ``lapsed`` names behind a finding, and of what is told of a waiver the
    entry's number and line and the day on which it had expired.
    """
    return _LATE.sub(r"\1", _ENTRY.sub("waiver", _LAPSED.sub("", message)))


def unused_in(
    report: Report, waived: Iterable[Waived], lapsed: Collection[tuple[str, str]] = ()
) -> list[Refusal]:
    """Tell the waivers of our own rules that cover nothing in a report on whole assemblies.

    One that has ``lapsed`` covered the failure that is told of it.
    """
    used = {_at(result) for result in report.results if result.status is Status.WAIVED}
    used |= {_at(result) for result in report.results if result.status is Status.FAIL} & {*lapsed}
    return unused(waived, {(f"{_PREFIX}{rule}", path) for rule, path in used})


def unused(waived: Iterable[Waived], used: Collection[tuple[str, str]]) -> list[Refusal]:
    """Tell the waivers that let nothing pass, an entry each.

    ``used`` are rule, with its namespace, and whole construct path of what was let pass.
    """
    idle: dict[str, list[str]] = defaultdict(list)
    for finding in waived:
        if (finding.rule, finding.path) not in used:
            idle[finding.entry].append(f"{finding.rule} at {finding.path}")
    fix = "remove it; a path names the construct of the finding, not one above it"
    return [
        Refusal(f"policies/waivers.toml {entry}", f"it suppresses nothing: {', '.join(pairs)}", fix)
        for entry, pairs in idle.items()
    ]


def _at(result: Result) -> tuple[str, str]:
    return result.rule, result.construct_path or ""


def _key(finding: Waived) -> tuple[str, str]:
    return finding.rule.removeprefix(_PREFIX), finding.path
