"""Rules with all that came of each: rows are read once, however many controls a rule speaks for."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from evidence.model import JudgedRule, Row, Verdict
from policies.engine import JUDGED
from policies.waivable_rules import RUNBOOK

# Template or source file, and the resource's logical id: empty where it is the whole file.
Place = tuple[str, str]
AGAINST = (Verdict.FAIL, Verdict.ERROR)


@dataclass(slots=True)
class RuleResult:
    """A rule, how often it ended with each verdict, and where."""

    rule: JudgedRule
    counts: Counter[Verdict] = field(default_factory=Counter)
    places: dict[Verdict, set[Place]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name it with its judge, as waivers do."""
        return f"{self.rule.judge}::{self.rule.id}"

    @property
    def tally(self) -> dict[Verdict, int]:
        """Give the verdicts that were, in their order."""
        return {verdict: self.counts[verdict] for verdict in Verdict if self.counts[verdict]}

    def at(self, *verdicts: Verdict) -> set[Place]:
        """Give the places where it ended with one of these verdicts."""
        return {place for verdict in verdicts for place in self.places.get(verdict, ())}

    def add(self, row: Row) -> None:
        """Take one more row of this rule."""
        self.counts[row.verdict] += 1
        self.places.setdefault(row.verdict, set()).add((row.template, row.resource))


def rule_results(rows: Iterable[Row], rules: Iterable[JudgedRule]) -> tuple[RuleResult, ...]:
    """Give every rule its rows, also one that has none.

    A row of a rule that is not listed counts for nothing when it passes; when it failed or could
    not be judged, it counts against what it cites itself.
    """
    found = {(rule.judge, rule.id): RuleResult(rule) for rule in rules}
    unlisted: dict[JudgedRule, RuleResult] = {}
    for row in rows:
        result = found.get((row.judge, row.rule))
        if result is not None:
            result.add(row)
        elif row.verdict in AGAINST:
            rule = JudgedRule(row.judge, row.rule, "", clauses=row.clauses, controls=row.controls)
            unlisted.setdefault(rule, RuleResult(rule)).add(row)
    return (*found.values(), *unlisted.values())


def unjudged_files(results: Iterable[RuleResult]) -> tuple[str, ...]:
    """List the templates of which our rules could judge nothing, or not all.

    What they did not see can hold nothing that they speak for. The packs and the other judges are
    refused where they did not run.
    """
    found = [r for r in results if (r.rule.judge, r.rule.id) == (RUNBOOK, JUDGED)]
    return tuple(sorted({file for result in found for file, _ in result.at(Verdict.ERROR)}))
