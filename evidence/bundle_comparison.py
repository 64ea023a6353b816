"""`runbook evidence diff`: two bundles, held against each other."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from evidence.comparison import Change, Comparison, Side, Subject
from evidence.judgement_changes import Judgements, judgement_changes
from evidence.model import Commit, Evidence
from evidence.plain_words import commit_words
from evidence.state_changes import state_changes
from evidence.verification import Verified, verify
from evidence.waiver_changes import waiver_changes
from runbook.model.refusal import Refusal, RefusedError

_SUBJECTS = tuple(Subject)
_TITLES = ("Worse", "Better", "Other changes")


def compare(old: Evidence, new: Evidence) -> Comparison:
    """Tell every change from one to the other, of one environment or of two."""
    sides = _side(old), _side(new)
    if old.name != new.name:
        old, new = _without_name(old), _without_name(new)
    changes: list[Change] = [
        *state_changes(old, new),
        *judgement_changes(Judgements(old), Judgements(new)),
        *waiver_changes(old.waivers, new.waivers),
    ]
    changes.sort(key=lambda change: _SUBJECTS.index(change.subject))
    return Comparison(*sides, tuple(changes))


def _without_name(evidence: Evidence) -> Evidence:
    """Take the environment's name out of those of stacks and constructs, as waivers write it."""
    slug = f"{evidence.organisation}-{evidence.environment}"

    def bare(name: str) -> str:
        return name.replace(slug, "{slug}")

    return replace(
        evidence,
        templates=tuple(replace(t, stack=bare(t.stack)) for t in evidence.templates),
        rows=tuple(replace(r, construct_path=bare(r.construct_path)) for r in evidence.rows),
    )


def compare_bundles(old: Path, new: Path, *, across: bool) -> Comparison:
    """Verify both folders and compare them.

    Raises ``RefusedError`` for one that is not whole, and for two environments without ``across``.
    """
    verified = [(folder, verify(folder)) for folder in (old, new)]
    evidence = [_whole(folder, found) for folder, found in verified]
    if evidence[0].name != evidence[1].name and not across:
        why = f"OLD is of {evidence[0].name} and NEW of {evidence[1].name}"
        fix = "name two bundles of one environment, or agree with --across"
        raise RefusedError("runbook evidence diff", [Refusal("environment", why, fix)])
    compared = compare(*evidence)
    hashes = [found.manifest_sha256 for _, found in verified]
    return replace(
        compared,
        old=replace(compared.old, manifest_sha256=hashes[0]),
        new=replace(compared.new, manifest_sha256=hashes[1]),
    )


def _whole(folder: Path, found: Verified) -> Evidence:
    if found.evidence is None or not found.whole:
        why = [f"{d.kind}: {d.path}: {d.why}" for d in found.differences]
        fix = "take the bundle as it was written, or write it again at its commit"
        raise RefusedError(str(folder), [Refusal("the bundle", line, fix) for line in why])
    return found.evidence


def _side(evidence: Evidence) -> Side:
    return Side(evidence.name, evidence.commit.id, evidence.commit.date)


def lines(compared: Comparison) -> Iterator[str]:
    """Write it for people: a sentence, then what is worse, what is better, and the rest."""
    yield _sentence(compared)
    if _is_older(compared.new, compared.old):
        yield "NEW's commit is older than OLD's: what is called worse here may have become better."
    of_each = (compared.worse, compared.better, compared.other)
    for title, changes in zip(_TITLES, of_each, strict=True):
        if changes:
            yield ""
            yield f"{title} ({len(changes)})"
            yield from (f"  {change}" for change in changes)


def _sentence(compared: Comparison) -> str:
    old, new = compared.old, compared.new
    names = [new.environment] if old.environment == new.environment else []
    sides = [_named(side, told=not names) for side in (old, new)]
    counted = (
        f"{_things(len(compared.worse))} worse, {len(compared.better)} better, "
        f"{len(compared.other)} otherwise changed"
    )
    of = f"{names[0]}: " if names else ""
    found = counted if compared.changes else "nothing is worse, better or otherwise changed"
    return f"{of}{found}, from {sides[0]} to {sides[1]}."


def _things(count: int) -> str:
    return {0: "nothing is", 1: "1 thing is"}.get(count, f"{count} things are")


def _named(side: Side, *, told: bool) -> str:
    environment = f"{side.environment} at " if told else ""
    if not commit_words(Commit(side.commit, side.date, clean=True)).known:
        return f"{environment}a commit that is not known"
    return f"{environment}{side.commit[:7]} ({side.date[:10] or 'no date'})"


def _is_older(one: Side, other: Side) -> bool:
    """Tell by the commits' days; of days that nobody can read nothing is said."""
    try:
        return datetime.fromisoformat(one.date) < datetime.fromisoformat(other.date)
    except (ValueError, TypeError):
        return False
