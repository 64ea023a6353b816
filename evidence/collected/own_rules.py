"""What our own rules say: every rule on every resource, as ``runbook check --sources .`` judges.

One check judges every environment of an assembly; what it says is told by environment.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path, PurePath
from types import MappingProxyType

from evidence.collected.assembly import owners, templates_of
from evidence.model import Judge, Judged, JudgedRule, Row, Verdict
from policies.commands import FILE, WAIVERS
from policies.engine import JUDGED, check
from policies.expiry import expired
from policies.report import Report, Result, Status
from policies.rule import Rule
from policies.rules import all_rules
from policies.sources import judge_sources
from policies.templates.assembly import Reading
from policies.waivable_rules import RUNBOOK
from policies.waivers import Waived, Waiver
from policies.waiving import Covered, covered, unused_in, waived_for
from runbook.model.environment import Environment
from runbook.model.refusal import Refusal

SHOWS = (
    "Every rule of this repository was asked about every resource of the final templates, and "
    "about every file of the services that it is about; passes are told as failures are."
)
DOES_NOT_SHOW = (
    "That the deployed resources are still what the templates say: `runbook verify` compares them. "
    "What no rule asks is not known."
)
# What rules of ours look at and is not here, and why.
_NO_FILES = "the files of services: no sources were given"
_NO_TEMPLATES = "anything: no template of the environment could be judged"
_NOTHING: Mapping[str, str] = MappingProxyType({})
_FOUNDATIONS = (
    JudgedRule(
        RUNBOOK,
        JUDGED,
        "Every template can be read and belongs to one environment and its account",
        "A template that cannot be judged keeps no rule.",
        "Synthesize every environment again, as it stands in its file.",
    ),
    JudgedRule(
        RUNBOOK,
        WAIVERS,
        "Every waiver is needed and none has expired",
        "A waiver lets a failure pass for a reason; nobody answers for it after its day.",
        "Fix the finding, remove the waiver, or review its reason and set a new day.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiving:
    """The waivers, and the day to judge them by; None where no commit tells one."""

    waivers: Sequence[Waiver]
    day: date | None


def own_judged(
    reading: Reading,
    environments: Sequence[Environment],
    *,
    sources: Path | None,
    waiving: Waiving,
    unasked: Mapping[str, str] = _NOTHING,
) -> dict[str, Judged]:
    """Judge an assembly and the services below ``sources``; what is said, by environment.

    ``environments`` are all that the assembly has. What is about services or the whole assembly
    stands with each of them. Without ``sources`` no file is judged, and of the rules ``unasked``,
    which maps their ids to what they look at and why it is not here, nothing is. Each such rule
    says so itself, and a gap names them.
    """
    rules = all_rules()
    waived = waived_for((RUNBOOK,), waiving.waivers, environments)
    on_the_day = covered(waived, waiving.day)
    of_templates = [r for r in rules if not r.only_files and r.id not in unasked]
    report = check(reading, of_templates, waived=on_the_day.reasons, lapsed=on_the_day.lapsed)
    results = [*report.results, *(judge_sources(sources, rules) if sources else ())]
    judge = Judge(RUNBOOK, version("runbook"), SHOWS, DOES_NOT_SHOW)
    by_environment = _split(results, reading, environments)
    judged = {}
    for environment in environments:
        rows = [_row(result, on_the_day) for result in by_environment[environment.name]]
        rows += _unbroken(environment, reading, rows)
        judged_all = reading.whole and all(row.verdict is not Verdict.ERROR for row in rows)
        asked = _Asked(report, on_the_day, unasked, whole=judged_all)
        rows += _of_waivers(environment, waiving, asked)
        left_out = _left_out(rules, rows, unasked, sources=sources is not None)
        told = [_judged_rule(rule, left_out.get(rule.id, "")) for rule in rules]
        gaps = tuple(_gaps(left_out))
        judged[environment.name] = Judged(judge, (*_FOUNDATIONS, *told), tuple(rows), gaps)
    return judged


def _left_out(
    rules: Iterable[Rule], rows: Iterable[Row], unasked: Mapping[str, str], *, sources: bool
) -> dict[str, str]:
    """Map the rules that were not asked of all that they look at to what that is, and why."""
    told = {row.rule for row in rows}
    found = {}
    for rule in rules:
        if rule.id in unasked:
            found[rule.id] = unasked[rule.id]
        elif not sources and (rule.only_files or (rule.judge_file and rule.id in told)):
            found[rule.id] = _NO_FILES
        elif rule.id not in told:
            found[rule.id] = _NO_TEMPLATES
    return found


def _judged_rule(rule: Rule, unasked: str) -> JudgedRule:
    return JudgedRule(
        RUNBOOK,
        rule.id,
        rule.title,
        rule.why,
        rule.remedy,
        rule.clauses,
        rule.controls,
        unasked,
    )


def _gaps(left_out: Mapping[str, str]) -> Iterator[str]:
    """Name the rules that were not asked, once for each thing that they were not asked of."""
    for what in dict.fromkeys(left_out.values()):
        names = ", ".join(sorted(rule for rule, why in left_out.items() if why == what))
        yield f"{RUNBOOK}: not asked of {what}: {names}."


def _split(
    results: Iterable[Result], reading: Reading, environments: Sequence[Environment]
) -> Mapping[str, list[Result]]:
    """Give each environment its own results, and those that are of no single one."""
    found: dict[str, list[Result]] = defaultdict(list)
    owner = owners(reading, environments)
    for result in results:
        mine = owner.get(result.template)
        for name in [mine] if mine else [environment.name for environment in environments]:
            found[name].append(result)
    return found


def _row(result: Result, on_the_day: Covered) -> Row:
    message, reason = result.message, ""
    if result.status is Status.WAIVED:
        reason = on_the_day.reasons[result.rule, result.construct_path or ""]
        message = message.removesuffix(f" (waived: {reason})")
    location = result.location or ""
    return Row(
        RUNBOOK,
        result.rule,
        Verdict(result.status.value),
        result.template,
        result.resource or "",
        result.type or "",
        result.construct_path or "",
        # A line outside of this repository would name the machine's folders.
        "" if PurePath(location).is_absolute() else location,
        message,
        reason,
        clauses=result.clauses,
        controls=result.controls,
    )


def _unbroken(environment: Environment, reading: Reading, rows: Sequence[Row]) -> Iterator[Row]:
    """Tell the templates that could be judged: the check itself tells only those that could not."""
    broken = {row.template for row in rows if row.rule == JUDGED}
    for template in templates_of(environment, reading):
        if template.path not in broken:
            yield Row(RUNBOOK, JUDGED, Verdict.PASS, template.path)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a check was asked, and said; ``whole``: nothing of the environment went unjudged."""

    report: Report
    on_the_day: Covered
    unasked: Collection[str]
    whole: bool

    def idle(self, own: Iterable[Waived]) -> list[Refusal]:
        """Tell the waivers that covered nothing, of rules that were asked."""
        left_out = {f"{RUNBOOK}::{rule}" for rule in self.unasked}
        among = [finding for finding in own if finding.rule not in left_out]
        return unused_in(self.report, among, self.on_the_day.lapsed)


def _of_waivers(environment: Environment, waiving: Waiving, asked: _Asked) -> Iterator[Row]:
    """Tell what is wrong with an environment's waivers, that nothing is, or that nobody knows."""
    mine = waivers_of(environment, waiving.waivers)
    idle = asked.idle(waived_for((RUNBOOK,), mine, [environment]))
    late = expired(mine, waiving.day) if waiving.day else ()
    faults = [*(idle if asked.whole else ()), *late]
    for fault in faults:
        said = f"{fault.key}: {fault.reason}; {fault.fix}"
        yield Row(RUNBOOK, WAIVERS, Verdict.FAIL, FILE, message=said)
    unknown = [*_unknown(idle, asked)]
    if waiving.day is None:
        unknown.append("no commit tells the day, so nobody knows which of them have expired")
    for said in unknown:
        yield Row(RUNBOOK, WAIVERS, Verdict.ERROR, FILE, message=said)
    if not faults and not unknown:
        which = "ours whose rule was asked" if asked.unasked else "ours"
        said = (
            f"{len(mine)} waivers: none has expired on {waiving.day}, and each of {which} is needed"
        )
        yield Row(RUNBOOK, WAIVERS, Verdict.PASS, FILE, message=said)


def _unknown(idle: Sequence[Refusal], asked: _Asked) -> Iterator[str]:
    """Tell the waivers that may cover what could not be judged."""
    if idle and not asked.whole:
        entries = ", ".join(fault.key for fault in idle)
        yield f"{entries}: not everything could be judged, so nobody knows whether it is needed"


def waivers_of(environment: Environment, waivers: Iterable[Waiver]) -> list[Waiver]:
    """List the waivers that an environment has."""
    return [waiver for waiver in waivers if next(waiver.findings(environment), None)]
