"""What alarms would have done with recorded metrics: whom they would have told, and when."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from runbook.model.refusal import Refusal, RefusedError
from simulator.cloudwatch.actions import ActionEvent
from simulator.cloudwatch.definitions import Definitions, State
from simulator.cloudwatch.judgement import OTHER_EXTRAS, STATES
from simulator.cloudwatch.replay import has_gaps
from simulator.recorded.recorded_replay import Judged, Judgements, Manner, judge_recorded
from simulator.recorded.recordings import Recording, named

# Why an episode is no page here: whom it told, it told before the alarm can be judged.
BEFORE = "it rang before"
EARLIER = "it rang before it can be judged, and nothing says whether it told somebody then"
_ALARM = STATES.index(State.ALARM)


@dataclass(frozen=True, slots=True)
class Episode:
    """One time that an alarm rang; instants in seconds since 1970.

    ``began`` is None where it rang already when it could first be judged, ``ended`` None where it
    still rang at the end. ``told_at`` is when its ``actions`` ran, None if they never did; ``why``
    says what held them back: muted, suppressed, or, where ``unknown``, what nobody can know.
    """

    alarm: str
    actions: tuple[str, ...]
    began: int | None
    ended: int | None
    told_at: int | None
    why: str = ""
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Backtest:
    """What alarms did from ``start`` until ``end``, in order of time.

    ``late`` maps alarms to the instant that they can be judged from, where it is after ``start``,
    ``hangs_on`` to the numbers of extra datapoints with which they would do otherwise, and
    ``ended`` metrics to their last datapoint's end, where nothing says that more was asked for.
    """

    start: int
    end: int
    episodes: tuple[Episode, ...]
    judgements: Judgements
    late: Mapping[str, int]
    hangs_on: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    ended: Mapping[str, int] = field(default_factory=dict)

    @property
    def pages(self) -> tuple[Episode, ...]:
        """Those that told somebody."""
        return tuple(episode for episode in self.episodes if episode.told_at is not None)


def backtest(definitions: Definitions, recording: Recording, manner: Manner) -> Backtest:
    """Replay every alarm on what was recorded, and list each time that one with actions rang.

    Parts of composites, and what else has no action on ALARM, tell nobody and are left out.
    Raises ``RefusedError`` where it cannot be told which metric is which, or no alarm is judged.
    """
    judgements = judge_recorded(definitions, recording, manner)
    if not judgements.judged:
        raise _nothing_judged(recording, judgements)
    episodes = _of_alarms(definitions, judgements)
    found = [episode for some in episodes.values() for episode in some]
    late = {n: j.since for n, j in judgements.judged.items() if j.since > manner.start}
    found.sort(key=lambda each: (each.told_at or each.began or manner.start, each.alarm))
    hangs_on = _hangs_on(definitions, recording, manner, judgements, episodes)
    ended = _ended(recording, manner)
    return Backtest(manner.start, manner.end, tuple(found), judgements, late, hangs_on, ended)


def _ended(recording: Recording, manner: Manner) -> dict[str, int]:
    """Say which metrics of a file that does not tell its range end before others do."""
    if recording.stated:
        return {}
    ends = {
        named(each): int(each.starts[-1]) + each.period
        for each in recording.series.values()
        if len(each.starts)
    }
    return {name: end for name, end in ends.items() if end < min(manner.end, recording.end)}


def _of_alarms(definitions: Definitions, judgements: Judgements) -> dict[str, tuple[Episode, ...]]:
    """List the times in ALARM of each alarm that tells somebody."""
    found: dict[str, tuple[Episode, ...]] = {}
    for name, judged in judgements.judged.items():
        if actions := definitions.alarms[name].actions.on.get(State.ALARM):
            found[name] = tuple(_episodes(name, judged, actions))
    return found


def _hangs_on(
    definitions: Definitions,
    recording: Recording,
    manner: Manner,
    judgements: Judgements,
    episodes: Mapping[str, Sequence[Episode]],
) -> dict[str, tuple[int, ...]]:
    """Say of alarms with gaps in their data which other numbers of datapoints change what they do.

    How many CloudWatch fetches is not documented; one that cannot be judged then does otherwise.
    """
    names = [name for name in episodes if _has_gaps(judgements.judged[name])]
    found: dict[str, tuple[int, ...]] = {}
    for extra in OTHER_EXTRAS if names else ():
        other = judge_recorded(definitions, recording, replace(manner, extra=extra), names)
        others = _of_alarms(definitions, other)
        for name in names:
            if others.get(name) != episodes[name]:
                found[name] = (*found.get(name, ()), extra)
    return found


def _has_gaps(judged: Judged) -> bool:
    series = judged.replay.series.items()
    return has_gaps(values for (name, _), values in series if name in judged.parts)


def _nothing_judged(recording: Recording, judgements: Judgements) -> RefusedError:
    """Refuse a silence that nobody was asked about."""
    fix = "record the metrics of these alarms: runbook alarms record"
    some = list(judgements.not_judged.items())[:3]
    refusals = [Refusal(name, why, fix) for name, why in some]
    return RefusedError(
        recording.source, refusals or [Refusal("alarms", "there is none to judge", fix)]
    )


def _episodes(name: str, judged: Judged, actions: tuple[str, ...]) -> Iterator[Episode]:
    """List an alarm's times in ALARM, from the instant on that it can be judged."""
    ringing = judged.replay.states[name] == _ALARM
    events = [e for e in judged.replay.actions[name] if e.state is State.ALARM]
    for first, last in _runs(ringing):
        began, ended = _end(judged, first), _end(judged, last)
        if ended <= judged.since:
            continue
        within = [event for event in events if first <= event.step < last]
        ran = next((_end(judged, e.step) for e in within if e.outcome == "ran"), None)
        held = [event for event in within if event.outcome != "ran"]
        known = began >= judged.since
        # Held back already when the recording began: it may have told before.
        doubtful = ran is not None and ran >= judged.since and began < judged.known
        told_at = ran if ran is not None and ran >= judged.since and not doubtful else None
        before = not known and ran is not None and told_at is None
        yield Episode(
            alarm=name,
            actions=actions,
            began=began if known else None,
            ended=ended if last < len(ringing) else None,
            told_at=told_at,
            why=EARLIER if doubtful else BEFORE if before else _why(held),
            unknown=doubtful or (ran is None and any(event.outcome is None for event in held)),
        )


def _why(held: Sequence[ActionEvent]) -> str:
    return ", then ".join(dict.fromkeys(event.because or str(event.outcome) for event in held))


def _runs(ringing: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """List the steps in which it rings: from the first until before the second."""
    edges = np.flatnonzero(np.diff(ringing.astype(np.int8), prepend=0, append=0))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _end(judged: Judged, step: int) -> int:
    """Give the instant at which a step is evaluated: its end."""
    return (judged.grid.start or 0) + (step + 1) * judged.grid.step
