"""What the four packs of cdk-nag say of an environment, and what their silence means.

cdk-nag tells failures only. Which rule looked at which resource is worked out: what a rule asks
for stands in its source (``nag_sources``), what a construct is in tree.json (``nag_resources``).
A finding at a resource that this reading says was not asked proves it wrong, and is refused.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evidence.collected.cited_controls import cited_controls
from evidence.collected.nag_question import LIBRARY
from evidence.collected.nag_report import NagFinding, nag_findings
from evidence.collected.nag_resources import NagResource, NagResources, nag_resources
from evidence.collected.nag_sources import NagRule, nag_sources
from evidence.model import Judge, Judged, JudgedRule, Row, Verdict
from policies.waivers import Waived
from runbook.model.environment import Environment
from runbook.model.refusal import Refusal, RefusedError

OF_A_SERVICE = f"{LIBRARY}.aws_"
PASSED = "The rule was asked and found nothing; its only other answer is a failure."
NO_FINDING = (
    "The rule was asked and found nothing; that it passed is not shown, "
    "for it says the same where it holds that it does not apply."
)
_SHOWS = (
    "Every failure and every rule that could not judge; a pass where a rule was asked, as its "
    "source and the classes of the constructs show, and can only have passed or failed."
)
_DOES_NOT_SHOW = (
    "What a template says by raw overrides, which the rules do not see; a pass where the verdict "
    "is that nothing was found; that a rule which lets a resource pass had a reason to look."
)


@dataclass(frozen=True, slots=True)
class _Pack:
    """One pack at one environment: ``waived`` maps id and construct path to the waiver's reason."""

    name: str
    rules: tuple[NagRule, ...]
    resources: NagResources
    found: Mapping[str, Sequence[NagFinding]]
    waived: Mapping[tuple[str, str], str]


def nag_judged(
    assembly: Path, environment: Environment, waived: Sequence[Waived]
) -> tuple[Judged, ...]:
    """Give what each pack says of the environment's resources, in both of its Stages.

    A rule that asks for nothing the environment has gets one row, of no template and no resource.
    Raises ``RefusedError`` for a pack that did not run, and for a reading that was proved wrong.
    """
    sources = nag_sources()
    found = nag_findings(assembly, environment)
    resources = nag_resources(assembly, environment)
    reasons = {(item.rule, item.path): " ".join(item.reason.split()) for item in waived}
    judged = []
    for name, rules in sources.packs.items():
        by_rule = defaultdict(list)
        for finding in found[name]:
            by_rule[finding.rule].append(finding)
        pack = _Pack(name, rules, resources, by_rule, reasons)
        _agree(pack, assembly)
        judge = Judge(name, sources.version, _SHOWS, _DOES_NOT_SHOW)
        judged.append(Judged(judge, _judged_rules(pack), _rows(pack), tuple(_gaps(pack))))
    return tuple(judged)


def _asked(rule: NagRule, resources: NagResources) -> list[NagResource]:
    """List whom a rule asked."""
    question = rule.question
    if question is None:
        return []
    return [r for r in resources.handed if question.asks(r.construct_class, r.type)]


def _agree(pack: _Pack, assembly: Path) -> None:
    """Refuse findings where the reading says that nobody asked."""
    known = {rule.id: rule for rule in pack.rules}
    refusals = []
    for id_, findings in pack.found.items():
        rule = known.get(id_)
        asked = {r.construct_path for r in _asked(rule, pack.resources)} if rule else set()
        for finding in findings:
            if rule and (rule.question is None or finding.path in asked or not finding.path):
                continue
            reason = "cdk-nag found it where its source, as read here, asks nobody"
            fix = "correct evidence/collected/nag_question.py: no pass of cdk-nag can be believed"
            refusals.append(Refusal(f"{finding.name} at {finding.path}", reason, fix))
    if refusals:
        raise RefusedError(f"{assembly}, as {pack.name} judged it,", refusals)


def _judged_rules(pack: _Pack) -> tuple[JudgedRule, ...]:
    return tuple(
        JudgedRule(pack.name, rule.id, rule.title, rule.why, controls=_controls(pack, rule))
        for rule in pack.rules
    )


def _controls(pack: _Pack, rule: NagRule) -> tuple[str, ...]:
    return cited_controls(pack.name, rule.controls).known


def _rows(pack: _Pack) -> tuple[Row, ...]:
    rows = [row for rule in pack.rules for row in _rows_of(pack, rule)]
    return tuple(sorted(rows, key=lambda row: (row.rule, row.template, row.resource, row.message)))


def _rows_of(pack: _Pack, rule: NagRule) -> Iterator[Row]:
    """Give a row for each finding, and for each resource that was asked and has none."""
    asked = _asked(rule, pack.resources)
    by_path = {resource.construct_path: resource for resource in pack.resources.handed}
    found = pack.found.get(rule.id, ())
    for finding in found:
        yield _row_of_finding(pack, rule, finding, by_path.get(finding.path))
    silent = {resource.construct_path for resource in asked} - {f.path for f in found}
    decides = rule.question is not None and rule.question.decides
    verdict, message = (Verdict.PASS, PASSED) if decides else (Verdict.NO_FINDING, NO_FINDING)
    for resource in asked:
        if resource.construct_path in silent:
            yield _row(pack, rule, verdict, message, resource)
    if rule.question is not None and not asked and not found:
        classes = (name.removeprefix(f"{LIBRARY}.") for name in rule.question.classes)
        message = f"The environment has none of: {', '.join((*classes, *rule.question.types))}."
        yield _row(pack, rule, Verdict.NOT_APPLICABLE, message)


def _row_of_finding(
    pack: _Pack, rule: NagRule, finding: NagFinding, resource: NagResource | None
) -> Row:
    """Tell a finding; one that is acknowledged, but by no waiver at its construct, fails."""
    message = f"{finding.name}: {finding.said if finding.threw else rule.title}"
    reason = ""
    if finding.acknowledged:
        reason = pack.waived.get(finding.acknowledged, "")
        if not reason or finding.acknowledged[1] != finding.path:
            reason = ""
            message += f" It is acknowledged at {finding.acknowledged[1]}, and no waiver covers it."
    verdict = Verdict.ERROR if finding.threw else Verdict.FAIL
    return _row(pack, rule, Verdict.WAIVED if reason else verdict, message, resource, reason)


def _row(
    pack: _Pack,
    rule: NagRule,
    verdict: Verdict,
    message: str,
    resource: NagResource | None = None,
    reason: str = "",
) -> Row:
    return Row(
        pack.name,
        rule.id,
        verdict,
        resource.template if resource else "",
        resource.logical_id if resource else "",
        resource.type if resource else "",
        resource.construct_path if resource else "",
        resource.location if resource else "",
        message,
        reason,
        rule.level,
        controls=_controls(pack, rule),
    )


def _gaps(pack: _Pack) -> Iterator[str]:
    """Say what nothing shows: rules, resources and controls that fell out of the reading."""
    for rule in pack.rules:
        if rule.question is None:
            yield f"What {rule.id} asks could not be read ({rule.unread}): no pass of it is known."
    if pack.resources.apart:
        listed = ", ".join(pack.resources.apart)
        yield f"No rule of {pack.name} is known to have looked at what is no construct: {listed}."
    asked = {r.construct_path for rule in pack.rules for r in _asked(rule, pack.resources)}
    generic = ", ".join(
        f"{resource.construct_path} ({resource.type})"
        for resource in pack.resources.handed
        if not resource.construct_class.startswith(OF_A_SERVICE)
        and resource.construct_path not in asked
    )
    if generic:
        yield f"No rule of {pack.name} looked at what is of no service's own class: {generic}."
    cited = {c for rule in pack.rules for c in cited_controls(pack.name, rule.controls).unknown}
    if cited:
        yield (
            f"{pack.name} cites {len(cited)} ids of controls that policies/controls.toml does not "
            f"have; what it says of them is counted for none: {', '.join(sorted(cited))}."
        )
