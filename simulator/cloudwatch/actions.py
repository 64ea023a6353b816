"""What becomes of an alarm's actions: they run, are muted, or are held back by a suppressor.

Actions run when a state is entered, once ("Alarm actions", User Guide); what was muted runs when
the window ends and the state is still there ("How alarm mute rules work"). A composite with a
suppressor waits first ("Suppressing composite alarm actions").

Within one step the suppressor changes before the composite, and both before a period of waiting
ends: AWS advises periods as long as the minute that an evaluation takes, so a change in that minute
is in time.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.cloudwatch.definitions import Alarm, CompositeAlarm, State, Suppressor
from simulator.cloudwatch.judgement import STATES
from simulator.cloudwatch.muting import MUTED, OPEN, WHY_UNKNOWN
from simulator.cloudwatch.rules import PLACES
from simulator.cloudwatch.series import MINUTE

Outcome = Literal["ran", "muted", "suppressed", "none"]
_SUPPRESSED = np.int8(-1)
_RETURNED = (
    "the state is what it was before the mute window, and AWS does not document whether it is told "
    "when the window ends"
)


@dataclass(frozen=True, slots=True)
class ActionEvent:
    """What became of a state's actions at a step: when it was entered, or later.

    ``none``: the state has no actions, or the alarm's are disabled. ``told`` are those that ran.
    ``outcome`` is None where it cannot be known, and ``because`` says why.
    """

    step: int
    state: State
    outcome: Outcome | None
    told: tuple[str, ...] = ()
    because: str = ""


def events(
    states: NDArray[np.int8],
    alarm: Alarm,
    muted: NDArray[np.int8],
    suppressing: NDArray[np.int8] | None = None,
    step: int = MINUTE,
) -> tuple[ActionEvent, ...]:
    """List what becomes of the actions of each state entered, in order.

    ``states`` are the alarm's and ``suppressing`` its suppressor's, as indices of ``STATES``;
    ``muted`` is of ``muting``; all of one grid with ``step`` seconds a step. Before step
    0 every alarm is INSUFFICIENT_DATA.
    """
    suppressor = alarm.suppressor if isinstance(alarm, CompositeAlarm) else None
    if (suppressor is None) != (suppressing is None):
        raise ValueError(f"{alarm.name}: states of its suppressor, or none where it has none")
    entered = np.flatnonzero(np.diff(states, prepend=PLACES[State.INSUFFICIENT]))
    gate = muted
    if suppressor is not None and suppressing is not None:
        held = _held(suppressing == PLACES[State.ALARM], entered.tolist(), suppressor, step)
        gate = np.where(held, _SUPPRESSED, muted)
    gates = np.flatnonzero(np.diff(gate)) + 1
    unmuted = np.flatnonzero(muted == OPEN)
    on = alarm.actions.on if alarm.actions.enabled else {}
    found: list[ActionEvent] = []
    spells = pairwise([*entered.tolist(), len(states)])
    begun = zip(states[entered].tolist(), gate[entered].tolist(), strict=True)
    for (start, end), (place, code) in zip(spells, begun, strict=True):
        state = STATES[place]
        told = on.get(state, ())
        if not told:
            found.append(ActionEvent(start, state, "none"))
        elif code == OPEN:
            found.append(ActionEvent(start, state, "ran", told))
        else:
            first, last = np.searchsorted(gates, (start + 1, end))
            steps = np.append(start, gates[first:last])
            codes = zip(steps.tolist(), gate[steps].tolist(), strict=True)
            found += _through(codes, state, told, returned=_returned(states, start, unmuted))
    return tuple(found)


def _held(
    alarming: NDArray[np.bool_], entered: Sequence[int], suppressor: Suppressor, step: int
) -> NDArray[np.bool_]:
    """Mark the steps in which the suppressor, ``alarming``, holds back what was ``entered``.

    The wait begins with each state, and ends when the suppressor rings; an extension begins each
    time that it stops ringing.
    """
    held = alarming.copy()
    wait, extension = (-(-seconds // step) for seconds in (suppressor.wait, suppressor.extension))
    for start, end in pairwise([*entered, len(alarming)]):
        spell = alarming[start:end]
        rings = np.flatnonzero(spell)
        held[start : min(end, start + min(wait, int(rings[0]) if rings.size else wait))] = True
        for stopped in (np.flatnonzero(spell[:-1] & ~spell[1:]) + 1 + start).tolist():
            held[stopped : min(end, stopped + extension)] = True
    return held


def _through(
    codes: Iterable[tuple[int, int]], state: State, told: tuple[str, ...], *, returned: bool
) -> Iterator[ActionEvent]:
    """Tell what becomes of one state's actions, each time that it changes, until they have run.

    ``codes`` are steps, with what stands in the actions' way from there on.
    """
    was_muted = was_unknown = False
    for at, code in codes:
        if code == OPEN:
            if was_muted and returned:
                yield ActionEvent(at, state, None, because=_RETURNED)
            else:
                # Whoever may have been told before has been told by now.
                yield ActionEvent(at, state, "ran", told)
            return
        if was_unknown:
            continue
        if code == _SUPPRESSED:
            yield ActionEvent(at, state, "suppressed")
        elif code == MUTED:
            was_muted = True
            yield ActionEvent(at, state, "muted")
        else:
            was_muted = was_unknown = True
            yield ActionEvent(at, state, None, because=WHY_UNKNOWN[code])


def _returned(states: NDArray[np.int8], entered: int, unmuted: NDArray[np.intp]) -> bool:
    """Say whether a state is the one that the mute window found in which it was entered."""
    before = int(np.searchsorted(unmuted, entered))
    if before < unmuted.size and unmuted[before] == entered:
        return False
    found = states[unmuted[before - 1]] if before else PLACES[State.INSUFFICIENT]
    return bool(found == states[entered])
