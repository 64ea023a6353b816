"""What the page shows beside what the evidence holds: groups, counts and anchors."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from evidence.formats.embedded_rows import worst_first
from evidence.model import (
    ClauseEntry,
    ControlEntry,
    Drill,
    Evidence,
    Judge,
    JudgedRule,
    Keeper,
    Row,
    Standing,
    Verdict,
    WaiverEntry,
)
from evidence.plain_words import counted, states
from policies.waivable_rules import RUNBOOK

_BAD = (Verdict.FAIL, Verdict.ERROR)


@dataclass(frozen=True, slots=True)
class Framework:
    """The controls of one framework, and how many stand in each way."""

    title: str
    anchor: str
    urls: tuple[str, ...]
    controls: tuple[ControlEntry, ...]

    @property
    def standings(self) -> Mapping[Standing, int]:
        """Count the controls by standing."""
        counted = Counter(control.standing for control in self.controls)
        return {standing: counted[standing] for standing in Standing}


@dataclass(frozen=True, slots=True)
class Failing:
    """A rule that failed or could not judge, and where."""

    rule: JudgedRule
    rows: tuple[Row, ...]

    @property
    def clauses(self) -> tuple[str, ...]:
        """List what any of its findings breaks."""
        return tuple(dict.fromkeys(each for row in self.rows for each in row.clauses))

    @property
    def controls(self) -> tuple[str, ...]:
        """List what any of its findings bears on."""
        return tuple(dict.fromkeys(each for row in self.rows for each in row.controls))

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """Count its findings by verdict."""
        return Counter(row.verdict for row in self.rows)


@dataclass(frozen=True, slots=True)
class JudgeSeen:
    """A judge, how many rules it has, and its results by verdict.

    ``silent`` counts the rules that no result is of, ``unasked`` those that were not asked of all
    that they look at.
    """

    judge: Judge
    rules: int
    silent: int
    unasked: int
    counts: Mapping[Verdict, int]


class PageView:
    """An evidence as the page tells it; made of it alone."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self._rules = {(rule.judge, rule.id): rule for rule in evidence.rules}

    @cached_property
    def anchors(self) -> dict[str, dict[str, str]]:
        """Name the element of each thing that is linked, by what it is and its id."""
        evidence = self.evidence
        drills = evidence.rehearsal.drills if evidence.rehearsal else ()
        return {
            "clause": anchored("clause", (each.id for each in evidence.clauses)),
            "control": anchored("control", (each.id for each in evidence.controls)),
            "alarm": anchored("alarm", (each.alarm for each in evidence.alarm_tests)),
            "drill": anchored("drill", (each.name for each in drills)),
            "framework": anchored("framework", (each.framework for each in evidence.controls)),
        }

    @cached_property
    def frameworks(self) -> list[Framework]:
        """Gather the controls by framework, in the order in which they came."""
        found: dict[str, list[ControlEntry]] = {}
        for control in self.evidence.controls:
            found.setdefault(control.framework, []).append(control)
        return [
            Framework(
                title,
                self.anchors["framework"][title],
                tuple(dict.fromkeys(control.url for control in controls)),
                tuple(controls),
            )
            for title, controls in found.items()
        ]

    @cached_property
    def failing(self) -> list[Failing]:
        """Gather what failed or could not be judged by rule, failures first."""
        found: dict[tuple[str, str], list[Row]] = {}
        for row in worst_first(self.evidence.rows):
            if row.verdict in _BAD:
                found.setdefault((row.judge, row.rule), []).append(row)
        return [Failing(self.rule(*key), tuple(rows)) for key, rows in found.items()]

    @property
    def waivers(self) -> list[WaiverEntry]:
        """List the waivers, the first to end on top."""
        return sorted(self.evidence.waivers, key=lambda waiver: waiver.expires)

    @property
    def states(self) -> Mapping[str, int]:
        """Count the clauses that apply here by state, the worst first, without those of none."""
        return {state: number for state, number in states(self.evidence).items() if number}

    def controls_of(self, clause: str) -> list[str]:
        """List the controls that a clause speaks for."""
        return [each.id for each in self.evidence.controls if clause in each.clauses]

    @property
    def failed_drills(self) -> list[Drill]:
        """List the drills of the last rehearsal that failed."""
        rehearsal = self.evidence.rehearsal
        return [
            each for each in (rehearsal.drills if rehearsal else ()) if each.outcome == "failed"
        ]

    @property
    def judges(self) -> list[JudgeSeen]:
        """Count what each judge has and said."""
        rules = Counter(rule.judge for rule in self.evidence.rules)
        used = Counter(
            judge for judge, _ in dict.fromkeys((row.judge, row.rule) for row in self.evidence.rows)
        )
        unasked = Counter(rule.judge for rule in self.evidence.rules if rule.unasked)
        said = Counter((row.judge, row.verdict) for row in self.evidence.rows)
        return [
            JudgeSeen(
                judge,
                max(rules[judge.name], used[judge.name]),
                max(rules[judge.name] - used[judge.name], 0),
                unasked[judge.name],
                {verdict: said[judge.name, verdict] for verdict in Verdict},
            )
            for judge in self.evidence.judges
        ]

    def rule(self, judge: str, id_: str) -> JudgedRule:
        """Give what is known of a rule; of one that no judge lists, its name alone."""
        return self._rules.get((judge, id_)) or JudgedRule(judge, id_, "")

    def named(self, key: str) -> JudgedRule:
        """Give the rule of a ``judge::rule``."""
        judge, _, id_ = key.partition("::")
        return self.rule(judge, id_)

    def unasked(self, control: ControlEntry) -> list[str]:
        """List its rules, as ``judge::rule``, that were not asked of all that they look at."""
        return [key for key in own_first(control.rules) if self.named(key).unasked]

    def idle(self, control: ControlEntry) -> list[str]:
        """List its rules, as ``judge::rule``, that were asked and found nothing to look at."""
        unasked = self.unasked(control)
        return [
            key for key in own_first(control.rules) if key not in unasked and _idle(control, key)
        ]

    def looking(self, control: ControlEntry) -> list[str]:
        """List its rules, as ``judge::rule``, that had something to look at."""
        return [key for key in own_first(control.rules) if not _idle(control, key)]

    def kept_by_rule(self, id_: str) -> str:
        """Give the ``judge::rule`` of the only rule of this id; nothing where there is no such."""
        found = [f"{judge}::{rule}" for judge, rule in self._rules if rule == id_]
        return found[0] if len(found) == 1 else ""


def spoken_for(control: ControlEntry) -> str:
    """Count what speaks for a control, in words, and leave out what there is none of."""
    said = (
        (len(control.clauses), "clause"),
        (len(control.rules), "rule"),
        (len(control.alarms), "alarm"),
        (len(control.drills), "drill"),
        (control.resources, "resource"),
    )
    return ", ".join(counted(number, noun) for number, noun in said if number)


def own_first(rules: Iterable[str]) -> list[str]:
    """Sort rules, as ``judge::rule``, by name, our own before those of others."""
    return sorted(rules, key=lambda key: (not key.startswith(f"{RUNBOOK}::"), key))


def _idle(control: ControlEntry, key: str) -> bool:
    return set(+Counter(control.rules[key])) <= {Verdict.NOT_APPLICABLE}


def wanted(rule: JudgedRule) -> str:
    """Tell what a rule wants, where its title does: other judges' titles may tell the failure."""
    return rule.title if rule.judge == RUNBOOK else ""


def waived(waiver: WaiverEntry) -> dict[str, list[str]]:
    """Gather by ``judge::rule`` what a waiver names of it: a pack may add, in brackets, a finding.

    A rule that is named without any has an empty list.
    """
    named: dict[str, list[str]] = {}
    for each in waiver.rules:
        rule, bracket, found = each.partition("[")
        named.setdefault(rule, []).extend([bracket + found] if bracket else [])
    return named


def by_kind(clause: ClauseEntry) -> dict[str, list[Keeper]]:
    """Gather what keeps a clause by its kind, in the order in which the kinds come."""
    found: dict[str, list[Keeper]] = {}
    for keeper in clause.keepers:
        found.setdefault(keeper.kind, []).append(keeper)
    return found


def kept_by(clause: ClauseEntry) -> str:
    """Count what keeps a clause, in words."""
    kinds = by_kind(clause)
    said = ", ".join(counted(len(keepers), kind) for kind, keepers in kinds.items())
    return said or "kept by nothing"


def anchored(kind: str, ids: Iterable[str]) -> dict[str, str]:
    """Name an element for each id: readable, safe in a link, and none twice."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for id_ in ids:
        if id_ in found:
            continue
        wanted = f"{kind}-{re.sub(r'[^A-Za-z0-9.]+', '-', id_).strip('-')}"
        name, number = wanted, 2
        while name in taken:
            name, number = f"{wanted}-{number}", number + 1
        found[id_] = name
        taken.add(name)
    return found


def filtered(section: str = "results", /, **wanted: str) -> str:
    """Write the link that sets a section's filter, as the script reads it."""
    return f"#{section}?{urlencode(wanted)}"


# What templates may call.
WORDS = (by_kind, filtered, kept_by, spoken_for, waived, wanted)
