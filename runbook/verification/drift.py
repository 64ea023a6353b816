"""Differences between deployed stacks and their templates, told by what they break."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from runbook.deployed.comparison import compare
from runbook.deployed.difference import Comparison, Difference, Kind
from runbook.deployed.known_differences import UNTOLD, judge, load
from runbook.verification.finding import READ, Finding
from runbook.verification.finding import Kind as Severity
from runbook.verification.judgement import Broken, Judge, Judgement, LiveStack
from runbook.verification.live_template import with_live_values
from runbook.verification.shown import shown
from runbook.verification.stacks import StackRead

CHECK = "templates"
# What ECS writes itself while it shifts traffic: the check of listener weights looks at it.
_WRITTEN_BY_ECS = ("AWS::ElasticLoadBalancingV2::ListenerRule", "Actions*TargetGroups*Weight")
# After a rollback the service runs an older revision until the stack agrees: told, and no rule
# could follow an ARN to a template. The check of task definitions looks at the revision itself.
_NOT_JUDGED = (("AWS::ECS::Service", "TaskDefinition"),)
_PUT_BACK = (
    "find in CloudTrail who changed it, then set it to what is declared: a deploy of an unchanged "
    "template leaves it as it is"
)


@dataclass(frozen=True)
class Compared:
    """What was compared, what was found, and how much only a secret's value would tell."""

    comparison: Comparison
    findings: tuple[Finding, ...]
    withheld: int


def compared(
    read: Sequence[StackRead], assembly: Path, environment: str, judge_live: Judge
) -> Compared:
    """Compare the stacks that stand, let the rules judge what differs, and tell it."""
    standing = [each for each in read if each.deployed is not None]
    pairs = [(s.deployed, s.wanted.termination_protection) for s in standing if s.deployed]
    comparison = compare(pairs)
    told = [d for d in judge(comparison, load(UNTOLD)).failures if not _is_ecs_own(d)]
    live = _live(standing, told)
    judgement = judge_live(assembly, environment, live)
    findings = [
        *_missing(read, judgement),
        *_broken(judgement, told),
        *(Finding(Severity.UNVERIFIED, CHECK, "the rules", why) for why in judgement.unjudged),
        *_others(told, judgement),
    ]
    withheld = sum(difference.kind is Kind.WITHHELD for difference in told)
    return Compared(comparison, tuple(findings), withheld)


def _is_ecs_own(difference: Difference) -> bool:
    type_, path = _WRITTEN_BY_ECS
    return difference.type == type_ and fnmatchcase(difference.property, path)


def _live(standing: Iterable[StackRead], told: Sequence[Difference]) -> dict[str, LiveStack]:
    """Give the rules what was found of each stack that differs in anything they could judge."""
    found = {}
    for each in standing:
        if each.deployed is None:
            continue
        own = [d for d in told if d.stack == each.wanted.name and _is_judged(d)]
        protected = each.deployed.termination_protection
        if own or protected != each.wanted.termination_protection:
            template = with_live_values(each.deployed, own)
            found[each.wanted.name] = LiveStack(template, protected)
    return found


def _is_judged(difference: Difference) -> bool:
    return not any(
        difference.type == type_ and difference.property == path for type_, path in _NOT_JUDGED
    )


def _missing(read: Iterable[StackRead], judgement: Judgement) -> Iterator[Finding]:
    for each in read:
        if each.missing:
            lost = [
                c
                for (stack, _), kept in judgement.kept.items()
                if stack == each.wanted.name
                for c in kept
            ]
            fix = "make deploy makes it; if it was there before, see CloudTrail (DeleteStack)"
            yield _finding(
                Severity.BREACH, each.wanted.name, "the stack is not deployed", fix, lost
            )


def _broken(judgement: Judgement, told: Sequence[Difference]) -> Iterator[Finding]:
    for broken in judgement.broken:
        where = f"{broken.stack} {broken.resource}".strip()
        causes = [_said(d) for d in told if _is_cause(d, broken)]
        found = f" ({'; '.join(causes)})" if causes else ""
        what = f"{broken.rule}: {broken.message}{found}"
        fix = f"{_PUT_BACK}. In a template: {broken.remedy}"
        yield _finding(Severity.BREACH, where, what, fix, broken.clauses)


def _is_cause(difference: Difference, broken: Broken) -> bool:
    at_place = (difference.stack, difference.resource) == (broken.stack, broken.resource)
    return at_place and difference.kind is Kind.DIFFERENT


def _others(told: Iterable[Difference], judgement: Judgement) -> Iterator[Finding]:
    """Tell what breaks no rule by itself: drift, what is gone, and what nobody could read."""
    judged = {(broken.stack, broken.resource) for broken in judgement.broken}
    for difference in told:
        where = f"{difference.stack} {difference.resource}".strip()
        kept = judgement.kept.get((difference.stack, difference.resource), ())
        if difference.kind is Kind.UNREAD:
            yield _finding(Severity.UNVERIFIED, where, _said(difference), READ, kept)
        elif difference.kind is Kind.GONE:
            severity = Severity.BREACH if kept else Severity.DRIFT
            yield _finding(severity, where, _said(difference), _PUT_BACK, kept)
        elif difference.kind is Kind.DIFFERENT and (
            (difference.stack, difference.resource) not in judged
        ):
            yield _finding(Severity.DRIFT, where, _said(difference), _PUT_BACK)


def _said(difference: Difference) -> str:
    """Say a difference, without what may be a secret."""
    place = f"{difference.type} {difference.property}".strip()
    if difference.kind is Kind.DIFFERENT and difference.property:
        return f"{place}: {shown(difference)}"
    return f"{place}: {' '.join(difference.message.split())}"


def _finding(
    severity: Severity, where: str, what: str, fix: str, clauses: Iterable[str] = ()
) -> Finding:
    return Finding(severity, CHECK, where, what, fix, tuple(sorted(set(clauses))))
