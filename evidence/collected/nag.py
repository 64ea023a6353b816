"""What the four packs of cdk-nag say of an environment, and what their silence means.

cdk-nag tells failures only. Which rule looked at which resource is worked out: what a rule asks
for stands in its source (``nag_sources``), what a construct is in tree.json (``nag_resources``).
A finding at a resource that this reading says was not asked proves it wrong, and is refused.
The rules see constructs: where a raw override made the template another, no pass is claimed.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from evidence.collected.assembly import read_assembly
from evidence.collected.cited_controls import cited_controls
from evidence.collected.nag_question import LIBRARY, Question
from evidence.collected.nag_report import NagFinding, nag_findings
from evidence.collected.nag_resources import NagResource, NagResources, nag_resources
from evidence.collected.nag_sources import NagRule, nag_sources
from evidence.model import Judge, Judged, JudgedRule, Row, Verdict
from policies.report import with_lapsed
from policies.templates.assembly import Reading
from policies.waivers import Waived
from policies.waiving import Covered, covered
from runbook.model.environment import Environment
from runbook.model.refusal import Refusal, RefusedError

OF_A_SERVICE = f"{LIBRARY}.aws_"
PASSED = "The rule was asked and found nothing; its only other answer is a failure."
NO_FINDING = (
    "The rule was asked and found nothing; that it passed is not shown, "
    "for it says the same where it holds that it does not apply."
)
OVERRIDDEN = (
    "The rule was asked and found nothing in the construct; of what it looks at, the template says "
    "otherwise by a raw override: {}."
)
_SHOWS = (
    "Every failure and every rule that could not judge; and a pass, where the rule's source and "
    "the construct's class show that it was asked and could only pass or fail."
)
_DOES_NOT_SHOW = (
    "Whether a rule that merely found nothing applied at all; anything of resources that no rule "
    "asks for; and what a rule never looks at in a resource that it passes."
)


@dataclass(frozen=True, slots=True)
class _Pack:
    """One pack at one environment: ``waived`` has the keys of acknowledgements."""

    name: str
    rules: tuple[NagRule, ...]
    resources: NagResources
    found: Mapping[str, Sequence[NagFinding]]
    waived: Covered


def nag_judged(
    assembly: Path,
    environment: Environment,
    waived: Sequence[Waived],
    day: date | None,
    reading: Reading | None = None,
) -> tuple[Judged, ...]:
    """Give what each pack says of the environment's resources, in both of its Stages.

    ``day`` is the one that waivers are judged by, None where nobody knows it. ``reading`` is of
    ``assembly``; it is read where nobody has it. A rule that asks for nothing the environment has
    gets one row, of no template and no resource. Raises ``RefusedError`` for a pack that did not
    run, and for a reading of sources that was proved wrong.
    """
    sources = nag_sources()
    found = nag_findings(assembly, environment)
    resources = nag_resources(assembly, environment, reading or read_assembly(assembly))
    on_the_day = covered(waived, day)
    judged = []
    for name, rules in sources.packs.items():
        by_rule = defaultdict(list)
        for finding in found[name]:
            by_rule[finding.rule].append(finding)
        pack = _Pack(name, rules, resources, by_rule, on_the_day)
        _agree(pack, assembly)
        judge = Judge(name, sources.version, _SHOWS, _DOES_NOT_SHOW)
        judged.append(Judged(judge, _judged_rules(pack), _rows(pack), tuple(_gaps(pack))))
    return tuple(judged)


def _asked(rule: NagRule, resources: NagResources) -> list[NagResource]:
    """List whom a rule asked."""
    question = rule.question
    if question is None:
        return []
    return [r for kind, of_it in resources.kinds.items() if question.asks(*kind) for r in of_it]


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
    told = {finding.path for finding in found}
    for resource in asked:
        if rule.question and resource.construct_path not in told:
            verdict, message = _of_silence(pack, rule.question, resource)
            yield _row(pack, rule, verdict, message, resource)
    if rule.question is not None and not asked and not found:
        classes = (name.removeprefix(f"{LIBRARY}.") for name in rule.question.classes)
        message = f"The environment has none of: {', '.join((*classes, *rule.question.types))}."
        yield _row(pack, rule, Verdict.NOT_APPLICABLE, message)


def _of_silence(pack: _Pack, question: Question, resource: NagResource) -> tuple[Verdict, str]:
    """Say what it means that a rule was asked about a resource and found nothing."""
    if not question.decides:
        return Verdict.NO_FINDING, NO_FINDING
    seen = pack.resources.overridden if question.searches else resource.overridden
    changed = question.looked_at(seen)
    if changed:
        return Verdict.NO_FINDING, OVERRIDDEN.format(", ".join(changed))
    return Verdict.PASS, PASSED


def _row_of_finding(
    pack: _Pack, rule: NagRule, finding: NagFinding, resource: NagResource | None
) -> Row:
    """Tell a finding; one that is acknowledged, but by no waiver at its construct, fails.

    Synthesis has no clock: a waiver acknowledges after its last day, too.
    """
    message = f"{finding.name}: {finding.said if finding.threw else rule.title}"
    by = finding.suppressed_by
    here = by if by and by[1] == finding.path else ("", "")
    reason = pack.waived.reasons.get(here, "")
    if late := pack.waived.lapsed.get(here):
        message = with_lapsed(message, late)
    elif by and not reason:
        message += f" It is acknowledged at {by[1]}, and no waiver covers it."
    verdict = Verdict.ERROR if finding.threw else Verdict.FAIL
    verdict = Verdict.WAIVED if reason else verdict
    return _row(pack, rule, verdict, message, resource, reason, finding.path)


def _row(
    pack: _Pack,
    rule: NagRule,
    verdict: Verdict,
    message: str,
    resource: NagResource | None = None,
    reason: str = "",
    path: str = "",
) -> Row:
    return Row(
        pack.name,
        rule.id,
        verdict,
        resource.template if resource else "",
        resource.logical_id if resource else "",
        resource.type if resource else "",
        resource.construct_path if resource else path,
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
