"""Waivers as those who judge use them: what is let pass, and what nobody needs."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from policies.report import Report, Status
from policies.waivable_rules import RUNBOOK
from policies.waivers import Waived, Waiver, waived_findings
from runbook.model.environment import Environment
from runbook.model.refusal import Refusal

_PREFIX = f"{RUNBOOK}::"


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
    """Map rule id and whole construct path to the reason, one line each."""
    return {
        (finding.rule.removeprefix(_PREFIX), finding.path): " ".join(finding.reason.split())
        for finding in waived
    }


def unused_in(report: Report, waived: Iterable[Waived]) -> list[Refusal]:
    """Tell the waivers of our own rules that let nothing pass in a report on whole assemblies."""
    used = {
        (f"{_PREFIX}{result.rule}", result.construct_path or "")
        for result in report.results
        if result.status is Status.WAIVED
    }
    return unused(waived, used)


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
