"""What a control's rules, clauses, alarms and drills say of it: a sentence, and its best standing.

The worst of all that is said is how the control stands. Only a rule that passes on what is
synthesized here holds one: a test of an alarm shows its definition, a drill the behaviour of what
was rehearsed, and neither shows what this environment deploys. Both can break a control.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from evidence.model import AlarmTested, ClauseEntry, Drill, Standing, Verdict
from evidence.rule_results import AGAINST, Place, RuleResult
from policies.keepers import State
from policies.waivable_rules import RUNBOOK

# The best standing that this leaves, and why; what holds without a gap needs no sentence.
Said = tuple[Standing, str]
_MOST_NAMES = 5
_PASSED, _FAILED = "passed", "failed"
_FINDINGS = (
    (Verdict.FAIL, Standing.BROKEN, "fails at"),
    (Verdict.ERROR, Standing.BROKEN, "could not judge"),
    (Verdict.WAIVED, Standing.EXCEPTIONS, "is waived at"),
    (Verdict.NO_FINDING, Standing.EXCEPTIONS, "told nothing, which is no pass, of"),
)


def worst(said: Iterable[Said]) -> Standing:
    """Give the worst standing of what was said; ``ValueError`` where nothing was."""
    order = list(Standing)
    return min((standing for standing, _ in said), key=order.index)


def of_basis(results: Sequence[RuleResult], beside: Collection[str]) -> Said:
    """Say what the control stands on: the best that is left when nothing is wrong.

    A pass of a rule of our own holds it. One of other judges' rules alone leaves an exception: they
    cite many controls that they touch in passing. Findings that are all waived show no pass, nor
    does a judge's silence.
    ``beside`` are alarms and drills of its clauses.
    """
    found = {verdict for result in results for verdict in result.tally}
    if Verdict.PASS in found:
        alone = _if_others_alone(results)
        return (Standing.EXCEPTIONS if alone else Standing.HELD), alone
    if not found.isdisjoint({Verdict.FAIL, Verdict.ERROR}):
        return Standing.BROKEN, "nothing that was judged passes"
    if Verdict.WAIVED in found:
        return Standing.WEAK, "nothing that was judged passes: what was found is waived"
    if Verdict.NO_FINDING in found:
        return Standing.WEAK, "only judges that tell failures alone looked"
    return Standing.GAP, _nothing(results, beside)


def of_people(standing: Standing) -> Iterator[Said]:
    """Say what is missing of a control for people and procedures even where rules pass."""
    if standing in (Standing.HELD, Standing.EXCEPTIONS):
        asks = "it asks for people and procedures, too: its technical part alone is judged here"
        yield Standing.EXCEPTIONS, asks


def of_findings(results: Iterable[RuleResult], applying: Collection[str]) -> Iterator[Said]:
    """Say which rules fail, could not judge, or are waived, where, and for which clauses."""
    for result in results:
        clauses = _bracketed(clause for clause in result.rule.clauses if clause in applying)
        for verdict, standing, words in _FINDINGS:
            if places := result.at(verdict):
                yield standing, f"{result.rule.id} {words} {_where(places)}{clauses}"


def of_unasked(results: Iterable[RuleResult], applying: Collection[str]) -> Iterator[Said]:
    """Say which rules were not asked of all that they look at, and for which clauses."""
    for result in results:
        if result.rule.unasked:
            clauses = _bracketed(clause for clause in result.rule.clauses if clause in applying)
            said = f"{result.rule.id} was not asked of {result.rule.unasked}{clauses}"
            yield Standing.EXCEPTIONS, said


def of_unjudged(results: Iterable[RuleResult], files: Sequence[str]) -> Iterator[Said]:
    """Say which templates our rules could not judge, where one of them speaks for the control."""
    if files and any(result.rule.judge == RUNBOOK for result in results):
        yield Standing.BROKEN, f"{RUNBOOK} could not judge {_names(files)}"


def of_clauses(clauses: Iterable[ClauseEntry]) -> Iterator[Said]:
    """Say which clauses are not kept as a whole, and what they wait for."""
    for clause in clauses:
        if clause.state != State.KEPT or clause.open:
            why = f": {_one_line(clause.open)}" if clause.open else ""
            yield Standing.EXCEPTIONS, f"{clause.id} is {clause.state}{why}"


def of_others(rules_of: Mapping[str, Sequence[RuleResult]], control: str) -> Iterator[Said]:
    """Say which of its clauses are broken by rules that do not cite the control.

    A clause keeps more than one control, so that its other rules break it and not this control.
    """
    for clause, results in rules_of.items():
        against = [
            result.rule.id
            for result in results
            if control not in result.rule.controls and result.at(*AGAINST)
        ]
        if against:
            said = f"{clause} is broken, by rules that do not cite this control: {_names(against)}"
            yield Standing.EXCEPTIONS, said


def of_alarms(
    alarms: Mapping[str, Sequence[str]], tested: Mapping[str, AlarmTested]
) -> Iterator[Said]:
    """Say whose tests fail, and which alarms no test fires or leaves quiet.

    ``alarms`` maps each alarm that speaks for the control to the clauses that it speaks for.
    """
    for name, clauses in alarms.items():
        of = f"alarm {name}{_bracketed(clauses)}"
        found = tested.get(name)
        if found is None:
            yield Standing.EXCEPTIONS, f"{of}: no test of it was run"
            continue
        if found.failed:
            yield Standing.BROKEN, f"{of}: {found.failed} of {_many(found.tests, 'test')} failed"
        lacks = [
            words
            for count, words in ((found.fires, "fires it"), (found.stays_quiet, "leaves it quiet"))
            if not count
        ]
        if lacks:
            yield Standing.EXCEPTIONS, f"{of}: no shipped test {' or '.join(lacks)}"


def of_drills(
    drills: Mapping[str, Sequence[str]], rehearsed: Mapping[str, Drill] | None, unlike: str
) -> Iterator[Said]:
    """Say which drills failed, and which were not exercised; ``None``: nothing was rehearsed.

    ``unlike`` says why what passed does not show what was judged; a failure tells all the same.
    """
    if rehearsed is None:
        if drills:
            missing = "no rehearsal is on record, so no drill shows anything"
            yield Standing.EXCEPTIONS, f"{missing}: {_names(drills)}{_of_each(drills)}"
        return
    passed = {
        name: clauses
        for name, clauses in drills.items()
        if name in rehearsed and rehearsed[name].outcome == _PASSED
    }
    if passed and unlike:
        nothing = f"{unlike}, so no drill that passed shows what this bundle is of"
        yield Standing.EXCEPTIONS, f"{nothing}: {_names(passed)}{_of_each(passed)}"
    for name, clauses in drills.items():
        of, found = f"drill {name}{_bracketed(clauses)}", rehearsed.get(name)
        if found is None:
            yield Standing.EXCEPTIONS, f"{of} is not in the rehearsal on record"
        elif found.outcome != _PASSED:
            standing = Standing.BROKEN if found.outcome == _FAILED else Standing.EXCEPTIONS
            yield standing, f"{of}: {found.outcome}: {_one_line(found.reason)}"


def _if_others_alone(results: Iterable[RuleResult]) -> str:
    judges = [result.rule.judge for result in results if result.counts[Verdict.PASS]]
    if RUNBOOK in judges:
        return ""
    return f"held by rules of {_names(judges)} alone: no rule of our own passes here"


def _nothing(results: Sequence[RuleResult], beside: Collection[str]) -> str:
    if not results:
        return "nothing in this repository speaks for it"
    asked = [result.rule.id for result in results if not result.rule.unasked]
    said = "no rule that cites it was asked here"
    if asked:
        cites = "cites it" if len(asked) == len(results) else "cites it and was asked"
        said = f"no rule that {cites} has anything to judge here: {_names(asked)}"
    if beside:
        said += f"; nor does what else speaks for its clauses show a deployment: {_names(beside)}"
    return said


def _places(results: Iterable[RuleResult], verdict: Verdict) -> set[Place]:
    return {place for result in results for place in result.at(verdict)}


def _where(places: Collection[Place]) -> str:
    """Count resources, and files that were judged as a whole."""
    resources = sum(bool(resource) for _, resource in places)
    files = len(places) - resources
    counted = ((resources, "resource"), (files, "whole file"))
    said = [_many(count, what) for count, what in counted if count]
    return " and ".join(said)


def _names(names: Iterable[str]) -> str:
    each = list(dict.fromkeys(names))
    more = len(each) - _MOST_NAMES
    between = "; " if any("," in name for name in each) else ", "
    return between.join(each[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _bracketed(clauses: Iterable[str]) -> str:
    listed = ", ".join(clauses)
    return f" ({listed})" if listed else ""


def _of_each(named: Mapping[str, Sequence[str]]) -> str:
    return _bracketed(dict.fromkeys(chain.from_iterable(named.values())))


def _one_line(text: str) -> str:
    return " ".join(text.split())
