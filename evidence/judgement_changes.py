"""What judges say otherwise than before: findings, rules, and what nobody looks at any more.

A row is known by its judge, its rule and its construct path, so a line that moved, or a template
that was renamed, is no change.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from evidence.comparison import (
    ABSENT,
    Change,
    Direction,
    Subject,
    by_presence,
    by_rank,
    changed,
)
from evidence.model import Evidence, JudgedRule, Row, Verdict
from evidence.plain_words import counted
from evidence.said import FINDINGS, Said, by_faults, said_by

# What got no further than a judge's silence is weaker than a pass, and stronger than an exception.
_RANKS = {
    Verdict.FAIL: 0,
    Verdict.ERROR: 0,
    Verdict.WAIVED: 1,
    Verdict.NO_FINDING: 2,
    Verdict.PASS: 3,
}
Rule = tuple[str, str]
# Of a judge, its rule, and where.
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Judgements:
    """All that the judges of one bundle say."""

    evidence: Evidence

    @cached_property
    def said(self) -> Mapping[Key, Said]:
        """Give what each rule says of each place."""
        rows: dict[Key, list[Row]] = defaultdict(list)
        for row in self.evidence.rows:
            rows[row.judge, row.rule, self._place(row)].append(row)
        return {key: said_by(those) for key, those in rows.items()}

    @cached_property
    def judges(self) -> Mapping[str, str]:
        """Give the judges that were asked, by name, with their versions."""
        return {judge.name: judge.version for judge in self.evidence.judges}

    @cached_property
    def rules(self) -> Mapping[Rule, JudgedRule]:
        """Give the rules of all judges, those that only a row names, too."""
        of_rows = {key[:2]: JudgedRule(*key[:2], key[1]) for key in self.said}
        return of_rows | {(rule.judge, rule.id): rule for rule in self.evidence.rules}

    @cached_property
    def looked(self) -> Mapping[Rule, int]:
        """Count the places that each rule looked at."""
        counted: dict[Rule, int] = defaultdict(int)
        for (judge, rule, _), said in self.said.items():
            counted[judge, rule] += said.verdict in _RANKS
        return counted

    @cached_property
    def cleared(self) -> frozenset[Rule]:
        """Give the rules that said something else than a failure somewhere."""
        quiet = (Verdict.PASS, Verdict.NO_FINDING, Verdict.WAIVED)
        return frozenset(key[:2] for key, said in self.said.items() if said.verdict in quiet)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Count the rules that looked at each place."""
        counted: dict[str, int] = defaultdict(int)
        for (_, _, place), said in self.said.items():
            if said.verdict in _RANKS:
                counted[place] += 1
        return dict(counted)

    @cached_property
    def known(self) -> frozenset[str]:
        """Give the places that are there, whether or not a rule applied to them."""
        return frozenset({place for _, _, place in self.said}.union(self._stacks.values()))

    @cached_property
    def _stacks(self) -> Mapping[str, str]:
        return {t.path: f"{t.stack} in {t.region}" for t in self.evidence.templates}

    def _place(self, row: Row) -> str:
        stack = self._stacks.get(row.template, row.template)
        return row.construct_path or f"{stack} {row.resource}".rstrip()


def judgement_changes(old: Judgements, new: Judgements) -> Iterator[Change]:
    """Tell what changed of judges, rules, places and findings."""
    yield from changed(Subject.JUDGE, (old.judges, new.judges), str, by_presence)
    yield from _rules(old, new)
    for place in sorted(old.places.keys() - new.known):
        words = (_judged(old.places[place]), _NOT_JUDGED)
        yield Change(Direction.WORSE, Subject.RESOURCE, place, *words)
    for place in sorted(new.places.keys() - old.known):
        words = (ABSENT, _judged(new.places[place]))
        yield Change(Direction.OTHER, Subject.RESOURCE, place, *words)
    yield from _findings(old, new)


_NOT_JUDGED = "nobody looks at it: it is gone from the templates, or from what is judged"


def _judged(rules: int) -> str:
    return f"judged by {counted(rules, 'rule')}"


def _rules(old: Judgements, new: Judgements) -> Iterator[Change]:
    for rule in sorted({*old.rules, *new.rules}):
        judge, name = rule
        if (judge in old.judges) != (judge in new.judges):
            # The judge itself is told.
            continue
        before, after = old.rules.get(rule), new.rules.get(rule)
        what = f"{judge}::{name}"
        words = (_rule(old, rule), _rule(new, rule))
        if before is None or after is None:
            yield Change(by_presence(before, after), Subject.RULE, what, *words)
        elif _stopped(rule, old, new):
            yield Change(Direction.WORSE, Subject.RULE, what, *words)
        elif _stopped(rule, new, old):
            yield Change(Direction.BETTER, Subject.RULE, what, *words)
        elif before != after:
            yield Change(
                Direction.OTHER, Subject.RULE, what, before.title, _other_words(before, after)
            )


def _other_words(before: JudgedRule, after: JudgedRule) -> str:
    same = "the same title, other reasons, clauses or controls"
    return same if before.title == after.title else after.title


def _rule(judgements: Judgements, rule: Rule) -> str:
    if rule not in judgements.rules:
        return ABSENT
    looked = judgements.looked[rule]
    return f"looks at {counted(looked, 'place')}" if looked else "looks at nothing"


def _stopped(rule: Rule, before: Judgements, after: Judgements) -> bool:
    """Tell a rule that looks at nothing any more from one whose only findings were mended.

    A judge may list failures alone: where it said nothing else before, its silence is no loss.
    """
    return rule in before.cleared and not after.looked[rule]


def _findings(old: Judgements, new: Judgements) -> Iterator[Change]:
    for key in sorted({*old.said, *new.said}):
        before, after = old.said.get(key), new.said.get(key)
        if before == after:
            continue
        direction = _direction(key, old, new)
        if direction is None:
            continue
        judge, rule, place = key
        is_finding = any(said.is_found for said in (before, after) if said)
        subject = Subject.FINDING if is_finding else Subject.JUDGEMENT
        words = (str(said or "nothing said") for said in (before, after))
        yield Change(direction, subject, f"{judge}::{rule} at {place}", *words)


def _direction(key: Key, old: Judgements, new: Judgements) -> Direction | None:
    """Say what it means; None where another change tells it: of its rule, or of its place."""
    before, after = old.said.get(key), new.said.get(key)
    found = after is not None and after.verdict in FINDINGS
    was_found = before is not None and before.verdict in FINDINGS
    if _told_already(key, old, new):
        if found and not was_found:
            return Direction.WORSE
        # A finding that went with its rule or its resource was not mended, as far as is known.
        return Direction.OTHER if was_found and not found else None
    if before is None or before.verdict not in _RANKS:
        return _from_nothing(after)
    if after is None:
        # A judge that lists failures alone is silent where one was mended.
        return Direction.BETTER if before.is_found else Direction.WORSE
    if after.verdict not in _RANKS:
        return Direction.OTHER if was_found else Direction.WORSE
    if before.is_found and after.is_found:
        return by_faults(before, after)
    return by_rank(_RANKS[before.verdict], _RANKS[after.verdict])


def _from_nothing(after: Said | None) -> Direction | None:
    """Say what a verdict means where nothing was judged before."""
    if after is None or after.verdict not in _RANKS:
        return None
    passed = after.verdict in (Verdict.PASS, Verdict.NO_FINDING)
    return Direction.BETTER if passed else Direction.WORSE


def _told_already(key: Key, old: Judgements, new: Judgements) -> bool:
    """Tell whether its rule or its place came, went or stopped as a whole.

    A new rule is one that began to look; what it finds is told all the same.
    """
    judge, name, place = key
    rule = (judge, name)
    return (
        rule not in new.rules
        or _stopped(rule, old, new)
        or _stopped(rule, new, old)
        or place not in old.known
        or place not in new.known
    )
