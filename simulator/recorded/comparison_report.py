"""What a reviewer reads of two versions of alarms: what this change would have done."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from runbook.alarms.words import severity
from simulator.recorded.backtest import Backtest, Episode
from simulator.recorded.backtest_report import wakings
from simulator.recorded.comparison import Change, Comparison, Kind
from simulator.recorded.instants import shown
from simulator.recorded.whom_it_tells import Audience

Json = dict[str, Any]


def summary(compared: Comparison, audience: Audience | None) -> list[str]:
    """Say in some lines what changes: who is woken, what is missed, what nobody can say."""
    before, after = compared.before, compared.after
    over = f"from {shown(after.start)} to {shown(after.end)}"
    lines = [f"This change {over}: {_counts(compared)}"]
    if audience:
        lines += _of_people(compared, audience)
    gone = [change for change in compared.changes if change.kind is Kind.GONE]
    new = [change for change in compared.changes if change.kind is Kind.NEW]
    if gone:
        lines.append(f"It would have missed: {_listed(gone)}")
    if new:
        lines.append(f"It would have told of, as nothing did: {_listed(new)}")
    lines += [f"Alarms that are new: {', '.join(compared.added)}"] * bool(compared.added)
    lines += [f"Alarms that are gone: {', '.join(compared.removed)}"] * bool(compared.removed)
    lines += [f"! not compared: {name}: {why}" for name, why in sorted(compared.open_.items())]
    unknown = [each.alarm for test in (before, after) for each in test.episodes if each.unknown]
    names = ", ".join(sorted(set(unknown)))
    told = f"! {len(unknown)} times nobody can know whether it was told: {names}"
    lines += [told] * bool(unknown)
    hanging = ", ".join(sorted({*before.hangs_on, *after.hangs_on}))
    lines += [f"! open: it hangs on what AWS does not document: {hanging}"] * bool(hanging)
    return lines


def differences(compared: Comparison, audience: Audience | None) -> Table:
    """Lay out each page that differs, in order."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in ("", "UTC", "alarm", "severity" if audience else "told", "how"):
        made.add_column(column, overflow="fold", no_wrap=column in ("", "UTC"))
    for change in compared.changes:
        page = change.after or change.before
        told = _whom(page, audience) if page else ""
        made.add_row(change.kind, shown(change.at), change.alarm, told, "; ".join(change.how))
    return made


def as_json(compared: Comparison, audience: Audience | None) -> Json:
    """Write it for machines."""
    return {
        "changes": [
            {
                "kind": change.kind.value,
                "alarm": change.alarm,
                "at": shown(change.at),
                "how": list(change.how),
                "severity_before": _whom(change.before, audience) if change.before else None,
                "severity_after": _whom(change.after, audience) if change.after else None,
            }
            for change in compared.changes
        ],
        "same": compared.same,
        "pages_before": compared.pages[0],
        "pages_after": compared.pages[1],
        "added": list(compared.added),
        "removed": list(compared.removed),
        "not_compared": dict(compared.open_),
        "summary": summary(compared, audience),
    }


def _counts(compared: Comparison) -> str:
    before, after = compared.pages
    numbers = {kind: sum(change.kind is kind for change in compared.changes) for kind in Kind}
    if not compared.changes:
        return f"the same {_times(after, 'page')} as before"
    told = ", ".join(f"{number} {kind}" for kind, number in numbers.items())
    return f"{before} pages before, {after} now ({told}, {compared.same} as they were)"


def _of_people(compared: Comparison, audience: Audience) -> Iterator[str]:
    nights = [len(wakings(compared.comparable(test), audience)) for test in _both(compared)]
    if difference := nights[1] - nights[0]:
        more = "more" if difference > 0 else "fewer"
        times = _times(abs(difference), "time")
        yield f"It would have woken people at night {times} {more} ({nights[0]} -> {nights[1]})"
    for level in audience.levels:
        before, after = (
            sum(audience.level(page.actions) == level for page in compared.comparable(t).pages)
            for t in _both(compared)
        )
        if before != after:
            yield f"{severity(level)}: {before} -> {after} pages"


def _both(compared: Comparison) -> tuple[Backtest, Backtest]:
    return compared.before, compared.after


def _listed(changes: Sequence[Change]) -> str:
    return ", ".join(f"{change.alarm} {shown(change.at)}" for change in changes)


def _whom(page: Episode, audience: Audience | None) -> str:
    level = audience.level(page.actions) if audience else None
    return level.id if level else ", ".join(page.actions)


def _times(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
