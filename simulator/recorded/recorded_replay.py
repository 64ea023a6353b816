"""Alarms replayed on recorded metrics: which can be judged, from when on, and on which clock."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import lcm

import numpy as np

from runbook.alarms.alarm import Missing
from runbook.model.refusal import RefusedError
from simulator.cloudwatch.definitions import (
    CompositeAlarm,
    Definitions,
    MetricAlarm,
    MetricIdentity,
    MetricQuery,
)
from simulator.cloudwatch.dependencies import in_order
from simulator.cloudwatch.judgement import EXTRA, treatment_of
from simulator.cloudwatch.replay import Replay, replay
from simulator.cloudwatch.series import MINUTE, Feed, Grid, Samples
from simulator.recorded.instants import shown
from simulator.recorded.matching import Matched, Wanted, matched, weights
from simulator.recorded.recordings import Recorded, Recording, described, samples

HIGH_RESOLUTION = 10
_OPEN = (
    "it ignores missing data, and no recorded datapoint settles the state that it had before: "
    "record from earlier on"
)


@dataclass(frozen=True, slots=True)
class Manner:
    """How to look at a recording: from ``start`` until before ``end``, seconds since 1970.

    ``bound`` maps marks to what they are; ``allow_missing`` takes for silent what was not recorded,
    and the time before it was. ``extra`` datapoints are looked at beyond an alarm's periods.
    """

    start: int
    end: int
    bound: Mapping[str, str]
    allow_missing: bool = False
    extra: int = EXTRA


@dataclass(frozen=True, slots=True)
class Judged:
    """One alarm's replay on its clock; ``since`` is the instant from which it is judged.

    ``known`` is when its state is first known, which may be earlier; ``parts`` are what it hangs
    on, itself among them.
    """

    replay: Replay
    grid: Grid
    since: int
    known: int
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgements:
    """The alarms that were replayed, and why others were not; by their names.

    ``silent`` are those with metrics that were not recorded and taken for silent.
    """

    judged: Mapping[str, Judged]
    not_judged: Mapping[str, str]
    silent: tuple[str, ...]


def judge_recorded(
    definitions: Definitions,
    recording: Recording,
    manner: Manner,
    names: Sequence[str] | None = None,
) -> Judgements:
    """Replay alarms, by default all, each region's on its own metrics.

    Raises ``RefusedError`` where it cannot be told which metric is which.
    """
    asked = tuple(definitions.alarms) if names is None else tuple(names)
    parts, not_judged = _parts(definitions, asked)
    not_judged |= {
        each.name: RefusedError(each.place, each.refusals).brief
        for each in definitions.unreadable
        if names is None or each.name in names
    }
    needed = dict.fromkeys(name for some in parts.values() for name in some)
    found = matched(_metric_alarms(definitions, needed), recording, manner.bound)
    own = _hindered(definitions, needed, found, manner)
    for name, some in parts.items():
        since = _since(definitions, recording, manner, name)
        if hindrance := next((own[part] for part in (name, *some) if part in own), ""):
            mine = name in own
            not_judged[name] = hindrance if mine else f"of what it hangs on, {hindrance}"
        elif since >= manner.end:
            not_judged[name] = f"it looks so far back that it can be judged from {shown(since)} on"
    judged: dict[str, Judged] = {}
    for region, some in _by_region(definitions, [n for n in parts if n not in not_judged]):
        used = _used(definitions, region, some, found)
        grid = _grid(definitions, some, used.values(), recording, manner)
        feed = _feed(used, recording, grid)
        for name, answer in _replayed(definitions, some, feed, grid, manner.extra):
            if isinstance(answer, RefusedError):
                not_judged[name] = answer.brief
                continue
            full = _full(definitions, recording, manner, name)
            known = full if manner.allow_missing else _known(answer, parts[name], full)
            if known is None or known >= manner.end:
                not_judged[name] = _OPEN
            else:
                since = max(manner.start, known)
                judged[name] = Judged(answer, grid, since, known, parts[name])
    silent = {name for name in judged if {name, *parts[name]} & set(found.missing)}
    return Judgements(judged, not_judged, tuple(sorted(silent)))


def looks_back(definitions: Definitions, name: str) -> int:
    """Say for how many seconds before an instant an alarm's state hangs on metrics.

    What CloudWatch fetches beyond an alarm's periods counts, and one period before these, which a
    difference looks at; a composite's is the longest of its parts', with its suppressor's waits.
    """
    alarms = in_order(definitions, [name])
    longest = max(
        (a.period * (a.periods + EXTRA + 1) for a in alarms if isinstance(a, MetricAlarm)),
        default=0,
    )
    waits = [a.suppressor for a in alarms if isinstance(a, CompositeAlarm) and a.suppressor]
    return longest + sum(each.wait + each.extension for each in waits)


def _since(definitions: Definitions, recording: Recording, manner: Manner, name: str) -> int:
    """Say from when on an alarm can be judged, as far as the length of the recording goes."""
    return max(manner.start, _full(definitions, recording, manner, name))


def _full(definitions: Definitions, recording: Recording, manner: Manner, name: str) -> int:
    """Say from when on the recording fills what an alarm looks back on, or may be taken to."""
    if manner.allow_missing:
        return manner.start
    return recording.start + looks_back(definitions, name)


def _known(played: Replay, parts: Iterable[str], full: int) -> int | None:
    """Say when the state of all parts is first known; None where one never is.

    Missing data that are ignored leave a state as it is, and nothing tells what it was before the
    recording: it is known once an evaluation of recorded datapoints alone decides it.
    """
    known = full
    for part in parts:
        alarm = played.alarms[part]
        if not isinstance(alarm, MetricAlarm) or treatment_of(alarm) is not Missing.AS_BEFORE:
            continue
        grid = played.grid
        ends = (grid.start or 0) + (np.flatnonzero(played.decided[part]) + 1) * grid.step
        decided = ends[ends >= full]
        if not decided.size:
            return None
        known = max(known, int(decided[0]))
    return known


def _parts(
    definitions: Definitions, names: Iterable[str]
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """List what each alarm hangs on, and say of which nobody can tell."""
    parts: dict[str, tuple[str, ...]] = {}
    unknown: dict[str, str] = {}
    for name in names:
        try:
            parts[name] = tuple(alarm.name for alarm in in_order(definitions, [name]))
        except RefusedError as refused:
            unknown[name] = refused.brief
    return parts, unknown


def _metric_alarms(definitions: Definitions, names: Iterable[str]) -> Iterator[MetricAlarm]:
    alarms = (definitions.alarms[name] for name in names)
    return (alarm for alarm in alarms if isinstance(alarm, MetricAlarm))


def _hindered(
    definitions: Definitions, names: Iterable[str], found: Matched, manner: Manner
) -> dict[str, str]:
    """Say of each alarm on metrics that were not recorded, or too coarsely, what these are."""
    told: dict[str, str] = {}
    for alarm in _metric_alarms(definitions, names):
        lost = () if manner.allow_missing else found.missing.get(alarm.name, ())
        if lost:
            told[alarm.name] = f"not recorded: {'; '.join(map(str, lost))}"
        elif coarse := _too_coarse(alarm, found):
            told[alarm.name] = coarse
    return told


def _too_coarse(alarm: MetricAlarm, found: Matched) -> str:
    for query in alarm.queries:
        if not isinstance(query, MetricQuery):
            continue
        recorded = found.found.get(Wanted(alarm.region or "", query.metric, query.stat))
        if recorded and query.period % recorded.period:
            what = described(recorded.metric, recorded.stat)
            every = f"recorded every {recorded.period} seconds"
            return f"{what} was {every}, and it looks at periods of {query.period}"
    return ""


def _by_region(
    definitions: Definitions, names: Iterable[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Group alarms: metrics of one name are others in each region."""

    def region(name: str) -> str:
        return definitions.alarms[name].region or ""

    for place, some in groupby(sorted(names, key=region), key=region):
        yield place, tuple(some)


def _used(
    definitions: Definitions, region: str, names: Sequence[str], found: Matched
) -> dict[Wanted, Recorded]:
    """Keep what these alarms of a region, and all they hang on, read."""
    wanted = (
        Wanted(region, query.metric, query.stat)
        for alarm in in_order(definitions, names)
        for query in (alarm.queries if isinstance(alarm, MetricAlarm) else ())
        if isinstance(query, MetricQuery)
    )
    return {each: found.found[each] for each in wanted if each in found.found}


def _grid(
    definitions: Definitions,
    names: Sequence[str],
    used: Iterable[Recorded],
    recording: Recording,
    manner: Manner,
) -> Grid:
    """Make the clock of some alarms: it begins as long before ``start`` as they look back.

    Or with the recording, where that begins earlier: states may last from then on.
    """
    alarms = in_order(definitions, names)
    periods = {alarm.period for alarm in alarms if isinstance(alarm, MetricAlarm)}
    step = HIGH_RESOLUTION if any(period < MINUTE for period in periods) else MINUTE
    whole = lcm(step, *(recorded.period for recorded in used))
    before = max(looks_back(definitions, name) for name in names)
    start = min(manner.start - before, recording.start) // whole * whole
    return Grid((manner.end - start) // step, step, start)


def _feed(used: Mapping[Wanted, Recorded], recording: Recording, grid: Grid) -> Feed:
    feed: dict[tuple[MetricIdentity, str], Samples] = {}
    for wanted, recorded in used.items():
        feed[wanted.metric, wanted.stat] = samples(recorded, grid)
        counts = weights(recording, recorded)
        if counts and counts.period == recorded.period:
            feed[wanted.metric, counts.stat] = samples(counts, grid)
    return feed


def _replayed(
    definitions: Definitions, names: Sequence[str], feed: Feed, grid: Grid, extra: int
) -> Iterator[tuple[str, Replay | RefusedError]]:
    """Replay all at once; where that is refused, one by one, so that one hinders no other."""
    try:
        whole = replay(definitions, names, feed, grid, extra)
    except RefusedError:
        for name in names:
            try:
                yield name, replay(definitions, [name], feed, grid, extra)
            except RefusedError as refused:
                yield name, refused
    else:
        for name in names:
            yield name, whole
