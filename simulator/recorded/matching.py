"""Which recorded metric each query of an alarm is: by what the recorder saw, else by dimensions.

Values that only the deploy knows are marks: each matches any text, and the same mark is the same
text everywhere. What then is still two metrics, or two queries of one, is refused.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from runbook.model.refusal import Refusal, RefusedError
from simulator.cloudwatch.definitions import Definitions, MetricAlarm, MetricIdentity, MetricQuery
from simulator.recorded.recordings import Key, Recorded, Recording, described

_MARK = re.compile(r"<[^<>]*>|\*")
SAMPLE_COUNT = "SampleCount"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A metric under one statistic, as alarms of a region read it."""

    region: str
    metric: MetricIdentity
    stat: str

    def __str__(self) -> str:
        return described(self.metric, self.stat, self.region)


@dataclass(frozen=True, slots=True)
class Matched:
    """What was found, and what each alarm reads that the recording does not hold."""

    found: Mapping[Wanted, Recorded]
    missing: Mapping[str, tuple[Wanted, ...]]


@dataclass(slots=True)
class _Matching:
    """A matching under way: ``bound`` says what marks turned out to be."""

    recording: Recording
    bound: dict[str, str]
    found: dict[Wanted, Recorded] = field(default_factory=dict)
    # Those that the recorder told: whatever they share, CloudWatch says that they do.
    told: set[Wanted] = field(default_factory=set)

    def take(self, wanted: Wanted, key: Key) -> None:
        """Settle one, and learn from it what its marks are."""
        recorded = self.recording.series[key]
        self.found[wanted] = recorded
        for (_, mark), (_, value) in zip(
            _pairs(wanted.metric), _pairs(recorded.metric), strict=True
        ):
            if not _MARK.search(mark):
                continue
            known = self.bound.setdefault(mark, value)
            if known != value:
                reason = f"{mark} would be {known} and {value} ({wanted})"
                fix = f"say which with --bind '{mark}=VALUE'"
                raise RefusedError(self.recording.source, [Refusal(str(wanted), reason, fix)])

    def candidates(self, wanted: Wanted) -> list[Key]:
        """List what it can be, marks being what they turned out to be."""
        return [
            key
            for key in self.recording.series
            if key[2] == wanted.stat
            and (not key[0] or not wanted.region or key[0] == wanted.region)
            and _fits(wanted.metric, key[1], self.bound)
        ]


def matched(
    alarms: Iterable[MetricAlarm], recording: Recording, bound: Mapping[str, str] | None = None
) -> Matched:
    """Find every metric that the alarms read; ``bound`` maps marks to what they are.

    Raises ``RefusedError`` where a query could be several metrics, or two queries one.
    """
    readers = _readers(alarms)
    matching = _Matching(recording, dict(bound or {}))
    for wanted, queries in readers.items():
        fitting = set(_told(recording, wanted, queries)) & set(matching.candidates(wanted))
        if len(fitting) == 1:
            matching.take(wanted, fitting.pop())
            matching.told.add(wanted)
    _settle(matching, readers)
    _must_differ(matching)
    missing: dict[str, list[Wanted]] = {}
    for wanted, queries in readers.items():
        if wanted not in matching.found:
            for alarm in dict.fromkeys(alarm for alarm, _ in queries):
                missing.setdefault(alarm, []).append(wanted)
    return Matched(matching.found, {alarm: tuple(lost) for alarm, lost in missing.items()})


def weights(recording: Recording, recorded: Recorded) -> Recorded | None:
    """Find the counts of samples that averages are weighed by, where they were recorded."""
    found = recording.series.get((recorded.region, recorded.metric, SAMPLE_COUNT))
    return found if recorded.stat == "Average" else None


def binding(text: str) -> tuple[str, str]:
    """Read ``MARK=VALUE`` of a command line; raises ``RefusedError``."""
    mark, sign, value = text.partition("=")
    if not sign or not value or not _MARK.search(mark):
        fix = "write a mark of the template, and its value: --bind '<stack/Balancer>=app/a/1'"
        raise RefusedError("the command line", [Refusal("--bind", f"{text!r} binds nothing", fix)])
    return mark, value


def must_know(marks: Iterable[str], *versions: Definitions) -> None:
    """Refuse to bind what no alarm has: a mark with a typing error would be silence."""
    known = sorted(
        {
            value
            for version in versions
            for alarm in version.alarms.values()
            for query in (alarm.queries if isinstance(alarm, MetricAlarm) else ())
            if isinstance(query, MetricQuery)
            for _, value in query.metric.dimensions
            if _MARK.search(value)
        }
    )
    for mark in marks:
        if mark not in known:
            near = get_close_matches(mark, known, n=3) or known[:5]
            fix = f"nearest: {', '.join(near)}" if near else "leave it out: the alarms have no mark"
            refusal = Refusal("--bind", f"no alarm has the mark {mark}", fix)
            raise RefusedError("the command line", [refusal])


def _readers(alarms: Iterable[MetricAlarm]) -> dict[Wanted, list[tuple[str, str]]]:
    """List the queries, by alarm and id, of each metric that alarms read."""
    found: dict[Wanted, list[tuple[str, str]]] = {}
    for alarm in alarms:
        for query in alarm.queries:
            if isinstance(query, MetricQuery):
                wanted = Wanted(alarm.region or "", query.metric, query.stat)
                found.setdefault(wanted, []).append((alarm.name, query.id))
    return found


def _told(
    recording: Recording, wanted: Wanted, queries: Sequence[tuple[str, str]]
) -> Iterator[Key]:
    """List what the recorder read for these queries, by alarm and id."""
    for (region, alarm, id_), key in recording.reads.items():
        if (alarm, id_) in queries and wanted.region in ("", region):
            yield key


def _settle(matching: _Matching, readers: Iterable[Wanted]) -> None:
    """Settle what has one candidate, again and again, since each tells marks of others."""
    openly = [wanted for wanted in readers if wanted not in matching.found]
    settled = True
    while settled:
        settled = False
        for wanted in openly:
            found = matching.candidates(wanted)
            if len(found) == 1 and wanted not in matching.found:
                matching.take(wanted, found[0])
                settled = True
    for wanted in openly:
        if wanted not in matching.found and (several := matching.candidates(wanted)):
            raise _ambiguous(matching.recording, wanted, several)


def _must_differ(matching: _Matching) -> None:
    """Refuse one recorded metric for two that the definitions tell apart."""
    by_key: dict[Key, Wanted] = {}
    for wanted, recorded in matching.found.items():
        other = by_key.setdefault(recorded.key, wanted)
        if other == wanted or {other, wanted} <= matching.told:
            continue
        if other.metric == wanted.metric:
            reason = f"alarms of {other.region} and of {wanted.region} read it, and it says neither"
            fix = "say with --region where it was recorded, or record with runbook alarms record"
        else:
            reason = f"it would be both {other} and {wanted}"
            fix = "record both of them: runbook alarms record does"
        source = f"{matching.recording.source}, {recorded.place}"
        raise RefusedError(
            source, [Refusal(described(recorded.metric, recorded.stat), reason, fix)]
        )


def _ambiguous(recording: Recording, wanted: Wanted, several: list[Key]) -> RefusedError:
    lines = "; ".join(described(metric, stat, region) for region, metric, stat in several)
    reason = f"{len(several)} recorded metrics may be it: {lines}"
    regions = {region for region, _, _ in several}
    fix = "say where the alarms stand with --region" if len(regions) > 1 else _example(wanted)
    return RefusedError(recording.source, [Refusal(str(wanted), reason, fix)])


def _example(wanted: Wanted) -> str:
    marks = [value for _, value in wanted.metric.dimensions if _MARK.search(value)]
    if not marks:
        return "keep the series that belongs to this environment"
    binds = " ".join(f"--bind '{mark}=VALUE'" for mark in marks)
    return f"say which with {binds}, or record with runbook alarms record"


def _pairs(metric: MetricIdentity) -> Iterator[tuple[str, str]]:
    return iter(sorted(metric.dimensions))


def _fits(wanted: MetricIdentity, recorded: MetricIdentity, bound: Mapping[str, str]) -> bool:
    """Hold a recorded metric against one of a definition."""
    if (wanted.namespace, wanted.name) != (recorded.namespace, recorded.name):
        return False
    if len(wanted.dimensions) != len(recorded.dimensions):
        return False
    return all(
        name == other and _is(value, found, bound)
        for (name, value), (other, found) in zip(_pairs(wanted), _pairs(recorded), strict=True)
    )


def _is(value: str, found: str, bound: Mapping[str, str]) -> bool:
    if value in bound or not _MARK.search(value):
        return bound.get(value, value) == found
    fixed = [re.escape(part) for part in _MARK.split(value)]
    return re.fullmatch(".+".join(fixed), found) is not None
