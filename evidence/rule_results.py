"""Rules with all that came of each: rows are read once, however many controls a rule speaks for."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from evidence.model import JudgedRule, Row, Verdict

# Template or source file, and the resource's logical id: empty where it is the whole file.
Place = tuple[str, str]
_AGAINST = (Verdict.FAIL, Verdict.ERROR)


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
        elif row.verdict in _AGAINST:
            rule = JudgedRule(row.judge, row.rule, "", clauses=row.clauses, controls=row.controls)
            unlisted.setdefault(rule, RuleResult(rule)).add(row)
    return (*found.values(), *unlisted.values())


def unjudged_files(results: Iterable[RuleResult]) -> Mapping[str, tuple[str, ...]]:
    """List, by judge, the files that it could not judge at all: by an error that cites no control.

    What a judge did not see can hold nothing that its rules speak for.
    """
    found: dict[str, dict[str, None]] = {}
    for result in results:
        if not result.rule.controls:
            for file in _whole_files(result):
                found.setdefault(result.rule.judge, {})[file] = None
    return {judge: tuple(sorted(files)) for judge, files in found.items()}


def _whole_files(result: RuleResult) -> Iterator[str]:
    return (file for file, resource in result.at(Verdict.ERROR) if not resource)
