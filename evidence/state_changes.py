"""How controls, clauses, alarm tests, drills and the rest stand otherwise than before."""

from collections.abc import Callable, Iterator, Mapping

from evidence.broken_clauses import BROKEN
from evidence.comparison import (
    Change,
    Direction,
    Fact,
    Subject,
    by_presence,
    by_rank,
    changed,
)
from evidence.model import AlarmTested, ClauseEntry, Drill, Evidence, Rehearsal, Standing
from evidence.plain_words import CLEAN, NOT_CLEAN, STATES, commit_words, counted

_STANDINGS = tuple(Standing)
_STATES = {state: rank for rank, state in enumerate(STATES)}
_TREES = {NOT_CLEAN: 0, CLEAN: 1}
# As in a rehearsal's report.
_OUTCOMES = {"failed": 0, "not exercisable": 1, "passed": 2}


def state_changes(old: Evidence, new: Evidence) -> Iterator[Change]:
    """Tell what changed of everything but the judges' rows and the waivers."""

    def told(
        subject: Subject,
        facts: Callable[[Evidence], Mapping[str, Fact]],
        say: Callable[[Fact], str],
        direct: Callable[[Fact | None, Fact | None], Direction],
    ) -> Iterator[Change]:
        return changed(subject, (facts(old), facts(new)), say, direct)

    yield from told(Subject.COMMIT, _tree, str, _of_tree)
    yield from told(
        Subject.CONTROL, lambda e: {c.id: c.standing for c in e.controls}, str, _of_controls
    )
    yield from told(
        Subject.CLAUSE, lambda e: {c.id: c for c in e.clauses}, _clause_words, _of_clauses
    )
    common = {c.id for c in old.clauses} & {c.id for c in new.clauses}
    yield from told(
        Subject.CLAUSE,
        lambda e: {f"{c.id}, its text": c.text for c in e.clauses if c.id in common},
        str,
        _other,
    )
    yield from told(
        Subject.ALARM, lambda e: {a.alarm: a for a in e.alarm_tests}, _alarm_words, _of_alarms
    )
    yield from told(Subject.REHEARSAL, _last, _rehearsal_words, by_presence)
    yield from told(Subject.DRILL, _drills, _drill_words, _of_drills)
    yield from told(Subject.GAP, lambda e: dict.fromkeys(e.gaps, "told"), str, _of_gaps)
    yield from told(Subject.PLACE, _place, str, _other)
    yield from told(Subject.TEMPLATE, _templates, _short, _other)
    yield from told(Subject.VERSION, lambda e: e.versions, str, _other)


def _other(before: Fact | None, after: Fact | None) -> Direction:  # noqa: ARG001 - as the others
    return Direction.OTHER


def _of_gaps(before: str | None, after: str | None) -> Direction:
    return by_presence(after, before)


def _tree(evidence: Evidence) -> Mapping[str, str]:
    return {"of the sources": commit_words(evidence.commit).tree}


def _of_tree(before: str | None, after: str | None) -> Direction:
    """Rank what is told of a commit; against one that is not known nothing can be held."""
    ranks = [_TREES[tree] for tree in (before, after) if tree in _TREES]
    return by_rank(*ranks) if len(ranks) == len((before, after)) else Direction.OTHER


def _of_controls(before: Standing | None, after: Standing | None) -> Direction:
    """Rank standings as the model does; a control that is not listed is one nothing speaks for.

    From broken to silence nothing was mended, and from silence to broken a fault was found.
    """
    old, new = (standing or Standing.GAP for standing in (before, after))
    if {old, new} == {Standing.BROKEN, Standing.GAP}:
        return Direction.WORSE
    return by_rank(_STANDINGS.index(old), _STANDINGS.index(new))


def _clause_words(clause: ClauseEntry) -> str:
    if not clause.applies:
        return "does not apply"
    lacks = f" ({clause.open})" if clause.open else ""
    if clause.state == BROKEN:
        return f"{clause.state}: {'; '.join(clause.broken)}{lacks}"
    return f"{clause.state}{lacks}, by {counted(len(clause.keepers), 'thing')}"


def _of_clauses(before: ClauseEntry | None, after: ClauseEntry | None) -> Direction:
    """Call it worse to lose a clause, and to get one that is not kept.

    From broken to open nothing was mended: nothing tells any more. From open to broken a fault was
    found.
    """
    if after is None or (before and before.applies and not after.applies):
        return Direction.WORSE
    if not after.applies:
        return Direction.OTHER
    state = _STATES.get(after.state, 0)
    if before is None or not before.applies:
        return Direction.BETTER if state == _STATES["kept"] else Direction.WORSE
    if {before.state, after.state} == {BROKEN, "open"}:
        return Direction.WORSE
    return by_rank(_STATES.get(before.state, 0), state)


def _alarm_words(tested: AlarmTested) -> str:
    failed = f"{tested.failed} of {tested.tests} tests fail"
    shown = f"{tested.fires} show that it fires, {tested.stays_quiet} that it stays quiet"
    return f"{failed}; {shown}"


def _of_alarms(before: AlarmTested | None, after: AlarmTested | None) -> Direction:
    if after is None:
        return Direction.WORSE
    if before is None:
        return by_rank(1, _alarm_rank(after))
    ranks = _alarm_rank(before), _alarm_rank(after)
    if ranks == (0, 0):
        return by_rank(-before.failed, -after.failed)
    return by_rank(*ranks)


def _alarm_rank(tested: AlarmTested) -> int:
    """Rank one that fails a test below one that a kind of test is lacking for."""
    if tested.failed:
        return 0
    return 2 if tested.fires and tested.stays_quiet else 1


def _last(evidence: Evidence) -> Mapping[str, Rehearsal]:
    return {"on record": evidence.rehearsal} if evidence.rehearsal else {}


def _rehearsal_words(rehearsal: Rehearsal) -> str:
    commit = f"commit {_short(rehearsal.commit.id)}" if rehearsal.commit else "no commit named"
    about = f"of {rehearsal.environment}, {rehearsal.started}, {commit}"
    return f"{about}, SHA-256 {_short(rehearsal.sha256)}"


def _drills(evidence: Evidence) -> Mapping[str, Drill]:
    rehearsal = evidence.rehearsal
    return {drill.name: drill for drill in rehearsal.drills} if rehearsal else {}


def _drill_words(drill: Drill) -> str:
    reason = f" ({drill.reason})" if drill.reason else ""
    return f"{drill.outcome}{reason}, {counted(len(drill.checked), 'check')}"


def _of_drills(before: Drill | None, after: Drill | None) -> Direction:
    if after is None:
        return Direction.WORSE
    # A new one begins where it shows nothing; an outcome that nobody knows is no pass.
    rank = 1 if before is None else _OUTCOMES.get(before.outcome, 0)
    return by_rank(rank, _OUTCOMES.get(after.outcome, 0))


def _place(evidence: Evidence) -> Mapping[str, str]:
    return {"tier": evidence.tier, "account": evidence.account, "region": evidence.region}


def _templates(evidence: Evidence) -> Mapping[str, str]:
    return {f"{t.stack} in {t.region}": t.sha256 for t in evidence.templates}


def _short(sha256: str) -> str:
    return sha256[:12]
