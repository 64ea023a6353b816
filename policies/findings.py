"""What a synthesis found: the CDK's validation report, held against the waivers.

A finding that no waiver covers, a plugin that failed, a waiver that covers nothing: each refuses
the synthesis. The CDK itself would let some of them pass: its command ends with exit code 0 when
a plugin raises, and nobody tells it that an acknowledgement has gone stale.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from policies.waivable_rules import CFN_LINT, CHECKOV, PACKS, RUNBOOK, is_waivable
from policies.waivers import Waived, in_any_environment, place_of
from policies.waiving import unused
from runbook.model.environment import Environment
from runbook.model.refusal import Refusal, RefusedError

REPORT = "validation-report.json"
Report = Mapping[str, Any]
# NIST names a hundred controls a rule; they stand in the report.
_CONTROLS = re.compile(r" - \(Control IDs?: .*?\)\.(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule at one construct. ``path`` is the whole construct path."""

    plugin: str
    rule: str
    path: str
    why: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """What one change or one waiver would settle: rules of the same name at the same constructs."""

    name: str
    rules: tuple[str, ...]
    paths: tuple[str, ...]
    environments: tuple[str, ...]
    why: str


def judge(assembly: Path, waived: Iterable[Waived], environments: Sequence[Environment]) -> None:
    """Raise ``RefusedError`` unless every finding is waived and every waiver is needed.

    ``assembly`` is the folder that was synthesized, ``waived`` what the waivers expect in it.
    """
    source = f"the synthesis of {', '.join(environment.name for environment in environments)}"
    refusals = refusals_in(plugin_reports(assembly, source), waived, environments)
    if refusals:
        raise RefusedError(source, refusals)


def plugin_reports(assembly: Path, source: str) -> list[Report]:
    """Read what each plugin reported; raises ``RefusedError`` about ``source`` without any."""
    try:
        reports: list[Report] = json.loads((assembly / REPORT).read_text("utf-8"))["pluginReports"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = f"{REPORT} cannot be read, so nothing shows that the packs ran: {error!r}"
        raise RefusedError(source, [Refusal(REPORT, reason, "synthesize again")]) from None
    return reports


def refusals_in(
    plugins: Sequence[Report], waived: Iterable[Waived], environments: Sequence[Environment]
) -> list[Refusal]:
    """List every finding without waiver, plugin that failed and waiver that covers nothing."""
    return [
        *_failures(plugins),
        *refusals_of_findings(_open(plugins), environments),
        *_misplaced(plugins, waived),
    ]


def _failures(plugins: Iterable[Report]) -> Iterator[Refusal]:
    """Tell the plugins that raised: they found nothing, and say so only here."""
    for plugin in plugins:
        if plugin["conclusion"] != "success" and not plugin["violations"]:
            said = (plugin.get("metadata") or {}).get("error", "it failed without a finding")
            fix = "correct the plugin; until it runs, nothing is known about the templates"
            yield Refusal(plugin["pluginName"], said, fix)


def _open(plugins: Iterable[Report]) -> Iterator[Finding]:
    for plugin in plugins:
        for violation in plugin["violations"]:
            for construct in violation["violatingConstructs"] or [{"constructPath": ""}]:
                yield Finding(
                    plugin["pluginName"],
                    violation["ruleName"],
                    construct["constructPath"],
                    _CONTROLS.sub(".", violation["description"]),
                    violation.get("suggestedFix") or "",
                )


def refusals_of_findings(
    findings: Iterable[Finding], environments: Sequence[Environment]
) -> Iterator[Refusal]:
    """Tell each cause once, with the waiver that would cover it but for its reason."""
    within: dict[Finding, set[str]] = defaultdict(set)
    for finding in findings:
        environment, path = place_of(finding.path, environments)
        if finding.plugin == RUNBOOK:
            yield _of_our_own(finding, environment, path)
        elif finding.plugin in (*PACKS, CFN_LINT, CHECKOV) and environment:
            rule = in_any_environment(finding.rule, environment)
            within[replace(finding, rule=rule, path=path)].add(environment.name)
        else:
            fix = "change the construct; no waiver reaches it"
            yield Refusal(f"{finding.rule} at {finding.path}", finding.why, fix)
    for cause in _causes(within):
        everywhere = len(cause.environments) == len(environments)
        yield Refusal(
            f"{cause.name}, in {', '.join(cause.environments)}",
            cause.why,
            "change the constructs, or waive it in policies/waivers.toml (docs/decisions/0014)\n"
            + _as_waiver(cause.rules, cause.paths, () if everywhere else cause.environments),
        )


def _of_our_own(finding: Finding, environment: Environment | None, path: str) -> Refusal:
    """Tell a finding of our own rules, with its waiver where the rule takes one."""
    about = f"{finding.rule} at {finding.path}" if finding.path else finding.rule
    fix = finding.fix or "give the rules what they can judge"
    if environment and is_waivable(finding.rule):
        waiver = _as_waiver((f"{RUNBOOK}::{finding.rule}",), (path,), (environment.name,))
        fix = f"{fix} Or waive it in policies/waivers.toml (docs/decisions/0014):\n{waiver}"
    return Refusal(about, finding.why, fix)


def _causes(within: Mapping[Finding, set[str]]) -> Iterator[Cause]:
    """Put together the constructs of one rule, then the rules that packs share."""
    paths: dict[tuple[str, str, tuple[str, ...]], list[str]] = defaultdict(list)
    why: dict[str, str] = {}
    for finding, names in within.items():
        name = finding.rule.removeprefix(f"{finding.plugin}-")
        rule = f"{finding.plugin}::{finding.rule}"
        paths[name, rule, tuple(sorted(names))].append(finding.path)
        why.setdefault(name, finding.why)
    rules: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = defaultdict(list)
    for (name, rule, environments), places in paths.items():
        rules[name, tuple(places), environments].append(rule)
    for (name, places_, environments), shared in rules.items():
        yield Cause(name, tuple(shared), places_, environments, why[name])


def _as_waiver(rules: Sequence[str], paths: Sequence[str], names: Sequence[str]) -> str:
    """Write the waiver, without its reason: an empty one is refused."""
    lists = {"rules": rules, "paths": paths} | ({"environments": names} if names else {})
    lines = ["[[waiver]]"]
    for key, values in lists.items():
        lines += [f"{key} = [", *(f"    {json.dumps(value)}," for value in values), "]"]
    lines += ['reason = ""', 'owner = ""', "expires ="]
    return "\n".join(f"      {line}" for line in lines)


def _misplaced(plugins: Iterable[Report], waived: Iterable[Waived]) -> Iterator[Refusal]:
    """Tell waivers that suppress nothing, and suppressions that come from no waiver."""
    expected = {(finding.rule, finding.path): finding for finding in waived}
    used = set()
    for acknowledged, paths in _suppressed(plugins):
        rule, at = acknowledged
        if acknowledged not in expected:
            fix = "waive it in policies/waivers.toml"
            yield Refusal(f"{rule} at {at}", "it is acknowledged in code", fix)
            continue
        if at in paths:
            used.add(acknowledged)
        below = [path for path in paths if path != at]
        if below:
            reason = f"{rule} at {at} also covers {', '.join(below)}"
            fix = "waive each construct by its own path"
            yield Refusal(f"policies/waivers.toml {expected[acknowledged].entry}", reason, fix)
    yield from unused(expected.values(), used)


def _suppressed(
    plugins: Iterable[Report],
) -> Iterator[tuple[tuple[str, str], list[str]]]:
    """List what was acknowledged, as rule and path, and the constructs that it suppressed."""
    for plugin in plugins:
        if plugin["pluginName"] in PACKS:
            for violation in plugin.get("suppressedViolations") or ():
                acknowledged = (violation["acknowledgedId"], violation["acknowledgedAt"])
                yield acknowledged, [c["constructPath"] for c in violation["violatingConstructs"]]
