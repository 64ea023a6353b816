"""What `runbook alarms backtest` prints: a timeline, its totals, what was not judged."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from simulator.cloudwatch.judgement import EXTRA
from simulator.recorded.backtest import BEFORE, Backtest, Episode
from simulator.recorded.comparison import lasting
from simulator.recorded.instants import shown
from simulator.recorded.whom_it_tells import Audience, Hours

Json = dict[str, Any]
_NOBODY = "nobody"


def timeline(test: Backtest, audience: Audience | None) -> Table:
    """Lay out each time that an alarm rang, in order."""
    title = f"{len(test.pages)} pages from {shown(test.start)} to {shown(test.end)}"
    made = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    local = (f"when ({audience.environment.alerting.time_zone})",) if audience else ()
    severity = ("severity",) if audience else ()
    columns = (*local, "UTC", "alarm", *severity, "told", "lasted", "inside / outside hours")
    for column in columns if audience else columns[:-1]:
        made.add_column(column, overflow="fold", no_wrap=column in (*local, "UTC"))
    for episode in test.episodes:
        made.add_row(*_cells(test, episode, audience))
    return made


def totals(test: Backtest, audience: Audience) -> Table:
    """Count pages by severity and by class of hours; and those that nobody was told of."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in ("severity", *Hours, "all", "never told"):
        made.add_column(str(column), justify="left" if column == "severity" else "right")
    for row in _counted(test, audience):
        numbers = [row[str(hours)] for hours in Hours]
        cells = [*numbers, sum(numbers), row["never told"]]
        made.add_row(row["severity"], *(str(number) for number in cells))
    return made


def notes(test: Backtest, audience: Audience | None) -> list[str]:
    """Say who was woken, and what this result does not know."""
    found = []
    if audience:
        nights = wakings(test, audience)
        found.append(f"Woken at night: {_times(len(nights))}; {_wakers(nights)}")
    unknown = [e for e in test.episodes if e.unknown]
    found += [hanging(name, test.hangs_on[name]) for name in sorted(test.hangs_on)]
    found += [f"! not known: {each.alarm} at {_at(each, test)}: {each.why}" for each in unknown]
    for since in sorted(set(test.late.values())):
        names = ", ".join(sorted(name for name, late in test.late.items() if late == since))
        found.append(f"! judged only from {shown(since)} on, looking back so far: {names}")
    found += [f"! not judged: {name}: {why}" for name, why in _not_judged(test)]
    if test.judgements.silent:
        found.append(f"! taken for silent: metrics of {', '.join(test.judgements.silent)}")
    found += [
        f"! taken for silent from {shown(end)} on, where its datapoints end: {name}"
        for name, end in sorted(test.ended.items())
    ]
    judged, lost = len(test.judgements.judged), len(test.judgements.not_judged)
    found.append(f"{judged} of {judged + lost} alarms were judged")
    return found


def hanging(name: str, extras: Sequence[int]) -> str:
    """Say of an alarm that AWS does not document what it does where datapoints are missing."""
    numbers = ", ".join(map(str, extras))
    return (
        f"! open: {name}: datapoints are missing, and it does otherwise if CloudWatch looks at "
        f"{numbers} more than it needs, not at {EXTRA}, which AWS does not document"
    )


def wakings(test: Backtest, audience: Audience) -> list[Episode]:
    """List the pages at night of severities that wake."""
    return [
        page
        for page in test.pages
        if (level := audience.level(page.actions)) and level.wakes
        if page.told_at is not None and audience.hours(page.told_at) is Hours.NIGHT
    ]


def as_json(test: Backtest, audience: Audience | None) -> Json:
    """Write it for machines; instants in UTC, times in seconds."""
    return {
        "start": shown(test.start),
        "end": shown(test.end),
        "episodes": [_episode(test, each, audience) for each in test.episodes],
        "pages": len(test.pages),
        "woken_at_night": len(wakings(test, audience)) if audience else None,
        "totals": _counted(test, audience) if audience else None,
        "judged": sorted(test.judgements.judged),
        "judged_from": {name: shown(since) for name, since in sorted(test.late.items())},
        "taken_for_silent": list(test.judgements.silent),
        "hangs_on": {name: list(extras) for name, extras in sorted(test.hangs_on.items())},
        "ended": {name: shown(end) for name, end in sorted(test.ended.items())},
        "not_judged": dict(_not_judged(test)),
    }


def _cells(test: Backtest, episode: Episode, audience: Audience | None) -> Iterator[str]:
    instant = episode.told_at or _span(test, episode)[0]
    before = "" if episode.told_at or episode.began else "before "
    if audience:
        yield f"{before}{audience.local(instant):%a %Y-%m-%d %H:%M}"
    yield f"{before}{shown(instant)}"
    yield episode.alarm
    if audience:
        level = audience.level(episode.actions)
        yield level.id if level else "-"
    yield _told(episode, audience)
    yield _lasted(test, episode)
    if audience:
        inside, outside = audience.within(*_span(test, episode))
        yield f"{lasting(inside)} / {lasting(outside)}"


def _told(episode: Episode, audience: Audience | None) -> str:
    if episode.told_at is None:
        return f"{'nobody can know' if episode.unknown else _NOBODY}: {episode.why}"
    channels = audience.channels(episode.actions) if audience else episode.actions
    since = f", after being {episode.why}" if episode.why else ""
    return " and ".join(channels) + since


def _lasted(test: Backtest, episode: Episode) -> str:
    start, end = _span(test, episode)
    more = "more than " if episode.began is None or episode.ended is None else ""
    return more + lasting(end - start) + ("" if episode.ended else ", still rings")


def _span(test: Backtest, episode: Episode) -> tuple[int, int]:
    since = test.late.get(episode.alarm, test.start)
    return episode.began or since, episode.ended or test.end


def _counted(test: Backtest, audience: Audience) -> list[Json]:
    """Count pages by severity, the gravest first, and what has no severity last."""
    found: dict[str, Counter[str]] = {level.id: Counter() for level in audience.levels}
    for episode in test.episodes:
        level = audience.level(episode.actions)
        counted = found.setdefault(level.id if level else "none", Counter())
        at = episode.told_at
        if episode.why == BEFORE:
            continue
        counted["never told" if at is None else str(audience.hours(at))] += 1
    names = [*(str(hours) for hours in Hours), "never told"]
    return [
        {"severity": name, **{each: counted[each] for each in names}}
        for name, counted in found.items()
    ]


def _episode(test: Backtest, episode: Episode, audience: Audience | None) -> Json:
    level = audience.level(episode.actions) if audience else None
    start, end = _span(test, episode)
    return {
        "alarm": episode.alarm,
        "began": shown(episode.began) if episode.began else None,
        "ended": shown(episode.ended) if episode.ended else None,
        "told_at": shown(episode.told_at) if episode.told_at else None,
        "actions": list(episode.actions),
        "severity": level.id if level else None,
        "channels": list(audience.channels(episode.actions)) if audience else [],
        "held_back": episode.why,
        "unknown": episode.unknown,
        "seconds": end - start,
        "seconds_in_business_hours": audience.within(start, end)[0] if audience else None,
    }


def _not_judged(test: Backtest) -> list[tuple[str, str]]:
    return sorted(test.judgements.not_judged.items())


def _at(episode: Episode, test: Backtest) -> str:
    return shown(_span(test, episode)[0])


def _wakers(nights: Sequence[Episode]) -> str:
    counted = Counter(page.alarm for page in nights)
    return ", ".join(f"{name} {number}" for name, number in counted.most_common()) or "by nothing"


def _times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")
