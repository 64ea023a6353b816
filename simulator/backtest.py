"""What alarms would have done with recorded metrics: whom they would have told, and when."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runbook.model.refusal import Refusal, RefusedError
from simulator.actions import ActionEvent
from simulator.definitions import Definitions, State
from simulator.judgement import STATES
from simulator.recorded_replay import Judged, Judgements, Manner, judge_recorded
from simulator.recordings import Recording

# Why an episode is no page here: whom it told, it told before the alarm can be judged.
BEFORE = "it rang before"
_MOST_TOLD = 12
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

    ``late`` maps alarms to the instant that they can be judged from, where it is after ``start``.
    """

    start: int
    end: int
    episodes: tuple[Episode, ...]
    judgements: Judgements
    late: Mapping[str, int]

    @property
    def pages(self) -> tuple[Episode, ...]:
        """Those that told somebody."""
        return tuple(episode for episode in self.episodes if episode.told_at is not None)


def backtest(definitions: Definitions, recording: Recording, manner: Manner) -> Backtest:
    """Replay every alarm on what was recorded, and list each time that one with actions rang.

    Parts of composites, and what else has no action on ALARM, tell nobody and are left out.
    Raises ``RefusedError`` where it cannot be told which metric is which.
    """
    judgements = judge_recorded(definitions, recording, manner)
    found = [
        episode
        for name, judged in judgements.judged.items()
        if definitions.alarms[name].actions.on.get(State.ALARM)
        for episode in _episodes(name, judged, definitions.alarms[name].actions.on[State.ALARM])
    ]
    late = {n: j.since for n, j in judgements.judged.items() if j.since > manner.start}
    found.sort(key=lambda each: (each.told_at or each.began or manner.start, each.alarm))
    return Backtest(manner.start, manner.end, tuple(found), judgements, late)


def must_have_judged(test: Backtest, recording: Recording) -> None:
    """Refuse a backtest that judged no alarm: without a page it reads as if all had been quiet."""
    if test.judgements.judged:
        return
    fix = "record what it reads, and for longer: runbook alarms record"
    some = list(test.judgements.not_judged.items())[:_MOST_TOLD]
    refusals = [Refusal(name, f"no alarm was judged; {why}", fix) for name, why in some]
    nothing = Refusal("alarms", "there is none to judge", "name other templates or assemblies")
    raise RefusedError(recording.source, refusals or [nothing])


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
        told_at = ran if ran is not None and ran >= judged.since else None
        before = not known and ran is not None and told_at is None
        yield Episode(
            alarm=name,
            actions=actions,
            began=began if known else None,
            ended=ended if last < len(ringing) else None,
            told_at=told_at,
            why=BEFORE if before else _why(held),
            unknown=ran is None and any(event.outcome is None for event in held),
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
