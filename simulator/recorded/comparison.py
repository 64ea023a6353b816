"""Two versions of alarms on the same recorded metrics: which pages one has and the other has not.

A page of one and a page of the other are the same when their alarm has the same name and its
times in ALARM overlap.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from simulator.recorded.backtest import Backtest, Episode


class Kind(StrEnum):
    """What became of a page."""

    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One page that differs; ``before`` is None where it is new, ``after`` where it is gone."""

    kind: Kind
    alarm: str
    before: Episode | None
    after: Episode | None

    @property
    def at(self) -> int:
        """When somebody was first told, in either version."""
        told = (episode.told_at for episode in (self.before, self.after) if episode)
        return min(instant for instant in told if instant is not None)

    @property
    def how(self) -> tuple[str, ...]:
        """Say how a page of both differs: when, how long, whom it tells."""
        if not self.before or not self.after:
            return ()
        return tuple(_differences(self.before, self.after))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What ``after`` does otherwise than ``before``, in order of time.

    ``added`` and ``removed`` are alarms; ``open_`` says of alarms that one version cannot be judged
    on, so that nothing is said of them.
    """

    before: Backtest
    after: Backtest
    changes: tuple[Change, ...]
    same: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    open_: Mapping[str, str]

    @property
    def pages(self) -> tuple[int, int]:
        """Count the pages of both versions, as far as both can be judged."""
        return len(self.comparable(self.before).pages), len(self.comparable(self.after).pages)

    def comparable(self, test: Backtest) -> Backtest:
        """Give a version's backtest as far as both can be judged."""
        late = _late(self.before, self.after)
        kept = tuple(
            episode
            for episode in test.episodes
            if episode.alarm not in self.open_
            if episode.told_at is None or episode.told_at >= late.get(episode.alarm, 0)
        )
        return replace(test, episodes=kept)


def compare(before: Backtest, after: Backtest) -> Comparison:
    """Compare two versions' pages on one recording and one range of time."""
    old, new = _names(before), _names(after)
    open_ = {
        name: f"{version}: {why}"
        for version, test in (("before", before), ("now", after))
        for name, why in test.judgements.not_judged.items()
        if name in old | new
    }
    late = _late(before, after)
    changes: list[Change] = []
    same = 0
    for name in sorted((old | new) - set(open_)):
        since = late.get(name, 0)
        for change in _of_alarm(name, _pages(before, name, since), _pages(after, name, since)):
            if _unknown(change, before, after):
                continue
            if change.kind is Kind.CHANGED and not change.how:
                same += 1
            else:
                changes.append(change)
    changes.sort(key=lambda change: (change.at, change.alarm))
    return Comparison(
        before,
        after,
        tuple(changes),
        same,
        added=tuple(sorted(new - old)),
        removed=tuple(sorted(old - new)),
        open_=open_,
    )


def _late(before: Backtest, after: Backtest) -> dict[str, int]:
    """Say from when on both versions of an alarm can be judged."""
    names = {*before.late, *after.late}
    return {name: max(before.late.get(name, 0), after.late.get(name, 0)) for name in names}


def _names(test: Backtest) -> set[str]:
    return {*test.judgements.judged, *test.judgements.not_judged}


def _pages(test: Backtest, name: str, since: int) -> list[Episode]:
    """List an alarm's pages, as long as both versions can be judged."""
    found = [page for page in test.pages if page.alarm == name]
    return [page for page in found if page.told_at is not None and page.told_at >= since]


def _of_alarm(name: str, before: Sequence[Episode], after: Sequence[Episode]) -> Iterator[Change]:
    """Pair the pages of both versions that overlap, the earliest first."""
    left = list(after)
    for old in before:
        new = next((each for each in left if _overlap(old, each)), None)
        if new:
            left.remove(new)
            yield Change(Kind.CHANGED, name, old, new)
        else:
            yield Change(Kind.GONE, name, old, None)
    yield from (Change(Kind.NEW, name, None, each) for each in left)


def _unknown(change: Change, before: Backtest, after: Backtest) -> bool:
    """Say whether the version without a page rang then, and nobody can know whether it told."""
    page, other = (change.before, after) if change.after is None else (change.after, before)
    if change.kind is Kind.CHANGED or page is None:
        return False
    same = (each for each in other.episodes if each.alarm == change.alarm and each.unknown)
    return any(_overlap(page, each) for each in same)


def _overlap(one: Episode, other: Episode) -> bool:
    first, second = _span(one), _span(other)
    return first[0] < second[1] and second[0] < first[1]


def _span(episode: Episode) -> tuple[float, float]:
    return (
        float("-inf") if episode.began is None else episode.began,
        float("inf") if episode.ended is None else episode.ended,
    )


def _differences(before: Episode, after: Episode) -> Iterator[str]:
    if before.actions != after.actions:
        yield f"tells {', '.join(after.actions)} instead of {', '.join(before.actions)}"
    if before.told_at is not None and after.told_at is not None:
        yield from _by("later", "earlier", after.told_at - before.told_at)
    if before.ended is None or after.ended is None:
        if before.ended != after.ended:
            yield "still rings at the end" if after.ended is None else "ends"
    elif before.began is not None and after.began is not None:
        lasted = before.ended - before.began, after.ended - after.began
        yield from _by("longer", "shorter", lasted[1] - lasted[0])


def _by(more: str, less: str, seconds: int) -> Iterator[str]:
    if seconds:
        yield f"{lasting(abs(seconds))} {more if seconds > 0 else less}"


def lasting(seconds: int) -> str:
    """Write how long something was: ``1 h 5 min``, ``2 days``."""
    parts = []
    for size, word in ((86_400, "day"), (3_600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {word}{'s' if word == 'day' and count > 1 else ''}")
    return " ".join(parts[:2]) or "0 min"
